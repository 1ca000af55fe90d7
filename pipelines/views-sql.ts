/**
 * How a view's row follows from its events, in SQL that any ClickHouse runs: what the player did between each event and the
 * next, how much of that is believed, and what it sums up to. Rules and formulas: docs/metrics.md.
 */
import { SILENCE_MS, WAITING_MS } from '#metrics/concurrent.ts'
import { LOST, paramsOf, TOLD_EVENTS, type ViewKey } from '#pipelines/reported-sql.ts'
import { PLACED_EVENTS, type Step } from '#pipelines/views-events.ts'
import { VIEW_COLUMNS, VIEWS_VERSION } from '#pipelines/views-table.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

/** Sixty minutes without a sign of life close a view. No wait for a first frame is longer either. */
export const IDLE_MS = 3_600_000
/** Reports are at most this far apart where the player did not say. */
const DEFAULT_INTERVAL_MS = 30_000
/** Playing may run this far ahead of the playhead before it is no longer believed. */
const PLAYHEAD_SLACK_MS = 2000
/** Waiting and seeking without a report are believed for this long. */
const WAIT_CAP_MS = 60_000
/** A player that waits stands still: a playhead that moved further was playing. */
const STILL_MS = 250
/** Parts of content closer than this are one part: clocks and playheads differ by a few frames. */
const JOIN_MS = 120
/** Seeks closer than this are one. */
const SCRUB_MS = 250
/** A live picture further behind is no longer live. */
const LIVE_MS = 300_000
/** A clock may be this far off before more time watched than passed is called impossible. */
const OVER_MS = 2000
/** A faster video, and a picture blown up further, is not believed. */
const MAX_KBPS = 1_000_000
const MAX_UPSCALE = 9_000_000
const UINT32 = 4_294_967_295

const KEY = 'PARTITION BY tenantId, sid, playerId'
const EARLIER = `(${KEY} ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`
const LATER = `(${KEY} ORDER BY place ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)`

/** Each event beside the one after it, and what was settled before it. */
const besideNext = sql`
  SELECT *,
    leadInFrame(at, 1, at) OVER later AS nextAt,
    leadInFrame(playheadMs, 1, playheadMs) OVER later AS nextPlayheadMs,
    max(toUInt32(ifNull(intervalMs, 0))) OVER whole AS longestMs,
    max(liveLatencyMs IS NOT NULL) OVER whole AS isLive,
    anyLast(if(state = 'rebuffering', NULL, CAST(state, 'Nullable(String)'))) OVER earlier AS settled,
    max(type = 'playback.view.started' OR state = 'playing') OVER earlier AS started,
    max(state = 'playing') OVER earlier AS contentStarted
  FROM placed
  WINDOW whole AS (${KEY}), earlier AS ${EARLIER}, later AS ${LATER}`

/** Sizes in millionths: the dimension that fits first decides. Null where the player did not say. */
const fit = (player: string, video: string): string =>
  `if(ifNull(${player}, 0) > 0 AND ifNull(${video}, 0) > 0, ` +
  `intDivOrZero(toInt64(ifNull(${player}, 0)) * 1000000, toInt64(ifNull(${video}, 0))), NULL)`

/*
 * Each step is a query of its own although one could say several: the engine puts what a name stands for in its place
 * wherever it is used, and names upon names made planning a view cost more than building it.
 */
const measured = sql`
  SELECT *,
    toFloat64(greatest(0, toInt64(nextPlayheadMs) - toInt64(playheadMs))) AS movedMs,
    toFloat64(greatest(0, nextAt - at)) AS gapMs,
    toFloat64(if(longestMs = 0, ${String(DEFAULT_INTERVAL_MS)}, longestMs)) AS promisedMs,
    if(rate > 0, rate, 1) AS speed,
    ${fit('playerHeightPx', 'videoHeightPx')} AS byHeight,
    ${fit('playerWidthPx', 'videoWidthPx')} AS byWidth
  FROM beside_next`

/** What the player did until the next event. Waiting is part of what it was said to be in: a seek, an ad, a pause, joining. */
const told = sql`
  SELECT *,
    multiIf(state != 'rebuffering', state, NOT started, 'joining', settled = 'ad', 'adRebuffering',
      settled IN ('seeking', 'paused', 'failed'), assumeNotNull(settled), movedMs > ${String(STILL_MS)}, 'playing',
      'rebuffering') AS doing,
    coalesce(least(byHeight, byWidth), byHeight, byWidth) AS scale
  FROM measured`

/** How much of that is believed. */
const credited = sql`
  SELECT *,
    toUInt32(multiIf(
      doing = 'playing', least(gapMs, if(isLive, gapMs, movedMs / speed + ${String(PLAYHEAD_SLACK_MS)}), 2 * promisedMs),
      doing IN ('rebuffering', 'adRebuffering', 'seeking', 'joining', 'ad'),
        least(gapMs, greatest(2 * promisedMs, toFloat64(${String(WAIT_CAP_MS)}))),
      toFloat64(0))) AS creditMs,
    doing = 'playing' AND (isLive OR movedMs > 0) AS plays,
    lagInFrame(doing, 1, '') OVER ${EARLIER} AS didBefore
  FROM told`

/** The content played in it (live content goes with the clock on the wall), and to which wait or seek it belongs. */
const withRuns = sql`
  SELECT *,
    toUInt32(playheadMs) AS partFrom,
    toUInt32(least(toFloat64(${String(UINT32)}), multiIf(isLive, toFloat64(playheadMs) + creditMs,
      movedMs <= creditMs * speed + 1000, playheadMs + movedMs, playheadMs + creditMs * speed))) AS partTo,
    ifNull(videoHeightPx, 0) AS shownPx,
    doing = 'rebuffering' AND didBefore != 'rebuffering' AS stallBegins,
    countIf(doing != 'rebuffering') OVER earlier AS stallGroup,
    anyLast(if(doing != 'seeking' AND didBefore = 'seeking', toNullable(at), NULL)) OVER earlier AS soughtAt,
    (didBefore = 'ended' AND doing = 'playing')
      OR (doing = 'playing' AND toInt64(nextPlayheadMs) + 1000 < toInt64(playheadMs)) AS loops,
    doing = 'playing' AND scale IS NOT NULL AND creditMs > 0 AS isScaled,
    toUInt64(least(${String(MAX_UPSCALE)}, greatest(0, ifNull(scale, 0) - 1000000))) AS upscale,
    toUInt64(greatest(0, 1000000 - ifNull(scale, 1000000))) AS downscale,
    least(ifNull(bitrateKbps, 0), ${String(MAX_KBPS)}) AS kbps,
    doing = 'playing' AND ifNull(liveLatencyMs <= ${String(LIVE_MS)}, false) AS isNearLive
  FROM credited
  WINDOW earlier AS ${EARLIER}`

/** From when to when somebody was there: until the next event, as far as silence and waiting are believed. */
const withPresence = sql`
  SELECT *,
    doing = 'seeking' AND didBefore != 'seeking' AND NOT ifNull(at - soughtAt < ${String(SCRUB_MS)}, false) AS seekBegins,
    min(at) OVER (${KEY}, doing = 'rebuffering', stallGroup) AS stallFrom,
    toInt64(multiIf(
      doing NOT IN ('joining', 'playing', 'rebuffering', 'seeking', 'ad', 'adRebuffering'), at,
      least(nextAt, at + toInt64(greatest(3 * promisedMs, toFloat64(${String(SILENCE_MS)}))),
        if(doing = 'rebuffering', stallFrom + ${String(WAITING_MS)}, nextAt)))) AS activeTo
  FROM with_runs`

const parts = 'arraySort(groupArrayIf((place, partFrom, partTo), plays AND partTo > partFrom))'
/** Joins neighbours of a list of parts; `touches` says when part `x` goes on from the last one. */
const fold = (list: string, touches: string, type: 'UInt32' | 'Int64'): string =>
  `arrayFold((done, x) -> if(length(done) > 0 AND ${touches}, ` +
  `arrayConcat(arrayPopBack(done), [(done[-1].1, greatest(done[-1].2, x.2))]), arrayPushBack(done, x)), ` +
  `${list}, CAST([], 'Array(Tuple(${type}, ${type}))'))`
const overlaps = `x.1 <= done[-1].2 + ${JOIN_MS}`
const goesOn = `${overlaps} AND x.1 + ${JOIN_MS} >= done[-1].2`

const gathered = (lost: string): string => sql`
  SELECT tenantId, sid, playerId,
    argMin(titleId, place) AS titleId,
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
    sumIf(toInt64(gapMs), doing IN ('ad', 'adRebuffering') AND NOT contentStarted) AS adBeforeMs,
    argMaxIf(endReason, place, type = 'playback.view.ended') AS saidEnd,
    argMax(if(doing = 'adRebuffering', 'ad', doing), place) AS lastState,
    argMax(stallFrom, place) AS lastStallFrom,
    max(promisedMs) AS intervalMs,
    sumIf(creditMs, doing IN ('playing', 'rebuffering', 'seeking') AND started) AS watchMs,
    sumIf(creditMs, doing IN ('playing', 'rebuffering', 'seeking') AND started AND visible) AS visibleMs,
    sumIf(creditMs, doing = 'playing') AS playingMs,
    sumIf(creditMs, doing = 'ad') AS adMs,
    sumIf(creditMs, doing = 'adRebuffering') AS adRebufferMs,
    sumIf(creditMs, doing = 'rebuffering') AS rebufferMs,
    countIf(stallBegins) AS rebufferCount,
    countIf(seekBegins) AS seekCount,
    sumIf(creditMs, doing = 'seeking') AS seekMs,
    countIf(loops) AS loopCount,
    countIf(fatal AND NOT ifNull(business, false)) > 0 AS failed,
    countIf(fatal AND ifNull(business, false)) > 0 AS businessFailure,
    ${parts} AS sortedParts,
    arraySort(arrayMap(x -> (x.2, x.3), sortedParts)) AS byPlace,
    arrayMap(x -> (x.2, x.3), sortedParts) AS byTime,
    arraySort(groupArrayIf((at, activeTo), activeTo > at)) AS presence,
    arraySort(groupArrayIf((stallGroup, place, playheadMs, creditMs, shownPx), doing = 'rebuffering')) AS waits,
    arrayDistinct(arrayMap(x -> x.1, waits)) AS waitGroups,
    sumIf(toUInt64(kbps) * creditMs, doing = 'playing' AND bitrateKbps IS NOT NULL) AS bitrateTime,
    sumIf(creditMs, doing = 'playing' AND bitrateKbps IS NOT NULL) AS bitrateMs,
    sumIf(upscale * creditMs, isScaled) AS upscaleTime,
    sumIf(downscale * creditMs, isScaled) AS downscaleTime,
    maxIf(upscale, isScaled) AS upscaleMost,
    sumIf(creditMs, isScaled) AS scaledMs,
    sumIf(toUInt64(ifNull(liveLatencyMs, 0)) * creditMs, isNearLive) AS liveLatencyTime,
    sumIf(creditMs, isNearLive) AS liveMs,
    max(isLive) AS live,
    max(videoHeightPx) AS videoHeightPx,
    argMin(deviceKind, place) AS deviceKind,
    argMin(playerName, place) AS playerName,
    argMin(surface, place) AS surface,
    max(recommendationId) AS recommendationId,
    arraySort(arrayDistinct(arrayFlatten(groupArray(arrayMap(x -> toString(x), experiments))))) AS experiments,
    max(bot) AS program,
    max(kids) AS kids,
    max(ifNull(own, false)) AS own,
    max(ifNull(staff, false)) AS staff,
    sum(reports) AS eventCount,
    ${lost} AS lostCount,
    count() - uniqExact(baseId) AS reusedIds
  FROM with_presence
  GROUP BY tenantId, sid, playerId`

const instant = (ms: string): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`
/** Null when it is longer than anybody waits. */
const wait = (ms: string): string => `if(${ms} <= ${IDLE_MS}, toUInt32(greatest(0, ${ms})), NULL)`

/** What each column of the table is, from what was gathered. */
const VALUES: Partial<Record<(typeof VIEW_COLUMNS)[number][0], string>> = {
  startedAt: instant('intentAt'),
  firstFrameAt: `if(isPlay, ${instant('firstAtFrame')}, NULL)`,
  endedAt: instant('lastAt'),
  endReason: `multiIf(ifNull(saidEnd, '') != '', assumeNotNull(saidEnd), lastState = 'failed' OR failed, 'failed',
    lastAt < {now:Int64} - ${IDLE_MS}, 'dropped', 'open')`,
  waitingSince: `if(lastState = 'rebuffering', ${instant('lastStallFrom')}, NULL)`,
  startupMs: `if(isPlay, if(requested, ${wait('firstAtFrame - requestedAt')}, saidStartupMs), NULL)`,
  contentStartupMs: `if(playings > 0 AND requested, ${wait('playingAt - requestedAt - adBeforeMs')}, NULL)`,
  startFailure: 'failed AND NOT isPlay',
  playbackFailure: 'failed',
  exitBeforeStart: `NOT isPlay AND NOT failed AND NOT businessFailure AND ended`,
  exitWaitMs: `if(NOT isPlay AND NOT failed AND NOT businessFailure AND ended,
    toUInt32(least(${IDLE_MS}, greatest(0, lastAt - intentAt))), NULL)`,
  droppedBeforeStart: 'NOT isPlay AND NOT failed AND NOT businessFailure AND NOT ended',
  contentMs: 'toUInt32(arraySum(arrayMap(x -> x.2 - x.1, watched)))',
  watchedFrom: 'arrayMap(x -> x.1, watched)',
  watchedTo: 'arrayMap(x -> x.2, watched)',
  playedFrom: 'arrayMap(x -> x.1, played)',
  playedTo: 'arrayMap(x -> x.2, played)',
  stallAtMs: 'arrayMap(g -> toUInt32(arrayFirst(x -> x.1 = g, waits).3), waitGroups)',
  stallMs: 'arrayMap(g -> toUInt32(arraySum(arrayMap(x -> if(x.1 = g, x.4, 0), waits))), waitGroups)',
  stallHeightPx: 'arrayMap(g -> toUInt16(arrayMax(arrayMap(x -> if(x.1 = g, x.5, 0), waits))), waitGroups)',
  bitrateKbps: 'if(bitrateMs > 0, bitrateTime / bitrateMs, NULL)',
  activeFrom: 'arrayMap(x -> x.1, active)',
  activeTo: 'arrayMap(x -> x.2, active)',
  impossible: `watchMs > lastAt - firstAt + ${OVER_MS}`,
  bot: `program OR watchMs > lastAt - firstAt + ${OVER_MS}`,
  rushed: 'false',
  builtBy: String(VIEWS_VERSION),
  revision: `toUInt64(${VIEWS_VERSION}) * 1099511627776 + eventCount`,
}

const folded = sql`
  SELECT *,
    if(requested, requestedAt, firstAt) AS intentAt,
    frames > 0 OR playings > 0 AS isPlay,
    if(frames > 0, frameAt, playingAt) AS firstAtFrame,
    ifNull(saidEnd, '') != '' AS ended,
    ${fold('byPlace', overlaps, 'UInt32')} AS watched,
    ${fold('byTime', goesOn, 'UInt32')} AS played,
    ${fold('presence', 'x.1 <= done[-1].2', 'Int64')} AS active
  FROM gathered`

/*
 * One thread: two would share out the events by view before each window, which costs as much as all the rest (1,340 views of
 * 40 events: 1.0 s of CPU with two, 0.55 with one, and sooner done).
 * Steps have names, not places within each other: the engine's parser reads a query in a query in a query twice as often
 * with every level, which at eleven of them cost a quarter of all planning.
 */
const rebuilt = (events: readonly Step[], lost: string): string => {
  const steps: readonly Step[] = [
    ...events,
    ['beside_next', besideNext],
    ['measured', measured],
    ['told', told],
    ['credited', credited],
    ['with_runs', withRuns],
    ['with_presence', withPresence],
    ['gathered', gathered(lost)],
    ['folded', folded],
  ]
  return sql`INSERT INTO views (${VIEW_COLUMNS.map(([name]) => name).join(', ')})
SETTINGS max_threads = 1
WITH ${steps.map(([name, select]) => `${name} AS (${select})`).join(',\n')}
SELECT ${VIEW_COLUMNS.map(([name]) => VALUES[name] ?? name).join(',\n  ')}
FROM folded`
}

/** Rebuilds the rows of the views from what players of ours said. `now` closes those that have been idle too long. */
export const rebuildViews = (keys: readonly ViewKey[], now: number): Statement => ({
  sql: rebuilt(PLACED_EVENTS, LOST),
  params: { ...paramsOf(keys), now },
})
/** The same of views that others' players reported, from what was told of them last. */
export const rebuildToldViews = (now: number): Statement => ({
  sql: rebuilt([['placed', TOLD_EVENTS]], 'max(lost)'),
  params: { now },
})
