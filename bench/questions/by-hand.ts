/**
 * The studio's questions written by hand over the raw events, as somebody would who has only those: the simple form, the
 * same numbers. Views of a period are read with an hour to both sides, so that none is cut.
 */
import { CREATOR, DAY_MS, TENANT, TITLE } from '#bench/questions/world.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

const HOUR_MS = 3_600_000
export type Asked = { readonly from: number; readonly to: number; readonly title: boolean }

const ms = (column: string): string => `toUnixTimestamp64Milli(${column})`
const titles = sql`(SELECT titleId FROM catalog_events WHERE tenantId = {tenantId:String} AND creatorId = {creatorId:String})`
const within = (title: boolean): string =>
  `tenantId = {tenantId:String} AND ${title ? 'titleId = {titleId:String}' : `titleId IN ${titles}`}
    AND surface != 'preview' AND NOT bot AND derivedAt >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    AND derivedAt < fromUnixTimestamp64Milli({until:Int64}, 'UTC')`

/** Each event with the time until the next one of its view. */
const gaps = (title: boolean): string => sql`(
  SELECT sid, titleId, viewerKey, state, playheadMs, startupMs, endReason, intervalMs, ${ms('derivedAt')} AS at,
    leadInFrame(at, 1, at) OVER view - at AS gapMs, leadInFrame(playheadMs, 1, playheadMs) OVER view AS nextMs
  FROM playback_events WHERE ${within(title)}
  WINDOW view AS (PARTITION BY sid ORDER BY seq ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING))`

const views = (title: boolean): string => sql`(
  SELECT sid, any(titleId) AS titleId, any(viewerKey) AS viewerKey, min(at) AS startMs, max(at) AS endMs,
    countIf(state = 'rebuffering') AS waits, sumIf(toInt64(nextMs) - playheadMs, state = 'playing') AS contentMs,
    max(startupMs) AS startupMs, sumIf(gapMs, state = 'playing') AS playingMs, sumIf(gapMs, state = 'rebuffering') AS rebufferMs,
    playingMs + rebufferMs AS watchMs, argMax(state, at) AS lastState, max(intervalMs) AS intervalMs
  FROM ${gaps(title)} GROUP BY sid)`

const STARTS = 'startMs >= {from:Int64} AND startMs < {to:Int64}'
const ENDS = 'endMs >= {from:Int64} AND endMs < {to:Int64}'
const asked = <T>(text: string, { from, to, title }: Asked): Statement<T> => ({
  sql: text,
  params: {
    tenantId: TENANT,
    ...(title ? { titleId: TITLE } : { creatorId: CREATOR }),
    ...(text.includes('{from:') ? { from } : {}),
    ...(text.includes('{to:') ? { to } : {}),
    ...(text.includes('{since:') ? { since: from - HOUR_MS, until: to + HOUR_MS } : {}),
  },
})

/** The figures that these views have, by the names the studio has for them. */
const FIGURES = {
  views: `toUInt32(countIf(${STARTS}))`,
  uniqueViewers: `toUInt32(uniqExactIf(viewerKey, ${STARTS}))`,
  watchTimeMs: `sumIf(watchMs, ${STARTS})`,
  playingTimeMs: `sumIf(playingMs, ${STARTS})`,
  averageViewMs: `sumIf(watchMs, ${STARTS}) / countIf(${STARTS})`,
  validPlays: `toUInt32(countIf(${STARTS} AND playingMs >= 30000))`,
  completePercent: `100 * countIf(${STARTS} AND contentMs * 100 >= durationMs * 99) / countIf(${STARTS})`,
  startupP50Ms: `quantileExactIf(0.5)(startupMs, ${ENDS})`,
  startupP95Ms: `quantileExactIf(0.95)(startupMs, ${ENDS})`,
  startupP99Ms: `quantileExactIf(0.99)(startupMs, ${ENDS})`,
  rebufferPercent: `100 * sumIf(rebufferMs, ${ENDS}) / sumIf(watchMs, ${ENDS})`,
  rebuffersPerMinute: `60000 * sumIf(waits, ${ENDS}) / sumIf(watchMs, ${ENDS})`,
  bufferFreePercent: `100 * countIf(${ENDS} AND waits = 0) / countIf(${ENDS})`,
  impressions: 'any(seen)',
  clickThroughPercent: '100 * any(clicked) / any(seen)',
} as const
export type HandFigures = Readonly<Record<keyof typeof FIGURES, number | null>>
export const FIGURE_NAMES = Object.keys(FIGURES) as readonly (keyof typeof FIGURES)[]

export const figuresByHand = (of: Asked): Statement<HandFigures> =>
  asked(
    sql`SELECT ${FIGURE_NAMES.map((name) => `${FIGURES[name]} AS ${name}`).join(', ')}
    FROM ${views(of.title)} AS v
    LEFT JOIN (SELECT titleId, any(durationMs) AS durationMs FROM catalog_events WHERE tenantId = {tenantId:String}
      GROUP BY titleId) AS lengths USING (titleId)
    CROSS JOIN (SELECT toUInt32(countIf(type = 'discovery.impression.seen')) AS seen,
        toUInt32(countIf(type = 'discovery.item.clicked')) AS clicked FROM discovery_events
      WHERE tenantId = {tenantId:String} AND ${of.title ? 'titleId = {titleId:String}' : `titleId IN ${titles}`}
        AND ${ms('derivedAt')} >= {from:Int64} AND ${ms('derivedAt')} < {to:Int64}) AS thumbnails`,
    of,
  )

export const seriesByHand = (of: Asked): Statement<{ at: number; views: number; watchTimeMs: number }> =>
  asked(
    sql`SELECT intDiv(startMs, ${String(DAY_MS)}) * ${String(DAY_MS)} AS at, toUInt32(uniqExact(sid)) AS views,
      sum(watchMs) AS watchTimeMs FROM ${views(of.title)} WHERE ${STARTS} GROUP BY at ORDER BY at`,
    of,
  )

export const topTitlesByHand = (
  of: Asked,
  limit: number,
): Statement<{ titleId: string; views: number; watchTimeMs: number }> =>
  asked(
    sql`SELECT titleId, toUInt32(count()) AS views, sum(watchMs) AS watchTimeMs FROM ${views(of.title)} WHERE ${STARTS}
      GROUP BY titleId ORDER BY views DESC, watchTimeMs DESC, titleId LIMIT ${String(limit)}`,
    of,
  )

type Now = {
  readonly concurrentViewers: number
  readonly viewsLastHour: number
  readonly viewsLast48Hours: number
}
export const realtimeByHand = (of: Asked): Statement<Now> =>
  asked(
    sql`SELECT toUInt32(countIf(lastState = 'playing' AND endMs >= {to:Int64} - greatest(3 * intervalMs, 30000)))
        AS concurrentViewers,
      toUInt32(countIf(${STARTS} AND startMs >= {to:Int64} - ${String(HOUR_MS)})) AS viewsLastHour,
      toUInt32(countIf(${STARTS})) AS viewsLast48Hours FROM ${views(of.title)}`,
    of,
  )

/** How many plays saw each second of each title of the channel. */
export const retentionByHand = (of: Asked): Statement<{ titleId: string; second: number; viewers: number }> =>
  asked(
    sql`SELECT titleId, second, toUInt32(uniqExact(sid)) AS viewers FROM (
        SELECT sid, titleId, arrayJoin(range(toUInt32(ceil(playheadMs / 1000 - 0.5)), toUInt32(floor(nextMs / 1000 - 0.5) + 1)))
          AS second
        FROM ${gaps(of.title)} WHERE state = 'playing' AND nextMs > playheadMs
          AND sid IN (SELECT sid FROM playback_events WHERE ${within(of.title)} AND type = 'playback.view.requested'
            AND ${ms('derivedAt')} >= {from:Int64} AND ${ms('derivedAt')} < {to:Int64}))
      GROUP BY titleId, second ORDER BY titleId, second`,
    of,
  )

export const stallsByHand = (of: Asked): Statement<{ second: number; stalls: number; stalledMs: number }> =>
  asked(
    sql`SELECT toUInt32(intDiv(playheadMs, 1000)) AS second, toUInt32(count()) AS stalls, sum(gapMs) AS stalledMs FROM (
        SELECT sid, playheadMs, gapMs, state, max(at) OVER (PARTITION BY sid) AS endMs FROM ${gaps(of.title)})
      WHERE state = 'rebuffering' AND ${ENDS} GROUP BY second ORDER BY second`,
    of,
  )

export const concurrencyByHand = (of: Asked, stepMs: number): Statement<{ at: number; viewers: number }> =>
  asked(
    sql`SELECT intDiv(at, ${String(stepMs)}) * ${String(stepMs)} AS at, toUInt32(max(level)) AS viewers FROM (
        SELECT edge.1 AS at, sum(edge.2) OVER (ORDER BY edge.1, edge.2) AS level FROM (
          SELECT arrayJoin([(greatest(startMs, {from:Int64}), 1), (endMs, -1)]) AS edge
          FROM ${views(of.title)} WHERE endMs > {from:Int64} AND startMs < {to:Int64}))
      GROUP BY at ORDER BY at`,
    of,
  )

const MONTH_MS = 28 * DAY_MS
type Viewers = {
  readonly monthlyViewers: number
  readonly newViewers: number
  readonly regularViewers: number
}
export const audienceByHand = (of: Asked): Statement<Viewers> =>
  asked(
    sql`SELECT toUInt32(countIf(now)) AS monthlyViewers, toUInt32(countIf(now AND oldest = 0)) AS newViewers,
      toUInt32(countIf(now AND oldest > 0 AND months >= 6)) AS regularViewers FROM (
        SELECT viewerKey, min(month) = 0 AS now, max(month) AS oldest, uniqExactIf(month, month < 12) AS months FROM (
          SELECT viewerKey, intDiv({to:Int64} - 1 - ${ms('derivedAt')}, ${String(MONTH_MS)}) AS month FROM playback_events
          WHERE ${within(of.title)} AND type = 'playback.view.requested' AND viewerKey IS NOT NULL)
        GROUP BY viewerKey)`,
    of,
  )
