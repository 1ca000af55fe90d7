/**
 * Retention per second of content: a second counts as watched by a view when its middle lies in a part watched.
 * Worked out from begins and ends of parts, so that the cost follows the number of parts, not of seconds.
 */
import { defineMetric, named, POPULATION } from '#metrics/define.ts'
import { engagementMetrics } from '#metrics/engagement.ts'
import { type Period, type Scope, scopedViews, scopeParams, titles } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

const begins = (column: string): string => `arrayMap(x -> toInt32(ceil(x / 1000 - 0.5)), ${column})`
const ends = (column: string): string => `arrayMap(x -> toInt32(floor(x / 1000 - 0.5)) + 1, ${column})`
const steps = (column: string, unique: number, played: number): string =>
  `arrayMap(x -> (x, toInt64(${unique}), toInt64(${played})), ${column})`

export const retentionMetrics = [
  defineMetric({
    name: 'retentionUnique',
    about: 'Share of plays whose watched parts contain the second.',
    formula: 'plays whose watched set contains s / plays',
    unit: 'share',
    population: `${POPULATION}; plays only`,
    clock: 'view start',
    nullWhen: 'no plays: the list is empty',
    source: 'YouTube help 9314415 (audience retention)',
    sql: () => `toFloat64(sum(edge.2))`,
  }),
  defineMetric({
    name: 'retentionAbsolute',
    about: 'Times the second was played per play; above 1 where it is watched again.',
    formula: 'times second s was played / plays',
    unit: 'share',
    population: `${POPULATION}; plays only`,
    clock: 'view start',
    nullWhen: 'no plays: the list is empty',
    source: 'YouTube help 9314415 (audience retention)',
    sql: () => `toFloat64(sum(edge.3))`,
  }),
] as const
const [uniqueMetric, absoluteMetric] = retentionMetrics
const plays = named(engagementMetrics, 'plays')

/** Longest content drawn second by second: twelve hours. */
const MAX_SECONDS = 43_200

export type Edge = {
  readonly titleId: string
  readonly second: number
  readonly uniqueStep: number
  readonly playedStep: number
}
export type PlayCount = { readonly titleId: string; readonly plays: number; readonly seconds: number }

/** How the number of watchers changes at each second, by title; sums of them are the curve. */
export const retentionEdges = (scope: Scope, period: Period): Statement<Edge> => ({
  sql: sql`SELECT titleId, toInt32(edge.1) AS second, ${uniqueMetric.sql()} AS uniqueStep,
      ${absoluteMetric.sql()} AS playedStep
    FROM (
      SELECT titleId, arrayJoin(arrayConcat(
        ${steps(begins('watchedFrom'), 1, 0)}, ${steps(ends('watchedTo'), -1, 0)},
        ${steps(begins('playedFrom'), 0, 1)}, ${steps(ends('playedTo'), 0, -1)})) AS edge
      FROM ${scopedViews(scope)} WHERE inStart AND isPlay)
    WHERE second < ${String(MAX_SECONDS)}
    GROUP BY titleId, second ORDER BY titleId, second`,
  params: scopeParams(scope, period),
})

export const playCounts = (scope: Scope, period: Period): Statement<PlayCount> => ({
  sql: sql`SELECT titleId, ${plays.sql('inStart')} AS plays,
      toUInt32(least(${String(MAX_SECONDS)}, round(if(max(lengthMs) > 0, max(lengthMs), max(arrayMax(watchedTo))) / 1000))) AS seconds
    FROM ${scopedViews(scope)} AS v
    LEFT JOIN (SELECT titleId, durationMs AS lengthMs FROM ${titles}) AS lengths USING (titleId)
    WHERE inStart AND isPlay GROUP BY titleId`,
  params: scopeParams(scope, period),
})

export type Curve = { readonly absolute: number[]; readonly unique: number[] }

/** Sums the steps into shares of plays, one entry a second. */
export function curveOf(edges: readonly Edge[], { plays, seconds }: PlayCount): Curve {
  const absolute = Array.from({ length: seconds }, () => 0)
  const unique = Array.from({ length: seconds }, () => 0)
  let at = 0
  let watching = 0
  let playing = 0
  for (let second = 0; second < seconds; second++) {
    for (; at < edges.length && (edges[at] as Edge).second <= second; at++) {
      watching += (edges[at] as Edge).uniqueStep
      playing += (edges[at] as Edge).playedStep
    }
    unique[second] = watching / plays
    absolute[second] = playing / plays
  }
  return { absolute, unique }
}

/** The curve at another length, by nearest second. */
export const stretched = (curve: readonly number[], seconds: number): number[] =>
  Array.from(
    { length: seconds },
    (_, i) => curve[Math.min(curve.length - 1, Math.floor((i * curve.length) / seconds))] ?? 0,
  )

/** The median of each second over curves of one length. */
export function medianCurve(curves: readonly (readonly number[])[], seconds: number): number[] {
  if (curves.length === 0) return []
  return Array.from({ length: seconds }, (_, i) => {
    const sorted = curves.map((curve) => curve[i] ?? 0).sort((a, b) => a - b)
    const middle = sorted.length >> 1
    return sorted.length % 2 === 1
      ? (sorted[middle] as number)
      : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
  })
}
