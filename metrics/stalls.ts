/** Where in the content viewers waited, and for which rendition: stalls and waiting time by second. */
import { defineMetric, POPULATION } from '#metrics/define.ts'
import { type Period, type Scope, scopedViews, scopeParams } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

export const stallMetrics = [
  defineMetric({
    name: 'stallsBySecond',
    about:
      'Times viewers waited at a second of the content, how long in all, and the rendition waited for longest.',
    formula: 'count and sum of stalls whose playhead lies in the second',
    unit: 'count',
    population: POPULATION,
    clock: 'view end',
    nullWhen: 'nobody waited there: the second is left out',
    source: 'Mux Data metric guides: smoothness',
    sql: () => 'toUInt32(sum(n))',
  }),
] as const
const [stallsMetric] = stallMetrics

export type StallPoint = {
  readonly second: number
  readonly stalls: number
  readonly stalledMs: number
  /** Height of the rendition most of the waiting was for; null where players did not say. */
  readonly heightPx: number | null
  /** Its share of the waiting, 0 to 1. */
  readonly heightShare: number | null
}

export const stallsBySecond = (scope: Scope, period: Period): Statement<StallPoint> => ({
  sql: sql`SELECT second, ${stallsMetric.sql()} AS stalls, toFloat64(sum(ms)) AS stalledMs,
      nullIf(argMax(height, (ms, height)), 0) AS heightPx,
      if(heightPx IS NULL OR stalledMs = 0, NULL, max(ms) / stalledMs) AS heightShare
    FROM (
      SELECT toUInt32(intDiv(stall.1, 1000)) AS second, stall.3 AS height, count() AS n, sum(stall.2) AS ms
      FROM (
        SELECT arrayJoin(arrayZip(stallAtMs, stallMs, arrayResize(stallHeightPx, length(stallMs)))) AS stall
        FROM ${scopedViews(scope)} WHERE inEnd)
      GROUP BY second, height)
    GROUP BY second ORDER BY second LIMIT 50000`,
  params: scopeParams(scope, period),
})
