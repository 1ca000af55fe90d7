/** Views of which something came when their day was settled: figures of that day have changed since. */
import { type Period, type Scope, scopeParams, titleCondition } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

const DAY_MS = String(86_400_000)
const DAYS = 400

/** What came late of the scope to days that lie in the period, also to a part of one. */
export const lateRows = (scope: Scope): string => sql`late_views
    WHERE ${titleCondition(scope)} AND toInt64(toUInt16(day)) * ${DAY_MS} < {to:Int64}
      AND (toInt64(toUInt16(day)) + 1) * ${DAY_MS} > {from:Int64}`

/** Views told twice or on two days are one. */
export const LATE_VIEWS = 'toUInt32(uniqExact((sid, playerId)))'

/** `at`: the begin of the day, in UTC. */
export type RestatedDay = { readonly at: number; readonly restatedViews: number }

export const restatedDays = (scope: Scope, period: Period): Statement<RestatedDay> => ({
  sql: sql`SELECT toFloat64(toUInt16(day)) * ${DAY_MS} AS at, ${LATE_VIEWS} AS restatedViews
    FROM ${lateRows(scope)}
    GROUP BY at ORDER BY at DESC LIMIT ${String(DAYS)}`,
  params: scopeParams(scope, period),
})
