/**
 * How many were there at once. Of the past exactly, by sweeping the begins and ends of the times somebody was there; of now
 * from the views that are open.
 */
import { defineMetric, POPULATION, type Value } from '#metrics/define.ts'
import { type Period, type RangeName, type Scope, scopedViews, scopeParams } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

/** Somebody silent is believed to be there for three reports, at least this long. */
export const SILENCE_MS = 30_000
/** Nobody waits longer for a picture. */
export const WAITING_MS = 300_000
/** What a viewer who is there may be doing. */
export const THERE = ['joining', 'playing', 'rebuffering', 'seeking', 'ad'] as const

const HOUR_MS = 3_600_000
/** Length of a stretch. Every time zone's days are made of whole quarters of an hour. */
export const stretchOf = (range: RangeName): number => (range === 'all' ? 24 * HOUR_MS : HOUR_MS / 4)

const STATES = THERE.map((state) => `'${state}'`).join(', ')
const SOURCE = 'Mux Data: concurrent viewers; CTA-5004 CMCD v2 states'

/** Begins, ends and, so that no stretch of the chart is without one, the boundaries passed in between. */
const EDGES = `arrayConcat(
  arrayMap(x -> (x.1, toInt64(1)), there), arrayMap(x -> (x.2, toInt64(-1)), there),
  arrayFlatten(arrayMap(x -> arrayMap(k -> (toInt64(k) * {step:Int64}, toInt64(0)),
    range(intDiv(x.1, {step:Int64}) + 1, intDiv(x.2 - 1, {step:Int64}) + 1)), there)))`
const LEVEL = 'sum(change) OVER (ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)'

export const concurrentMetrics = [
  defineMetric({
    name: 'concurrentViewers',
    about:
      'Views joining, playing, waiting, seeking or in an ad now: open, and heard of within three reports.',
    formula: 'count(open and one of those states and silent <= max(3 x interval, 30 s) and waiting <= 5 min)',
    unit: 'count',
    population: POPULATION,
    clock: 'now',
    nullWhen: 'never',
    source: SOURCE,
    sql: (counted) => `toUInt32(countIf(${counted} AND endReason = 'open' AND lastState IN (${STATES})
      AND endMs >= {to:Int64} - greatest(3 * intervalMs, ${SILENCE_MS})
      AND ifNull({to:Int64} - toUnixTimestamp64Milli(waitingSince) <= ${WAITING_MS}, true)))`,
  }),
  defineMetric({
    name: 'peakViewers',
    about:
      'Most views there at once within each stretch of the period; exact, also between the points of the chart.',
    formula: 'max over instants of count(views whose times of presence contain the instant)',
    unit: 'count',
    population: `${POPULATION}; the last report of a view says nothing of the time after it`,
    clock: 'event time',
    nullWhen: 'never',
    source: SOURCE,
    sql: () => LEVEL,
  }),
] as const

export type ConcurrentPoint = { readonly at: number; readonly viewers: number }

/** The most at once in each stretch of `stepMs` in which somebody was there. */
export const concurrency = (scope: Scope, period: Period, stepMs: number): Statement<ConcurrentPoint> => ({
  sql: sql`SELECT toFloat64(stretch * {step:Int64}) AS at, toUInt32(max(level)) AS viewers FROM (
      SELECT intDiv(at, {step:Int64}) AS stretch, ${LEVEL} AS level FROM (
        SELECT edge.1 AS at, sum(edge.2) AS change FROM (
          SELECT arrayJoin(${EDGES}) AS edge FROM (
            SELECT arrayMap(x -> (greatest(x.1, {from:Int64}), least(x.2, {to:Int64})),
              arrayFilter(x -> x.2 > {from:Int64} AND x.1 < {to:Int64}, arrayZip(activeFrom, activeTo))) AS there
            FROM ${scopedViews(scope)}))
        GROUP BY at)
      WHERE at < {to:Int64})
    GROUP BY stretch ORDER BY at`,
  params: { ...scopeParams(scope, period), step: stepMs },
})

/** The most at once in the period; 0 where nobody was there. */
export function peakViewers(scope: Scope, period: Period, stepMs: number): Statement<Value> {
  const { sql: points, params = {} } = concurrency(scope, period, stepMs)
  return { sql: sql`SELECT max(viewers) AS value FROM (${points})`, params }
}

/** Zeros where nobody was there. */
export function fillQuiet(points: readonly ConcurrentPoint[], { from, to }: Period, stepMs: number) {
  const byAt = new Map(points.map((point) => [point.at, point.viewers]))
  const first = Math.floor((from > 0 ? from : (points[0]?.at ?? to)) / stepMs)
  const filled: ConcurrentPoint[] = []
  for (let stretch = first; stretch * stepMs < to; stretch++) {
    filled.push({ at: stretch * stepMs, viewers: byAt.get(stretch * stepMs) ?? 0 })
  }
  return filled
}
