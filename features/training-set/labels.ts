/**
 * What became of each viewer and title, one row a pair: a valid play is a 1, a play left of one's own will a 0. Where
 * quality may have decided, nothing is known of taste and the label is null: a start that failed or was not waited for, a
 * play left within seconds of a stall (viewers leave for delays: S. Krishnan, R. Sitaraman, "Video Stream Quality Impacts
 * Viewer Behavior", IMC 2012), a failure, a rule, and a view that still goes on.
 */
import { interactions, TITLE_LENGTHS, VALID_PLAY } from '#features/interactions.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

/** Kinds of rows, and the label of each. */
export const KINDS = {
  play: 1,
  left: 0,
  exposed: 0,
  uniform: 0,
  popularity: 0,
  'never-began': null,
  failed: null,
  stall: null,
  open: null,
} as const
export type Kind = keyof typeof KINDS

/** A stall shorter than this is not noticed by everybody. */
const STALL_MS = 1000
/** Content seen after a stall before leaving is no longer laid to it. */
const SOON_MS = 10_000

const LEFT_AFTER_STALL = sql`(views.waitingSince IS NOT NULL OR (notEmpty(views.stallMs) AND notEmpty(views.playedTo)
  AND views.stallMs[-1] >= ${String(STALL_MS)}
  AND toInt64(views.playedTo[-1]) - toInt64(views.stallAtMs[-1]) BETWEEN 0 AND ${String(SOON_MS)}))`

/** Every view of a viewer that began before `asOf`, and what it says: table `choices`. */
export function choices(scope: { readonly tenantId: string; readonly asOf: number }): Statement {
  return {
    sql: sql`
      SELECT assumeNotNull(views.viewerKey) AS viewerKey, views.titleId AS titleId, views.sid AS sid,
        toUnixTimestamp64Milli(views.startedAt) AS at, views.recommendationId AS slateId,
        CAST(multiIf(views.isPlay AND ${VALID_PLAY}, 'play',
          views.startFailure OR views.playbackFailure OR views.businessFailure, 'failed',
          NOT views.isPlay, 'never-began',
          ${LEFT_AFTER_STALL}, 'stall',
          CAST(views.endReason, 'String') = 'open', 'open',
          'left'), 'String') AS kind
      FROM (SELECT * FROM views FINAL WHERE tenantId = {tenantId:String}) AS views
      LEFT JOIN ${TITLE_LENGTHS} AS titles ON titles.titleId = views.titleId
      WHERE NOT views.bot AND NOT views.kids AND views.surface != 'preview' AND views.viewerKey IS NOT NULL
        AND toUnixTimestamp64Milli(views.startedAt) < {before:Int64}`,
    params: { tenantId: scope.tenantId, before: scope.asOf },
  }
}

/** Where each title stood in each slate: table `slots`. Chances are null where the slates do not log them. */
export function slots(tenantId: string, logsChances: boolean): Statement {
  const chance = logsChances ? 'toNullable(argMin(chance, (place, row)))' : `CAST(NULL, 'Nullable(Float64)')`
  return {
    sql: sql`
      SELECT slateId, title AS titleId, argMin(CAST(row, 'String'), (place, row)) AS slotRow,
        toUInt32(min(place)) AS slotPosition, ${chance} AS propensity
      FROM discovery_events ARRAY JOIN titleIds AS title, rowKeys AS row, positions AS place
        ${logsChances ? ', propensities AS chance' : ''}
      WHERE tenantId = {tenantId:String} AND type = 'discovery.slate.served'
      GROUP BY slateId, titleId`,
    params: { tenantId },
  }
}

/** Columns of an example before its features. */
export const EXAMPLE_COLUMNS = [
  'at',
  'viewerKey',
  'titleId',
  'label',
  'kind',
  'weight',
  'slateId',
  'rowKey',
  'position',
  'propensity',
] as const

/** One row a viewer and title: the first valid play, else the first time it was left, else the first that says nothing. */
export function chosen(scope: { readonly tenantId: string; readonly asOf: number }): Statement {
  const strong = interactions({ tenantId: scope.tenantId, before: scope.asOf })
  const label = sql`CAST(multiIf(pairs.kind = 'play', 1, pairs.kind = 'left', 0, NULL), 'Nullable(UInt8)')`
  return {
    sql: sql`
      SELECT pairs.at AS at, pairs.viewerKey AS viewerKey, pairs.titleId AS titleId, ${label} AS label,
        pairs.kind AS kind, toFloat32(ifNull(plays.strength, if(pairs.kind = 'left', 1, 0))) AS weight,
        pairs.slateId AS slateId, slots.slotRow AS rowKey, slots.slotPosition AS position,
        slots.propensity AS propensity
      FROM (
        SELECT viewerKey, titleId, first.1 AS kind, first.2 AS at, first.3 AS slateId
        FROM (
          SELECT viewerKey, titleId, argMin((kind, at, slateId), (rank, at, sid)) AS first
          FROM (SELECT *, multiIf(kind = 'play', 0, kind = 'left', 1, 2) AS rank FROM choices)
          GROUP BY viewerKey, titleId)) AS pairs
      LEFT JOIN (${strong.sql}) AS plays ON plays.viewerKey = pairs.viewerKey AND plays.titleId = pairs.titleId
      LEFT JOIN slots ON slots.slateId = pairs.slateId AND slots.titleId = pairs.titleId`,
    params: { ...strong.params },
  }
}
