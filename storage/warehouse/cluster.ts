/**
 * The warehouse's tables on a cluster, made from the very statements that make them on one machine: each becomes a
 * replicated table on every shard, and a Distributed one over them that has the name the platform uses.
 */

export type ClusterTable = { readonly name: string; readonly statements: readonly string[] }

const CREATE_TABLE = new RegExp(
  [
    String.raw`^\s*CREATE TABLE IF NOT EXISTS (?<name>\w+)\s*(?<columns>\([\s\S]*\))\s*`,
    String.raw`ENGINE = (?<engine>\w+)(?:\((?<version>\w+)\))?(?<rest>[\s\S]*)$`,
  ].join(''),
)

/** The statement's table on a cluster, or null for tables in memory, which are of one server. Throws on other shapes. */
export function onCluster(createTable: string, database: string): ClusterTable | null {
  const shape = CREATE_TABLE.exec(createTable)
  if (shape?.groups === undefined) throw new Error(`no CREATE TABLE of ours: ${createTable.slice(0, 200)}`)
  const { name = '', columns = '', engine = '', version, rest = '' } = shape.groups
  if (engine === 'Memory') return null
  if (!engine.endsWith('MergeTree')) throw new Error(`${name}: no replicated ${engine} is known`)
  const local = `${database}.${name}_local`
  const copies = [
    "'/clickhouse/tables/{uuid}/{shard}'",
    "'{replica}'",
    ...(version === undefined ? [] : [version]),
  ]
  return {
    name,
    statements: [
      `CREATE TABLE IF NOT EXISTS ${local} ON CLUSTER '{cluster}' ${columns}\n` +
        `ENGINE = Replicated${engine}(${copies.join(', ')})${settingsOfCopies(rest).trimEnd()}`,
      `CREATE TABLE IF NOT EXISTS ${database}.${name} ON CLUSTER '{cluster}' AS ${local}\n` +
        `ENGINE = Distributed('{cluster}', '${database}', '${name}_local', ${shardOf(name, rest)})`,
    ],
  }
}

/** Replicas remember the tokens of inserts together. */
const settingsOfCopies = (rest: string): string =>
  rest.replace(/non_replicated_deduplication_window = (\d+)/, 'replicated_deduplication_window = $1')

/**
 * The first two columns rows are sorted by, instants aside: a view, its events and its row are then on one shard, and rows
 * that replace each other meet.
 */
function shardOf(name: string, rest: string): string {
  const sorted = /ORDER BY \(?([\w, ]+?)\)?\s*(?:\n|$|SETTINGS|TTL)/.exec(rest)?.[1]?.split(/,\s*/) ?? []
  const together = sorted.filter((column) => !/At$|^hour$|^day$/.test(column)).slice(0, 2)
  if (together.length === 0) throw new Error(`${name}: nothing tells its shard`)
  return `cityHash64(${together.join(', ')})`
}
