/**
 * The two witnesses side by side, in SQL that any ClickHouse runs: what the origin delivered under a name and what the
 * player of that name reported. Everything follows from sets of events: order and repetition change nothing.
 */
import type { Clustered } from '#metrics/interval.ts'
import { type Period, type Scope, scopedViews, scopeParams, titleCondition } from '#metrics/scope.ts'
import { lengthOf, merged, sharedBy } from '#metrics/spans.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

/** Reports may take this long before a view the origin has seen counts as not heard of. */
export const SETTLE_MS = 120_000
/** Content that was reported and never delivered is believed up to here, and up to half of the view. */
export const UNSEEN_MS = 60_000
const UNSEEN_SHARE = 0.5
/** What was fetched this long before a view may have been for it. */
const AHEAD_MS = 300_000
const HOUR_MS = 3_600_000

/** Requests of the scope before the end of the period, by people; `gotTo`: how far the piece was sent. */
const requests = (scope: Scope): string => sql`(
  SELECT titleId, sid, eventId, toUnixTimestamp64Milli(derivedAt) AS at,
    type = 'delivery.segment.served' AND mediaKind = 'video' AS isVideo,
    isVideo AND ifNull(playerState, '') != 'd' AS isAsked,
    toUInt32(ifNull(startMs, 0)) AS gotFrom,
    toUInt32(if(ifNull(whole, false), ifNull(endMs, 0),
      gotFrom + (ifNull(endMs, 0) - gotFrom) * least(1, bytes / greatest(1, ifNull(sizeBytes, 0))))) AS gotTo
  FROM delivery_requests
  WHERE ${titleCondition(scope)} AND NOT bot AND toUnixTimestamp64Milli(derivedAt) < {to:Int64})`

/** What each name was delivered: a row a name, also of those that only asked for a manifest. */
const named = (scope: Scope): string => sql`(
  SELECT titleId, assumeNotNull(sid) AS name, minIf(at, isAsked) AS askedAt, countIf(isAsked) > 0 AS asked,
    ${merged('groupUniqArrayIf((gotFrom, gotTo), isVideo AND gotTo > gotFrom)')} AS parts
  FROM ${requests(scope)} WHERE sid IS NOT NULL
  GROUP BY titleId, name)`

/** Names under which a view can have been delivered: its own, and that of its player. */
const NAMES = 'arrayJoin([sid, playerId])'

export type OriginCounts = {
  /** Names for which a piece of video was sent to a player that had been asked to play. */
  readonly originViews: number
  /** Those of which any report came. */
  readonly heardViews: number
  /** Content delivered to those, each part once a name. */
  readonly deliveredMs: number
}

/** A view is heard of when any event under its name came, also of a view that is not counted. */
export const originCounts = (scope: Scope, period: Period): Statement<OriginCounts> => ({
  sql: sql`SELECT toUInt32(count()) AS originViews, toUInt32(countIf(isHeard)) AS heardViews,
      toFloat64(sumIf(${lengthOf('parts')}, isHeard)) AS deliveredMs
    FROM (
      SELECT parts,
        (titleId, name) IN (SELECT titleId, ${NAMES} FROM views WHERE ${titleCondition(scope)})
          OR (titleId, name) IN (
            SELECT titleId, sid FROM playback_events
            WHERE ${titleCondition(scope)} AND sid IN (
              SELECT assumeNotNull(sid) FROM delivery_requests WHERE ${titleCondition(scope)} AND sid IS NOT NULL)
          ) AS isHeard
      FROM ${named(scope)}
      WHERE asked AND askedAt >= {from:Int64} AND askedAt < {to:Int64} - ${String(SETTLE_MS)})`,
  params: scopeParams(scope, period),
})

export type PieceCounts = { readonly pieces: number; readonly namedPieces: number }

/** Pieces of video delivered in the period, and those whose player gave a name: exact up to thousands, then to a percent. */
export const pieceCounts = (scope: Scope, period: Period): Statement<PieceCounts> => ({
  sql: sql`SELECT toUInt32(uniqCombined64(eventId)) AS pieces,
      toUInt32(uniqCombined64If(eventId, sid IS NOT NULL)) AS namedPieces
    FROM ${requests(scope)} WHERE isVideo AND at >= {from:Int64}`,
  params: scopeParams(scope, period),
})

/** What each person's names were delivered, whenever it was: a browser keeps what it has. */
const hadBefore = (scope: Scope): string => sql`(
  SELECT titleId, person, groupArray((name, parts)) AS fetched
  FROM (
    SELECT DISTINCT titleId, ifNull(viewerKey, concat('player ', playerId)) AS person, ${NAMES} AS name
    FROM views WHERE ${titleCondition(scope)}) AS who
  INNER JOIN ${named(scope)} AS given USING (titleId, name)
  GROUP BY titleId, person)`

/** Of each title since when the origin keeps account, and how much content went to nobody by name in which hour. */
const aroundTitles = (scope: Scope): string => sql`(
  SELECT titleId, min(firstAt) AS sinceAt, groupArrayIf((hour, unnamedMs), unnamedMs > 0) AS unnamed
  FROM (
    SELECT titleId, intDiv(at, ${String(HOUR_MS)}) AS hour, min(at) AS firstAt, sum(ms) AS unnamedMs
    FROM (
      SELECT titleId, at, toUInt32(0) AS ms FROM ${requests(scope)} WHERE sid IS NOT NULL
      UNION ALL
      SELECT titleId, at, toUInt32(if(isVideo AND gotTo > gotFrom, gotTo - gotFrom, 0)) AS ms
      FROM ${requests(scope)} WHERE sid IS NULL LIMIT 1 BY eventId)
    GROUP BY titleId, hour)
  GROUP BY titleId)`

export type ReconciledView = {
  readonly titleId: string
  readonly sid: string
  readonly playerId: string
  /** The origin had begun to keep account of the title. */
  readonly isJudged: boolean
  readonly seenByOrigin: boolean
  /** Content reported as watched, and content delivered to its player, each part once. */
  readonly contentMs: number
  readonly deliveredMs: number
  /** Reported, and never delivered to this viewer. */
  readonly unseenMs: number
  readonly isFlagged: boolean
}

const reconciled = (scope: Scope): string => sql`(
  SELECT titleId, sid, playerId, isPlay, contentMs,
    toBool(sinceAt > 0 AND startMs >= sinceAt) AS isJudged,
    arrayFilter(x -> x.1 = sid OR x.1 = playerId, fetched) AS own,
    toBool(notEmpty(own)) AS seenByOrigin,
    ${lengthOf(merged('arrayFlatten(arrayMap(x -> x.2, own))'))} AS deliveredMs,
    toUInt32(greatest(0, toInt64(contentMs) -
      ${sharedBy('arrayZip(watchedFrom, watchedTo)', merged('arrayFlatten(arrayMap(x -> x.2, fetched))'))})) AS unseenMs,
    arraySum(arrayMap(x -> if(x.1 >= intDiv(startMs - ${String(AHEAD_MS)}, ${String(HOUR_MS)})
      AND x.1 <= intDiv(endMs, ${String(HOUR_MS)}), x.2, 0), unnamed)) AS unnamedMs,
    toBool(isPlay AND isJudged AND unseenMs > ${String(UNSEEN_MS)} AND unseenMs > ${String(UNSEEN_SHARE)} * contentMs
      AND unnamedMs < unseenMs AND (viewerKey IS NOT NULL OR NOT seenByOrigin)) AS isFlagged
  FROM (
    SELECT *, ifNull(viewerKey, concat('player ', playerId)) AS person
    FROM ${scopedViews(scope)} WHERE inStart) AS reported
  LEFT JOIN ${hadBefore(scope)} AS had USING (titleId, person)
  LEFT JOIN ${aroundTitles(scope)} AS around USING (titleId))`

/** View by view, the most unseen first: what stands behind the counts. */
export const reconciledViews = (scope: Scope, period: Period, limit = 1000): Statement<ReconciledView> => ({
  sql: sql`SELECT titleId, sid, playerId, isJudged, seenByOrigin, contentMs, deliveredMs, unseenMs, isFlagged
    FROM ${reconciled(scope)} ORDER BY isFlagged DESC, unseenMs DESC, titleId, sid, playerId LIMIT {limit:UInt32}`,
  params: { ...scopeParams(scope, period), limit },
})

export type ReportedCounts = {
  readonly measuredViews: number
  /** Plays begun since the origin keeps account of their title; those it has seen too. */
  readonly judgedPlays: number
  readonly seenPlays: number
  readonly reportedMs: number
  readonly flaggedViews: number
}

export const reportedCounts = (scope: Scope, period: Period): Statement<ReportedCounts> => ({
  sql: sql`SELECT toUInt32(count()) AS measuredViews,
      toUInt32(countIf(isPlay AND isJudged)) AS judgedPlays,
      toUInt32(countIf(isPlay AND isJudged AND seenByOrigin)) AS seenPlays,
      toFloat64(sumIf(contentMs, seenByOrigin)) AS reportedMs,
      toUInt32(countIf(isFlagged)) AS flaggedViews
    FROM ${reconciled(scope)}`,
  params: scopeParams(scope, period),
})

/**
 * Gaps in the players' own counts. The last event heard is there by definition, so each count before it is a try: players
 * of ours count from 0, others from the first that was heard. Players that do not count say nothing of it.
 */
export const sequenceGaps = (scope: Scope, period: Period): Statement<Clustered> => ({
  sql: sql`SELECT toFloat64(sum(lost)) AS hits, toFloat64(sum(before)) AS tries,
      toFloat64(sum(lost * lost)) AS hitsSquared, toFloat64(sum(lost * before)) AS hitsByTries,
      toFloat64(sum(before * before)) AS triesSquared
    FROM (
      SELECT toInt64(max(seq)) - if(max(type = 'playback.report.heard'), min(seq), 0) AS before,
        before + 1 - toInt64(uniqExact(seq)) AS lost
      FROM playback_events
      WHERE ${titleCondition(scope)} AND NOT bot
        AND (sid, playerId) IN (SELECT sid, playerId FROM ${scopedViews(scope)} WHERE inStart)
        AND sid IN (SELECT sid FROM ${scopedViews(scope)} WHERE inStart)
      GROUP BY titleId, sid, playerId)`,
  params: scopeParams(scope, period),
})
