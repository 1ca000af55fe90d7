/** Which rows stand behind a figure: how many are counted, how many are left out and why, told twice, or late. */
import type { MetricDefinition } from '#metrics/define.ts'
import { LATE_VIEWS, lateRows } from '#metrics/late.ts'
import {
  allViews,
  LEFT_OUT,
  type LeftOut,
  type Period,
  type Scope,
  scopeParams,
  titleCondition,
} from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

/** Of `what`: views, mostly. `late` are those of the counted of which something came when its day was settled. */
export type LookedAt = { readonly counted: number; readonly late: number } & {
  readonly [kind in LeftOut]: number
}
export type Repeated = { readonly repeated: number }

export type Rows = {
  /** What one of them is, in plural. */
  readonly what: string
  readonly looked: (scope: Scope, period: Period) => Statement<LookedAt>
  /** Rows of the counted ones' events beyond their distinct events. */
  readonly repeated: (scope: Scope, period: Period) => Statement<Repeated>
}

const NONE = LEFT_OUT.map((kind) => `toUInt32(0) AS ${kind}`).join(', ')
const beyond = (key: string): string => `toFloat64(count() - uniqExact(${key})) AS repeated`

/** Events of the views that `keys` selects; the tables are sorted by `sid`. */
const eventsOf = (keys: (columns: string) => string): string => sql`
    SELECT ${beyond('(sid, playerId, eventId)')} FROM playback_events
    WHERE tenantId = {tenantId:String} AND sid IN (${keys('sid')}) AND (sid, playerId) IN (${keys('sid, playerId')})`

/** Views of the scope for which a condition on the columns of `allViews` holds. */
export const viewsThat = (condition: string): Rows => ({
  what: 'views',
  looked: (scope, period) => ({
    sql: sql`SELECT ${['counted', 'late', ...LEFT_OUT].map((name) => `${name}_ AS ${name}`).join(', ')} FROM (
      SELECT toUInt32(countIf(counted)) AS counted_,
        toUInt32(countIf(counted AND (sid, playerId) IN (
          SELECT sid, playerId FROM late_views WHERE ${titleCondition(scope)}))) AS late_,
        ${LEFT_OUT.map((kind) => `toUInt32(countIf(NOT counted AND kind = '${kind}')) AS ${kind}_`).join(', ')}
      FROM ${allViews(scope)} WHERE ${condition})`,
    params: scopeParams(scope, period),
  }),
  repeated: (scope, period) => ({
    sql: eventsOf(
      (columns) => sql`SELECT ${columns} FROM ${allViews(scope)} WHERE counted AND (${condition})`,
    ),
    params: scopeParams(scope, period),
  }),
})

const lateOnes: Rows = {
  what: 'views that came late',
  looked: (scope, period) => ({
    sql: sql`SELECT ${LATE_VIEWS} AS counted, counted AS late, ${NONE} FROM ${lateRows(scope)}`,
    params: scopeParams(scope, period),
  }),
  repeated: (scope, period) => ({
    sql: eventsOf((columns) => sql`SELECT ${columns} FROM ${lateRows(scope)}`),
    params: scopeParams(scope, period),
  }),
}

const at = 'toUnixTimestamp64Milli(derivedAt)'
const during = `${at} >= {from:Int64} AND ${at} < {to:Int64}`

const thumbnails: Rows = {
  what: 'thumbnails seen and clicked',
  looked: (scope, period) => ({
    sql: sql`SELECT toUInt32(uniqExact(eventId)) AS counted, toUInt32(0) AS late, ${NONE} ${shown(scope)}`,
    params: scopeParams(scope, period),
  }),
  repeated: (scope, period) => ({
    sql: sql`SELECT ${beyond('eventId')} ${shown(scope)}`,
    params: scopeParams(scope, period),
  }),
}
const shown = (scope: Scope): string => sql`FROM discovery_events
    WHERE ${titleCondition(scope)} AND type IN ('discovery.impression.seen', 'discovery.item.clicked') AND ${during}`

/** What the origin delivered in the period. */
export const pieces: Rows = {
  what: 'pieces of video delivered',
  looked: (scope, period) => ({
    sql: sql`SELECT toUInt32(uniqExactIf(eventId, NOT bot)) AS counted, toUInt32(0) AS late,
      toUInt32(uniqExactIf(eventId, bot)) AS bots, toUInt32(0) AS own, toUInt32(0) AS staff ${delivered(scope)}`,
    params: scopeParams(scope, period),
  }),
  repeated: (scope, period) => ({
    sql: sql`SELECT ${beyond('eventId')} ${delivered(scope)} AND NOT bot`,
    params: scopeParams(scope, period),
  }),
}
const delivered = (scope: Scope): string => sql`FROM delivery_requests
    WHERE ${titleCondition(scope)} AND type = 'delivery.segment.served' AND mediaKind = 'video' AND ${during}`

export const begun = viewsThat('begins')
export const ended = viewsThat('ends')
/** Also those that only pass through the period. */
export const present = viewsThat('true')

/** Of a figure: what its clock and its kind look at. */
export function rowsOf({ name, clock }: Pick<MetricDefinition, 'name' | 'clock'>): Rows {
  if (name === 'impressions' || name === 'clickThroughPercent') return thumbnails
  if (name === 'restatedViews') return lateOnes
  return clock === 'view end' ? ended : clock === 'view start' ? begun : present
}
