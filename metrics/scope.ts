/** Whose views, when, and which kinds: the part of every query that keeps tenants and creators apart. It composes. */
import { type Param, sql } from '#storage/warehouse/warehouse.ts'

/** Views left out of every figure unless asked for. A view is of the first kind that fits. */
export const LEFT_OUT = ['bots', 'own', 'staff'] as const
export type LeftOut = (typeof LEFT_OUT)[number]

export type Scope = {
  readonly tenantId: string
  readonly creatorId?: string
  readonly titleId?: string
  /** Kinds of views to count all the same. */
  readonly include?: readonly LeftOut[]
  /** Epoch ms: as it was known then, from what had been received before. Now without it. */
  readonly knownAt?: number
}
export const RANGES = ['hours24', 'days7', 'days28', 'all'] as const
export type RangeName = (typeof RANGES)[number]
/** An instant that is taken for now, and until when everything received was in the figures at it. */
export type Moment = { readonly at: number; readonly watermarkAt: number }
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

const CREATOR = 'argMax(creatorId, (derivedAt, logOffset))'
/** Newest snapshot of each title of the tenant: creator and length. */
export const titles = sql`(
  SELECT titleId, ${CREATOR} AS creatorId,
    toUInt32(ifNull(argMax(durationMs, (derivedAt, logOffset)), 0)) AS durationMs
  FROM catalog_events WHERE tenantId = {tenantId:String} GROUP BY titleId)`

/** Condition on `titleId` for the scope. */
export function titleCondition({ creatorId, titleId }: Scope): string {
  const own =
    creatorId === undefined
      ? ''
      : sql` AND titleId IN (SELECT titleId FROM catalog_events WHERE tenantId = {tenantId:String}
      GROUP BY titleId HAVING ${CREATOR} = {creatorId:String})`
  const one = titleId === undefined ? '' : ' AND titleId = {titleId:String}'
  return `tenantId = {tenantId:String}${own}${one}`
}

/** Why a view is left out by default; empty for those that count. */
export const KIND = `multiIf(bot, 'bots', own, 'own', staff, 'staff', '')`
/** Whether a view counts: of no such kind, or of one that is included. */
export const COUNTED = `(${KIND} = '' OR has({include:Array(String)}, ${KIND}))`

const inPeriod = (scope: Scope): string => sql`${titleCondition(scope)} AND surface != 'preview'
    AND toUnixTimestamp64Milli(endedAt) >= {from:Int64} AND toUnixTimestamp64Milli(startedAt) < {to:Int64}`

/**
 * Every view of the scope that began or ended in the period, previews aside: `kind`, whether it is `counted`, whether it
 * `begins` and `ends` in the period, and of those that are counted: `inStart` and `inEnd`. Rows of the period are
 * found by their indices first, replaced ones among them; FINAL, for which the engine would read all rows there are, is then
 * asked of those views alone: PREWHERE is looked at before the rows of a view are merged, and may only ask what they share.
 */
export const allViews = (scope: Scope): string => sql`(
  SELECT *,
    toUnixTimestamp64Milli(startedAt) AS startMs, toUnixTimestamp64Milli(endedAt) AS endMs,
    ${KIND} AS kind, ${COUNTED} AS counted,
    startMs >= {from:Int64} AND startMs < {to:Int64} AS begins,
    endMs >= {from:Int64} AND endMs < {to:Int64} AS ends,
    counted AND begins AS inStart, counted AND ends AS inEnd
  FROM views FINAL
  PREWHERE tenantId = {tenantId:String}
    AND ({from:Int64} = 0 OR sid IN (SELECT sid FROM views WHERE ${inPeriod(scope)}))
  WHERE ${inPeriod(scope)})`

/** Those of them that count. */
export const scopedViews = (scope: Scope): string => sql`(SELECT * FROM ${allViews(scope)} WHERE counted)`

export const scopeParams = (scope: Scope, { from, to }: Period): Record<string, Param> => ({
  tenantId: scope.tenantId,
  ...(scope.creatorId === undefined ? {} : { creatorId: scope.creatorId }),
  ...(scope.titleId === undefined ? {} : { titleId: scope.titleId }),
  include: [...(scope.include ?? [])],
  from,
  to,
})
