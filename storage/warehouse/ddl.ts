/** Tables of streams, from their definitions: the stream's columns, then where in the log each row stands. */

import type { StreamDefinition } from '#events/define.ts'
import { type Column, streamColumns, streams } from '#storage/warehouse/stream-columns.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
const line = ({ name, type, description }: Column): string => `${name} ${type} COMMENT ${quote(description)}`

/**
 * Settings every table of ours has: what was inserted survives a power cut, and a repeated insert adds nothing. Parts
 * below 64 MiB keep their columns in one file: an insert then makes and syncs a few files, not two for each column.
 */
export const DURABLE =
  'non_replicated_deduplication_window = 2000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864'

/** Rows of a period in a table sorted by something else, and rows of a minute for the ledger: found without reading all. */
const BY_TIME = [
  'byDerived derivedAt TYPE minmax GRANULARITY 1',
  'byReceived receivedAt TYPE minmax GRANULARITY 1',
] as const

export function createStreamTable(stream: StreamDefinition): string {
  const ttl =
    stream.retentionDays === 'forever'
      ? ''
      : `TTL toDateTime(derivedAt) + INTERVAL ${stream.retentionDays} DAY`
  return `CREATE TABLE IF NOT EXISTS ${stream.table} (
  ${streamColumns(stream).map(line).join(',\n  ')},
  INDEX byOffset logOffset TYPE minmax GRANULARITY 1,
  ${BY_TIME.map((index) => `INDEX ${index}`).join(',\n  ')}
) ENGINE = MergeTree
PARTITION BY toYYYYMM(derivedAt)
ORDER BY (${stream.orderBy.join(', ')})
${ttl}
SETTINGS ${DURABLE}
COMMENT ${quote(stream.description)}`
}

/** Creates what is not there and adds columns and indices that have come since; never drops or changes one. */
export async function ensureStreamTables(
  warehouse: Warehouse,
  wanted: readonly StreamDefinition[] = streams,
): Promise<void> {
  for (const stream of wanted) {
    await warehouse.command({ sql: createStreamTable(stream) })
    await addIndices(warehouse, stream.table, BY_TIME)
    const known = await warehouse.query<{ name: string }>({
      sql: 'SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}',
      params: { table: stream.table },
    })
    const names = new Set(known.map((column) => column.name))
    for (const column of streamColumns(stream)) {
      if (names.has(column.name)) continue
      await warehouse.command({ sql: `ALTER TABLE ${stream.table} ADD COLUMN IF NOT EXISTS ${line(column)}` })
    }
  }
}

const nameOf = (index: string): string => index.slice(0, index.indexOf(' '))

/**
 * To a table of before there were any; one that only passes on to others (Distributed) takes none. The rows there are get
 * them in the background: until then they are all read.
 */
export async function addIndices(
  warehouse: Warehouse,
  table: string,
  indices: readonly string[],
): Promise<void> {
  const found = await warehouse.query<{ names: string[] }>({
    sql: sql`SELECT (SELECT groupArray(name) FROM system.data_skipping_indices
        WHERE database = currentDatabase() AND table = {table:String}) AS names
      FROM system.tables WHERE database = currentDatabase() AND name = {table:String} AND engine LIKE '%MergeTree'`,
    params: { table },
  })
  for (const { names } of found) {
    const missing = indices.filter((index) => !names.includes(nameOf(index)))
    if (missing.length === 0) continue
    const added = missing.map((index) => `ADD INDEX IF NOT EXISTS ${index}`)
    await warehouse.command({ sql: sql`ALTER TABLE ${table} ${added.join(', ')}` })
    const made = missing.map((index) => `MATERIALIZE INDEX ${nameOf(index)}`)
    await warehouse.command({ sql: sql`ALTER TABLE ${table} ${made.join(', ')} SETTINGS mutations_sync = 0` })
  }
}
