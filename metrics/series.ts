/** Views and watch time over a period, by hour or by day in UTC, empty stretches included; and what came late to each. */
import { named } from '#metrics/define.ts'
import { engagementMetrics } from '#metrics/engagement.ts'
import type { RestatedDay } from '#metrics/late.ts'
import { type Period, type RangeName, type Scope, scopedViews, scopeParams } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

type Counted = { readonly at: number; readonly views: number; readonly watchTimeMs: number }
export type SeriesPoint = Counted & {
  /** Views of which something came when the day of the point, in UTC, was settled. An hour says it of its day. */
  readonly restatedViews: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MAX_POINTS = 400
const views = named(engagementMetrics, 'views')
const watchTime = named(engagementMetrics, 'watchTimeMs')

export const stepOf = (range: RangeName): number => (range === 'hours24' ? HOUR_MS : DAY_MS)

export const series = (scope: Scope, period: Period, stepMs: number): Statement<Counted> => ({
  sql: sql`SELECT toFloat64(intDiv(startMs, {step:Int64}) * {step:Int64}) AS at,
      ${views.sql('inStart')} AS views, ${watchTime.sql('inStart')} AS watchTimeMs
    FROM ${scopedViews(scope)} WHERE inStart
    GROUP BY at ORDER BY at DESC LIMIT ${String(MAX_POINTS)}`,
  params: { ...scopeParams(scope, period), step: stepMs },
})

/** Puts zeros where nothing happened, from the period's begin (or the first point) to its end. */
export function fillGaps(
  points: readonly Counted[],
  restated: readonly RestatedDay[],
  { from, to }: Period,
  stepMs: number,
): SeriesPoint[] {
  const byAt = new Map(points.map((point) => [point.at, point]))
  const lateOf = new Map(restated.map((day) => [day.at, day.restatedViews]))
  const first = from > 0 ? from : Math.min(...byAt.keys(), to)
  const filled: SeriesPoint[] = []
  for (let at = Math.floor(first / stepMs) * stepMs; at < to; at += stepMs) {
    const restatedViews = lateOf.get(Math.floor(at / DAY_MS) * DAY_MS) ?? 0
    filled.push({ ...(byAt.get(at) ?? { at, views: 0, watchTimeMs: 0 }), restatedViews })
  }
  return filled.slice(-MAX_POINTS)
}
