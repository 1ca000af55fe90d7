/** Now: who watches, and the views of the last minutes and hours. */
import { concurrentMetrics } from '#metrics/concurrent.ts'
import { type ComputedMetric, defineMetric, POPULATION, type Value } from '#metrics/define.ts'
import { count } from '#metrics/expressions.ts'
import { type Period, type Scope, scopedViews, scopeParams } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export const realtimeMetrics = [
  defineMetric({
    name: 'viewsLastHour',
    about: 'Views begun in the last 60 minutes, also minute by minute.',
    formula: 'count(startedAt > now - 1 h)',
    unit: 'count',
    population: POPULATION,
    clock: 'view start',
    nullWhen: 'never',
    source: 'YouTube Analytics real-time report',
    sql: count(`startMs >= {to:Int64} - ${HOUR_MS}`),
  }),
  defineMetric({
    name: 'viewsLast48Hours',
    about: 'Views begun in the last 48 hours.',
    formula: 'count(startedAt > now - 48 h)',
    unit: 'count',
    population: POPULATION,
    clock: 'view start',
    nullWhen: 'never',
    source: 'YouTube Analytics real-time report',
    sql: count('begins'),
  }),
] as const

type Counts = {
  readonly concurrentViewers: number
  readonly viewsLastHour: number
  readonly viewsLast48Hours: number
  /** Minutes since 1970, and views begun in each. */
  readonly perMinute: readonly [minutes: readonly number[], counts: readonly number[]]
}

const [concurrentViewers] = concurrentMetrics
const [viewsLastHour, viewsLast48Hours] = realtimeMetrics

const rows = (scope: Scope): string => sql`FROM ${scopedViews(scope)} WHERE startMs < {to:Int64}`
const paramsOf = (scope: Scope, now: number) => scopeParams(scope, lastDays(now))
export const lastDays = (now: number): Period => ({ from: now - 48 * HOUR_MS, to: now })

export const realtimeCounts = (scope: Scope, now: number): Statement<Counts> => ({
  sql: sql`SELECT
      ${concurrentViewers.sql('counted')} AS concurrentViewers,
      ${viewsLastHour.sql('counted')} AS viewsLastHour,
      ${viewsLast48Hours.sql('counted')} AS viewsLast48Hours,
      sumMap([toUInt32(intDiv(startMs, ${String(MINUTE_MS)}))], [toUInt32(1)]) AS perMinute
    ${rows(scope)}`,
  params: paramsOf(scope, now),
})

/** One of the counts. */
export const realtimeCount = (scope: Scope, now: number, metric: ComputedMetric): Statement<Value> => ({
  sql: sql`SELECT ${metric.sql('counted')} AS value ${rows(scope)}`,
  params: paramsOf(scope, now),
})

/** Sixty points, oldest first. */
export function minutePoints(
  [minutes, counts]: Counts['perMinute'],
  now: number,
): { at: number; views: number }[] {
  const views = new Map(minutes.map((minute, i) => [minute, counts[i] ?? 0]))
  const last = Math.floor(now / MINUTE_MS)
  return Array.from({ length: 60 }, (_, i) => {
    const minute = last - 59 + i
    return { at: minute * MINUTE_MS, views: views.get(minute) ?? 0 }
  })
}
