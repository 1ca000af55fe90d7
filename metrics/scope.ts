/** Whose views, and when: the part of every query that keeps tenants and creators apart. */
import { COUNTED } from '#metrics/define.ts'
import { type Param, sql } from '#storage/warehouse/warehouse.ts'

export type Scope = { readonly tenantId: string; readonly creatorId?: string; readonly titleId?: string }
export const RANGES = ['hours24', 'days7', 'days28', 'all'] as const
export type RangeName = (typeof RANGES)[number]
export type Period = { readonly from: number; readonly to: number }

const HOUR_MS = 3_600_000
const LENGTHS: Record<Exclude<RangeName, 'all'>, number> = {
  hours24: 24 * HOUR_MS,
  days7: 7 * 24 * HOUR_MS,
  days28: 28 * 24 * HOUR_MS,
}

export const periodOf = (range: RangeName, now: number): Period => ({
  from: range === 'all' ? 0 : now - LENGTHS[range],
  to: now,
})
/** The period of the same length before; null for all time. */
export const periodBefore = (range: RangeName, now: number): Period | null =>
  range === 'all' ? null : { from: now - 2 * LENGTHS[range], to: now - LENGTHS[range] }

/** Newest snapshot of each title of the tenant: creator and length. */
export const titles = sql`(
  SELECT titleId, argMax(creatorId, (derivedAt, logOffset)) AS creatorId,
    toUInt32(ifNull(argMax(durationMs, (derivedAt, logOffset)), 0)) AS durationMs
  FROM catalog_events WHERE tenantId = {tenantId:String} GROUP BY titleId)`

/** Condition on `titleId` for the scope. */
export function titleCondition({ creatorId, titleId }: Scope): string {
  const own =
    creatorId === undefined
      ? ''
      : ` AND titleId IN (SELECT titleId FROM ${titles} WHERE creatorId = {creatorId:String})`
  const one = titleId === undefined ? '' : ' AND titleId = {titleId:String}'
  return `tenantId = {tenantId:String}${own}${one}`
}

/** Counted views of the scope that began or ended in the period, with `inStart` and `inEnd`. */
export const scopedViews = (scope: Scope): string => sql`(
  SELECT *,
    toUnixTimestamp64Milli(startedAt) AS startMs, toUnixTimestamp64Milli(endedAt) AS endMs,
    startMs >= {from:Int64} AND startMs < {to:Int64} AS inStart,
    endMs >= {from:Int64} AND endMs < {to:Int64} AS inEnd
  FROM views FINAL
  WHERE ${titleCondition(scope)} AND ${COUNTED}
    AND endMs >= {from:Int64} AND startMs < {to:Int64})`

export const scopeParams = (scope: Scope, { from, to }: Period): Record<string, Param> => ({
  tenantId: scope.tenantId,
  ...(scope.creatorId === undefined ? {} : { creatorId: scope.creatorId }),
  ...(scope.titleId === undefined ? {} : { titleId: scope.titleId }),
  from,
  to,
})
