/** Views and watch time over a period, by hour or by day in UTC, empty stretches included. */
import { type Period, type RangeName, type Scope, scopedViews, scopeParams } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

export type SeriesPoint = { readonly at: number; readonly views: number; readonly watchTimeMs: number }

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MAX_POINTS = 400

export const stepOf = (range: RangeName): number => (range === 'hours24' ? HOUR_MS : DAY_MS)

export const series = (scope: Scope, period: Period, stepMs: number): Statement<SeriesPoint> => ({
  sql: sql`SELECT toFloat64(intDiv(startMs, {step:Int64}) * {step:Int64}) AS at,
      toUInt32(count()) AS views, toFloat64(sum(watchMs)) AS watchTimeMs
    FROM ${scopedViews(scope)} WHERE inStart
    GROUP BY at ORDER BY at DESC LIMIT ${String(MAX_POINTS)}`,
  params: { ...scopeParams(scope, period), step: stepMs },
})

/** Puts zeros where nothing happened, from the period's begin (or the first point) to its end. */
export function fillGaps(
  points: readonly SeriesPoint[],
  { from, to }: Period,
  stepMs: number,
): SeriesPoint[] {
  const byAt = new Map(points.map((point) => [point.at, point]))
  const first = from > 0 ? from : Math.min(...byAt.keys(), to)
  const filled: SeriesPoint[] = []
  for (let at = Math.floor(first / stepMs) * stepMs; at < to; at += stepMs) {
    filled.push(byAt.get(at) ?? { at, views: 0, watchTimeMs: 0 })
  }
  return filled.slice(-MAX_POINTS)
}
