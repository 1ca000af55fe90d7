/** What a replay asks the engine: which rows the log no longer holds, and whether two tables are the same bit for bit. */
import type { StreamDefinition } from '#events/define.ts'
import { type Statement, sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

/** Of the table that is there against the one that was rebuilt. */
export type Difference = {
  readonly missing: number
  readonly extra: number
  /** Names of a few rows that are not the same. */
  readonly examples: readonly string[]
}

const TIMEOUT = { timeoutMs: 3_600_000 }
const EXAMPLES = 5
/** Names a row for people. */
const STREAM_ROW = sql`concat(toString(logPartition), ':', toString(logOffset), ' ', eventId)`
const DERIVED_ROW = sql`concat(tenantId, ' ', sid, ' ', playerId)`

/** Tables of the database that are kept on disk. */
export const tablesOf = (
  warehouse: Pick<Warehouse, 'query'>,
  database: string,
): Promise<{ name: string; rows: number }[]> =>
  warehouse.query({
    sql: sql`SELECT name, toUInt64(ifNull(total_rows, 0)) AS rows FROM system.tables
      WHERE database = {database:String} AND endsWith(engine, 'MergeTree') ORDER BY name`,
    params: { database },
  })

/** Each takes the place of the other, at once. */
export const exchange = (
  warehouse: Pick<Warehouse, 'command'>,
  database: string,
  table: string,
): Promise<void> => warehouse.command({ sql: sql`EXCHANGE TABLES ${table} AND ${database}.${table}` })

const columnsOf = async (warehouse: Pick<Warehouse, 'query'>, database: string, table: string) => {
  const rows = await warehouse.query<{ name: string }>({
    sql: sql`SELECT name FROM system.columns WHERE database = {database:String} AND table = {table:String} ORDER BY position`,
    params: { database, table },
  })
  return rows.map(({ name }) => name).join(', ')
}

/**
 * Copies rows that are there and that the log cannot give again: those before its first event, those a compaction took out,
 * and those of a log that was there before. Answers how many.
 */
export async function takeOverRows(
  warehouse: Warehouse,
  database: string,
  stream: StreamDefinition,
  { logId, begins }: { readonly logId: string; readonly begins: readonly number[] },
): Promise<number> {
  const { table } = stream
  const columns = await columnsOf(warehouse, database, table)
  const compacted = stream.compacted === true ? 'true' : 'false'
  const rows = sql`FROM ${table} WHERE logId NOT IN ({logId:String}, '')
    OR ((${compacted} OR logOffset < {begins:Array(UInt64)}[logPartition + 1])
      AND (logPartition, logOffset) NOT IN (SELECT logPartition, logOffset FROM ${database}.${table}))`
  const params = { logId, begins }
  const [count] = await warehouse.query<{ n: number }>(
    { sql: sql`SELECT count() AS n ${rows}`, params },
    TIMEOUT,
  )
  const n = count?.n ?? 0
  if (n > 0) {
    const copy = sql`INSERT INTO ${database}.${table} (${columns}) SELECT ${columns} ${rows}`
    await warehouse.command({ sql: copy, params }, TIMEOUT)
  }
  return n
}

/** Rows both tables must have: those that have not outlived the stream. Derived tables hold only their newest rows. */
function rowsOf(table: string, stream: StreamDefinition | undefined): string {
  if (stream === undefined) return sql`${table} FINAL`
  if (stream.retentionDays === 'forever') return table
  return sql`${table} WHERE toDateTime(derivedAt) + INTERVAL ${String(stream.retentionDays)} DAY > toDateTime({now:Int64})`
}

/** Null when the table holds, bit for bit, the rows of the one of that name in `database`. */
export async function findDifference(
  warehouse: Pick<Warehouse, 'query'>,
  database: string,
  table: string,
  stream: StreamDefinition | undefined,
  now: number,
): Promise<Difference | null> {
  const columns = await columnsOf(warehouse, database, table)
  const bits = sql`sipHash64(formatRow('RowBinary', ${columns}))`
  const params = { now: Math.floor(now / 1000) }
  const there = rowsOf(table, stream)
  const rebuilt = rowsOf(`${database}.${table}`, stream)
  const sums = (from: string): Statement<{ rows: number; sum: string }> => ({
    sql: sql`SELECT count() AS rows, toString(sum(${bits})) AS sum FROM ${from}`,
    params,
  })
  const [[one], [other]] = await Promise.all([
    warehouse.query(sums(there), TIMEOUT),
    warehouse.query(sums(rebuilt), TIMEOUT),
  ])
  if (one?.rows === other?.rows && one?.sum === other?.sum) return null
  const name = stream === undefined ? DERIVED_ROW : STREAM_ROW
  const [found] = await warehouse.query<Difference>(
    {
      sql: sql`SELECT sumIf(rebuilt - there, rebuilt > there) AS missing, sumIf(there - rebuilt, there > rebuilt) AS extra,
          arraySort(groupUniqArray(${String(EXAMPLES)})(name)) AS examples
        FROM (
          SELECT bits, any(name) AS name, countIf(side = 'there') AS there, countIf(side = 'rebuilt') AS rebuilt FROM (
            SELECT ${bits} AS bits, ${name} AS name, 'there' AS side FROM ${there}
            UNION ALL SELECT ${bits} AS bits, ${name} AS name, 'rebuilt' AS side FROM ${rebuilt})
          GROUP BY bits HAVING there != rebuilt)`,
      params,
    },
    TIMEOUT,
  )
  return found ?? null
}
