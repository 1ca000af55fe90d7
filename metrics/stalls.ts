/** Where in the content viewers waited: stalls and waiting time by second. */
import { defineMetric, POPULATION } from '#metrics/define.ts'
import { type Period, type Scope, scopedViews, scopeParams } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

export const stallMetrics = [
  defineMetric({
    name: 'stallsBySecond',
    about: 'Times viewers waited at a second of the content, and how long in all.',
    formula: 'count and sum of stalls whose playhead lies in the second',
    unit: 'count',
    population: POPULATION,
    clock: 'view end',
    nullWhen: 'nobody waited there: the second is left out',
    source: 'Mux Data metric guides: smoothness',
  }),
] as const

export type StallPoint = { readonly second: number; readonly stalls: number; readonly stalledMs: number }

export const stallsBySecond = (scope: Scope, period: Period): Statement<StallPoint> => ({
  sql: sql`SELECT toUInt32(intDiv(stall.1, 1000)) AS second, toUInt32(count()) AS stalls, toFloat64(sum(stall.2)) AS stalledMs
    FROM (SELECT arrayJoin(arrayZip(stallAtMs, stallMs)) AS stall FROM ${scopedViews(scope)} WHERE inEnd)
    GROUP BY second ORDER BY second LIMIT 50000`,
  params: scopeParams(scope, period),
})
