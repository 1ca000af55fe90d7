/** What the collector said beside what the warehouse's tables hold, by tenant and minute of `receivedAt`. */
import { letterSetAside } from '#events/dead-letters.ts'
import { ledgerEvents, minuteCounted, OF_THE_PLATFORM, runEnded } from '#events/ledger.ts'
import { streams } from '#events/registry.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

/** Whose minutes, from and to in epoch ms on whole minutes; null: of every tenant. */
export type LedgerRange = { readonly tenantId: string | null; readonly from: number; readonly to: number }

export type MinuteRow = {
  readonly tenantId: string
  /** Begin of the minute in epoch ms; 0 stands for all balanced minutes together where they were asked for so. */
  readonly at: number
  readonly accepted: number
  readonly stored: number
  readonly duplicate: number
  readonly reusedId: number
  readonly deadLettered: number
  readonly unsure: number
  readonly reasons: readonly string[]
  readonly reasonCounts: readonly number[]
  /** Events the tables hold besides dead letters. */
  readonly rows: number
  readonly letters: number
  /** Part of both: their importer said when they were received. */
  readonly imported: number
}

const COUNTED = streams.filter((stream) => stream !== ledgerEvents)
const SAID = ['accepted', 'stored', 'duplicate', 'reusedId', 'deadLettered', 'unsure'] as const
const THERE = ['rows', 'letters', 'imported'] as const
const ms = (column: string): string => `toUnixTimestamp64Milli(${column})`
const minuteOf = (column: string): string => `intDiv(${ms(column)}, 60000) * 60000`
const instant = (param: string): string => `fromUnixTimestamp64Milli({${param}:Int64}, 'UTC')`
const within = (column: string, { tenantId }: LedgerRange): string =>
  `${tenantId === null ? '' : 'tenantId = {tenantId:String} AND '}${column} >= ${instant('from')} AND ${column} < ${instant('to')}`
const paramsOf = ({ tenantId, from, to }: LedgerRange) => ({
  from,
  to,
  ...(tenantId === null ? {} : { tenantId }),
})

const said = (range: LedgerRange): string => sql`
  SELECT words.tenantId AS tenantId, ${ms('words.minuteAt')} AS at,
    ${SAID.map((name) => `toUInt64(ifNull(max(words.${name}), 0)) AS ${name}`).join(', ')},
    argMax(words.reasons, words.sequence) AS reasons,
    arrayMap(one -> toUInt64(one), argMax(words.reasonCounts, words.sequence)) AS reasonCounts,
    ${THERE.map((name) => `toUInt64(0) AS ${name}`).join(', ')}
  FROM ${ledgerEvents.table} AS words WHERE type = '${minuteCounted.type}' AND ${within('minuteAt', range)}
  GROUP BY words.tenantId, words.minuteAt, words.runId, words.page`

const there = (table: string, range: LedgerRange): string => sql`
  SELECT tenantId, ${minuteOf('receivedAt')} AS at,
    ${SAID.map((name) => `toUInt64(0) AS ${name}`).join(', ')},
    emptyArrayString() AS reasons, emptyArrayUInt64() AS reasonCounts,
    countIf(type != '${letterSetAside.type}') AS rows, countIf(type = '${letterSetAside.type}') AS letters,
    countIf(sourceFormat = 'import') AS imported
  FROM ${table} WHERE ${within('receivedAt', range)} GROUP BY tenantId, at`

/** Both sides of each minute in which something was said or is there. */
const minutes = (range: LedgerRange): string => sql`
  SELECT tenantId, at, ${[...SAID, ...THERE].map((name) => `sum(both.${name}) AS ${name}`).join(', ')},
    sumMap(both.reasons, both.reasonCounts) AS byReason
  FROM (${[said(range), ...COUNTED.map(({ table }) => there(table, range))].join(' UNION ALL ')}) AS both
  GROUP BY tenantId, at`

const EACH = [...SAID, ...THERE].join(', ')
export const ledgerMinutes = (range: LedgerRange): Statement<MinuteRow> => ({
  sql: sql`SELECT tenantId, at, ${EACH}, byReason.1 AS reasons, byReason.2 AS reasonCounts
    FROM (${minutes(range)}) ORDER BY tenantId, at`,
  params: paramsOf(range),
})

/** All balanced minutes of a tenant as one row at 0, the others one by one. */
export const ledgerTotals = (range: LedgerRange): Statement<MinuteRow> => ({
  sql: sql`SELECT tenantId, minute AS at, ${[...SAID, ...THERE].map((name) => `sum(one.${name}) AS ${name}`).join(', ')},
      sumMap(one.byReason.1, one.byReason.2) AS all, all.1 AS reasons, all.2 AS reasonCounts
    FROM (
      SELECT *, if(stored = rows AND deadLettered = letters, 0, at) AS minute FROM (${minutes(range)})) AS one
    GROUP BY tenantId, minute ORDER BY tenantId, minute`,
  params: paramsOf(range),
})

/** Positions of the log that a tenant's minute has more than once. */
export const doubledRows = (range: LedgerRange): Statement<{ readonly doubled: number }> => ({
  sql: sql`SELECT sum(one) AS doubled FROM (${COUNTED.map(
    ({ table }) => sql`SELECT count() - uniqExact(logPartition, logOffset) AS one
      FROM ${table} WHERE ${within('receivedAt', range)}`,
  ).join(' UNION ALL ')})`,
  params: paramsOf(range),
})

/**
 * Events of the range whose id had been there before, within the range or the hour before it: sent again after we had
 * forgotten them. Views count them once. Sorted as the tables are, so that it takes little memory.
 */
export const repeatedEvents = (range: LedgerRange): Statement<{ readonly repeated: number }> => ({
  sql: sql`SELECT sum(one) AS repeated FROM (${COUNTED.map(
    ({
      table,
      orderBy,
    }) => sql`SELECT sum(arrayCount(at -> at >= ${instant('from')}, arraySlice(ats, 2))) AS one FROM (
        SELECT arraySort(groupArray(receivedAt)) AS ats
        FROM ${table} WHERE tenantId = {tenantId:String}
          AND receivedAt >= ${instant('from')} - INTERVAL 1 HOUR AND receivedAt < ${instant('to')}
        GROUP BY ${orderBy.join(', ')} HAVING count() > 1
        SETTINGS optimize_aggregation_in_order = 1)`,
  ).join(' UNION ALL ')})`,
  params: paramsOf(range),
})

export type RunRow = {
  readonly runId: string
  readonly beganAt: number
  readonly ended: boolean
}
/** Runs of the collector, in the order they began. */
export const ledgerRuns = (from: number): Statement<RunRow> => ({
  sql: sql`SELECT runId, min(${ms('derivedAt')}) AS beganAt, countIf(type = '${runEnded.type}') > 0 AS ended
    FROM ${ledgerEvents.table} WHERE tenantId = {platform:String} AND minuteAt >= ${instant('from')}
    GROUP BY runId ORDER BY beganAt`,
  params: { platform: OF_THE_PLATFORM, from },
})

export const lastWords = (
  runIds: readonly string[],
): Statement<{ readonly runId: string; readonly at: number }> => ({
  sql: sql`SELECT runId, max(${ms('derivedAt')}) AS at FROM ${ledgerEvents.table}
    WHERE runId IN {runIds:Array(String)} GROUP BY runId`,
  params: { runIds },
})
