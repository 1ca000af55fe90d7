/**
 * How a view's row follows from its events, in SQL that any ClickHouse runs. The events are taken as a set: what is
 * there twice counts once, and order comes from the player's own count. Rules and formulas: docs/metrics.md.
 */
import { VIEW_COLUMNS } from '#pipelines/views-table.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

export type ViewKey = { readonly tenantId: string; readonly sid: string }

/** Sixty minutes without a sign of life close a view. */
export const IDLE_MS = 3_600_000
/** Reports are at most this far apart where the player did not say. */
const DEFAULT_INTERVAL_MS = 30_000
/** Playing may run this far ahead of the playhead before it is no longer believed. */
const PLAYHEAD_SLACK_MS = 2000
/** Waiting and seeking without a report are believed for this long. */
const WAIT_CAP_MS = 60_000
/** Parts of content closer than this are one part: clocks and playheads differ by a few frames. */
const JOIN_MS = 120
const SCRUB_MS = 250

/** Each event once: of equal ids the one received first. */
const distinctEvents = sql`
  SELECT *, toUnixTimestamp64Milli(derivedAt) AS at
  FROM playback_events
  WHERE (tenantId, sid) IN (SELECT arrayJoin(arrayZip({tenants:Array(String)}, {sids:Array(String)})))
    AND surface != 'preview'
  ORDER BY receivedAt, logPartition, logOffset
  LIMIT 1 BY tenantId, sid, playerId, eventId`

/** In the player's order, each event beside the one after it. */
const inOrder = sql`
  SELECT *,
    leadInFrame(at, 1, at) OVER later AS nextAt,
    leadInFrame(playheadMs, 1, playheadMs) OVER later AS nextPlayheadMs,
    lagInFrame(type, 1, '') OVER earlier AS previousType,
    lagInFrame(at, 1, at) OVER earlier AS previousAt,
    max(toUInt32(ifNull(intervalMs, 0))) OVER whole AS longestMs,
    anyLast(if(state = 'rebuffering', NULL, CAST(state, 'Nullable(String)'))) OVER earlier AS settled,
    max(type = 'playback.view.started' OR state = 'playing') OVER earlier AS started
  FROM (${distinctEvents})
  WINDOW
    whole AS (PARTITION BY tenantId, sid, playerId),
    earlier AS (PARTITION BY tenantId, sid, playerId ORDER BY seq, at, eventId ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
    later AS (PARTITION BY tenantId, sid, playerId ORDER BY seq, at, eventId ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)`

/** What the time until the next event was: its state, how much of it is believed, and the content played in it. */
const credited = sql`
  SELECT *,
    multiIf(state != 'rebuffering', state, NOT started, 'joining',
      settled IN ('seeking', 'paused', 'ad'), assumeNotNull(settled), 'rebuffering') AS doing,
    toFloat64(greatest(0, nextAt - at)) AS gapMs,
    toFloat64(if(longestMs = 0, ${String(DEFAULT_INTERVAL_MS)}, longestMs)) AS promisedMs,
    toFloat64(greatest(0, toInt64(nextPlayheadMs) - toInt64(playheadMs))) AS movedMs,
    if(rate > 0, rate, 1) AS speed,
    toUInt32(multiIf(
      doing = 'playing', least(gapMs, movedMs / speed + ${String(PLAYHEAD_SLACK_MS)}, 2 * promisedMs),
      doing IN ('rebuffering', 'seeking', 'joining', 'ad'), least(gapMs, greatest(2 * promisedMs, toFloat64(${String(WAIT_CAP_MS)}))),
      toFloat64(0))) AS creditMs,
    doing = 'playing' AND movedMs > 0 AS plays,
    toUInt32(playheadMs) AS partFrom,
    toUInt32(if(movedMs <= creditMs * speed + 1000, playheadMs + movedMs, playheadMs + creditMs * speed)) AS partTo
  FROM (${inOrder})`

const withStalls = sql`
  SELECT *,
    doing = 'rebuffering' AND lagInFrame(doing, 1, '') OVER earlier != 'rebuffering' AS stallBegins,
    countIf(doing != 'rebuffering') OVER earlier AS stallGroup
  FROM (${credited})
  WINDOW earlier AS (PARTITION BY tenantId, sid, playerId ORDER BY seq, at, eventId ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`

const parts = 'arraySort(groupArrayIf((seq, at, eventId, partFrom, partTo), plays AND partTo > partFrom))'
/** Joins neighbours of a list of parts; `touches` says when part `x` goes on from the last one. */
const fold = (list: string, touches: string): string =>
  `arrayFold((done, x) -> if(length(done) > 0 AND ${touches}, ` +
  `arrayConcat(arrayPopBack(done), [(done[-1].1, greatest(done[-1].2, x.2))]), arrayPushBack(done, x)), ` +
  `${list}, CAST([], 'Array(Tuple(UInt32, UInt32))'))`
const overlaps = `x.1 <= done[-1].2 + ${JOIN_MS}`
const goesOn = `${overlaps} AND x.1 + ${JOIN_MS} >= done[-1].2`

const gathered = sql`
  SELECT tenantId, sid, playerId,
    argMin(titleId, (seq, at, eventId)) AS titleId,
    max(viewerKey) AS viewerKey,
    minIf(at, type = 'playback.view.requested') AS requestedAt,
    countIf(type = 'playback.view.requested') > 0 AS requested,
    min(at) AS firstAt,
    max(at) AS lastAt,
    minIf(at, type = 'playback.view.started') AS frameAt,
    minIf(at, state = 'playing') AS playingAt,
    countIf(type = 'playback.view.started') AS frames,
    countIf(state = 'playing') AS playings,
    max(startupMs) AS saidStartupMs,
    argMaxIf(endReason, (seq, at, eventId), type = 'playback.view.ended') AS saidEnd,
    argMax(state, (seq, at, eventId)) AS lastState,
    max(promisedMs) AS intervalMs,
    sumIf(creditMs, doing IN ('playing', 'rebuffering', 'seeking') AND started) AS watchMs,
    sumIf(creditMs, doing = 'playing') AS playingMs,
    sumIf(creditMs, doing = 'rebuffering') AS rebufferMs,
    countIf(stallBegins) AS rebufferCount,
    countIf(type = 'playback.seek.started'
      AND NOT (previousType = 'playback.seek.ended' AND at - previousAt < ${String(SCRUB_MS)})) AS seekCount,
    sumIf(creditMs, doing = 'seeking') AS seekMs,
    countIf(fatal AND NOT ifNull(business, false)) > 0 AS failed,
    countIf(fatal AND ifNull(business, false)) > 0 AS businessFailure,
    ${parts} AS sortedParts,
    arraySort(x -> x.1, arrayMap(x -> (x.4, x.5), sortedParts)) AS byPlace,
    arrayMap(x -> (x.4, x.5), sortedParts) AS byTime,
    arraySort(groupArrayIf((stallGroup, seq, at, eventId, playheadMs, creditMs), doing = 'rebuffering')) AS waits,
    arrayDistinct(arrayMap(x -> x.1, waits)) AS waitGroups,
    sumIf(ifNull(bitrateKbps, 0) * creditMs, doing = 'playing' AND bitrateKbps IS NOT NULL) AS bitrateTime,
    sumIf(creditMs, doing = 'playing' AND bitrateKbps IS NOT NULL) AS bitrateOver,
    max(videoHeightPx) AS videoHeightPx,
    argMin(deviceKind, (seq, at, eventId)) AS deviceKind,
    argMin(playerName, (seq, at, eventId)) AS playerName,
    argMin(surface, (seq, at, eventId)) AS surface,
    max(recommendationId) AS recommendationId,
    arraySort(arrayDistinct(arrayFlatten(groupArray(arrayMap(x -> toString(x), experiments))))) AS experiments,
    max(bot) AS bot,
    max(kids) AS kids,
    count() AS eventCount
  FROM (${withStalls})
  GROUP BY tenantId, sid, playerId`

const instant = (ms: string): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`

/** What each column of the table is, from what was gathered. */
const VALUES: Partial<Record<(typeof VIEW_COLUMNS)[number][0], string>> = {
  startedAt: instant('intentAt'),
  firstFrameAt: `if(isPlay, ${instant('firstAtFrame')}, NULL)`,
  endedAt: instant('lastAt'),
  endReason: `multiIf(ifNull(saidEnd, '') != '', assumeNotNull(saidEnd), lastState = 'failed' OR failed, 'failed',
    lastAt < {now:Int64} - ${IDLE_MS}, 'dropped', 'open')`,
  startupMs: `if(isPlay, if(requested, toUInt32(greatest(0, firstAtFrame - requestedAt)), saidStartupMs), NULL)`,
  startFailure: 'failed AND NOT isPlay',
  playbackFailure: 'failed',
  exitBeforeStart: `NOT isPlay AND NOT failed AND NOT businessFailure AND ended`,
  exitWaitMs: `if(NOT isPlay AND NOT failed AND NOT businessFailure AND ended, toUInt32(greatest(0, lastAt - intentAt)), NULL)`,
  droppedBeforeStart: 'NOT isPlay AND NOT failed AND NOT businessFailure AND NOT ended',
  contentMs: 'toUInt32(arraySum(arrayMap(x -> x.2 - x.1, watched)))',
  watchedFrom: 'arrayMap(x -> x.1, watched)',
  watchedTo: 'arrayMap(x -> x.2, watched)',
  playedFrom: 'arrayMap(x -> x.1, played)',
  playedTo: 'arrayMap(x -> x.2, played)',
  stallAtMs: 'arrayMap(g -> toUInt32(arrayFirst(x -> x.1 = g, waits).5), waitGroups)',
  stallMs: 'arrayMap(g -> toUInt32(arraySum(arrayMap(x -> if(x.1 = g, x.6, 0), waits))), waitGroups)',
  bitrateKbps: 'if(bitrateOver > 0, bitrateTime / bitrateOver, NULL)',
  revision: 'eventCount',
}

/** Rebuilds the rows of the views. `now` closes those that have been idle too long. */
export function rebuildViews(keys: readonly ViewKey[], now: number): Statement {
  return {
    sql: sql`INSERT INTO views (${VIEW_COLUMNS.map(([name]) => name).join(', ')})
SELECT ${VIEW_COLUMNS.map(([name]) => VALUES[name] ?? name).join(',\n  ')}
FROM (
  SELECT *,
    if(requested, requestedAt, firstAt) AS intentAt,
    frames > 0 OR playings > 0 AS isPlay,
    if(frames > 0, frameAt, playingAt) AS firstAtFrame,
    ifNull(saidEnd, '') != '' AS ended,
    ${fold('byPlace', overlaps)} AS watched,
    ${fold('byTime', goesOn)} AS played
  FROM (${gathered})
)`,
    params: { tenants: keys.map((key) => key.tenantId), sids: keys.map((key) => key.sid), now },
  }
}

/** Views whose events came after the marks: what a restart must build again. */
export const viewsSince = (partition: number, nextOffset: number): Statement<ViewKey> => ({
  sql: sql`SELECT DISTINCT tenantId, sid FROM playback_events
    WHERE logPartition = {partition:UInt16} AND logOffset >= {nextOffset:UInt64}`,
  params: { partition, nextOffset },
})

/** Open views that have had no sign of life for an hour. */
export const idleViews = (now: number): Statement<ViewKey> => ({
  sql: sql`SELECT tenantId, sid FROM views FINAL
    WHERE endReason = 'open' AND toUnixTimestamp64Milli(endedAt) < {before:Int64} LIMIT 5000`,
  params: { before: now - IDLE_MS },
})
