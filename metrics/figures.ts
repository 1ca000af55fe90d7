/** The figures of a period: engagement by view start, quality by view end. Ratios are sums over sums. */
import { defineMetric, POPULATION } from '#metrics/define.ts'
import { type Period, type Scope, scopedViews, scopeParams, titleCondition, titles } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

const MUX = 'Mux Data metric guides: playback success, startup time, smoothness'
const YOUTUBE = 'YouTube Analytics metrics reference'
const engagement = { population: POPULATION, clock: 'view start' } as const
const quality = { population: POPULATION, clock: 'view end' } as const

export const figureMetrics = [
  defineMetric({
    name: 'views',
    about: 'Attempts to play.',
    formula: 'count(views)',
    unit: 'count',
    ...engagement,
    nullWhen: 'never',
    source: MUX,
  }),
  defineMetric({
    name: 'plays',
    about: 'Views with a first frame.',
    formula: 'count(isPlay)',
    unit: 'count',
    ...engagement,
    nullWhen: 'never',
    source: MUX,
  }),
  defineMetric({
    name: 'uniqueViewers',
    about: 'Different viewers; never adds up over titles or days.',
    formula: 'count(distinct viewerKey)',
    unit: 'count',
    ...engagement,
    nullWhen: 'never',
    source: YOUTUBE,
  }),
  defineMetric({
    name: 'watchTimeMs',
    about: 'Time spent playing, rebuffering and seeking after the first frame.',
    formula: 'sum(watchMs)',
    unit: 'ms',
    ...engagement,
    nullWhen: 'never',
    source: MUX,
  }),
  defineMetric({
    name: 'averageViewMs',
    about: 'Watch time per play.',
    formula: 'sum(watchMs) / count(isPlay)',
    unit: 'ms',
    ...engagement,
    nullWhen: 'no plays',
    source: YOUTUBE,
  }),
  defineMetric({
    name: 'completePercent',
    about: 'Plays that saw at least 99 % of the content.',
    formula: '100 x count(contentMs >= 0.99 x length) / count(isPlay)',
    unit: 'percent',
    ...engagement,
    nullWhen: 'no plays',
    source: YOUTUBE,
  }),
  defineMetric({
    name: 'startupP50Ms',
    about: 'Median time from intent to first frame.',
    formula: 'quantileExact(0.5)(startupMs)',
    unit: 'ms',
    ...quality,
    nullWhen: 'no startup was measured',
    source: MUX,
  }),
  defineMetric({
    name: 'startupP95Ms',
    about: 'Time from intent to first frame that 95 % of plays stay under.',
    formula: 'quantileExact(0.95)(startupMs)',
    unit: 'ms',
    ...quality,
    nullWhen: 'no startup was measured',
    source: MUX,
  }),
  defineMetric({
    name: 'rebufferPercent',
    about: 'Share of watch time spent waiting; the denominator includes the waiting.',
    formula: '100 x sum(rebufferMs) / sum(watchMs)',
    unit: 'percent',
    ...quality,
    nullWhen: 'nothing was watched',
    source: MUX,
  }),
  defineMetric({
    name: 'bufferFreePercent',
    about: 'Plays that never waited.',
    formula: '100 x count(isPlay and rebufferCount = 0) / count(isPlay)',
    unit: 'percent',
    ...quality,
    nullWhen: 'no plays',
    source: MUX,
  }),
  defineMetric({
    name: 'startFailurePercent',
    about: 'Views that met a fatal error before the first frame (VSF).',
    formula: '100 x count(startFailure) / count(views)',
    unit: 'percent',
    ...quality,
    nullWhen: 'no views',
    source: MUX,
  }),
  defineMetric({
    name: 'playbackFailurePercent',
    about: 'Views that met a fatal error at any time (VPF).',
    formula: '100 x count(playbackFailure) / count(views)',
    unit: 'percent',
    ...quality,
    nullWhen: 'no views',
    source: MUX,
  }),
  defineMetric({
    name: 'exitBeforeStartPercent',
    about: 'Views left before the first frame without a failure (EBVS).',
    formula: '100 x count(exitBeforeStart) / count(views)',
    unit: 'percent',
    ...quality,
    nullWhen: 'no views',
    source: MUX,
  }),
  defineMetric({
    name: 'impressions',
    about: 'Thumbnails at least half on screen for a second, in a foreground tab.',
    formula: 'count(distinct discovery.impression.seen)',
    unit: 'count',
    population: 'impressions of the titles',
    clock: 'event time',
    nullWhen: 'never',
    source: 'YouTube help 9314486',
  }),
  defineMetric({
    name: 'clickThroughPercent',
    about: 'Clicks on impressions.',
    formula: '100 x count(distinct discovery.item.clicked) / impressions',
    unit: 'percent',
    population: 'impressions of the titles',
    clock: 'event time',
    nullWhen: 'no impressions',
    source: 'YouTube help 9314486',
  }),
] as const

export type Figures = {
  readonly views: number
  readonly plays: number
  readonly uniqueViewers: number
  readonly watchTimeMs: number
  readonly averageViewMs: number | null
  readonly completePercent: number | null
  readonly startupP50Ms: number | null
  readonly startupP95Ms: number | null
  readonly rebufferPercent: number | null
  readonly bufferFreePercent: number | null
  readonly startFailurePercent: number | null
  readonly playbackFailurePercent: number | null
  readonly exitBeforeStartPercent: number | null
  readonly impressions: number
  readonly clickThroughPercent: number | null
}

const ratio = (part: string, whole: string): string => `if(${whole} > 0, 100 * (${part}) / (${whole}), NULL)`
const complete =
  "countIf(inStart AND isPlay AND if(lengthMs > 0, contentMs >= 0.99 * lengthMs, endReason = 'completed'))"
const startups = 'inEnd AND startupMs IS NOT NULL'

/** One row of Figures. */
export const figures = (scope: Scope, period: Period): Statement<Figures> => ({
  sql: sql`WITH seen AS (
    SELECT uniqExactIf(eventId, type = 'discovery.impression.seen') AS impressions,
      uniqExactIf(eventId, type = 'discovery.item.clicked') AS clicks
    FROM discovery_events
    WHERE ${titleCondition(scope)} AND type IN ('discovery.impression.seen', 'discovery.item.clicked')
      AND toUnixTimestamp64Milli(derivedAt) >= {from:Int64} AND toUnixTimestamp64Milli(derivedAt) < {to:Int64})
  SELECT
    toUInt32(countIf(inStart)) AS views,
    toUInt32(countIf(inStart AND isPlay)) AS plays,
    toUInt32(uniqExactIf(viewerKey, inStart AND viewerKey IS NOT NULL)) AS uniqueViewers,
    toFloat64(sumIf(watchMs, inStart)) AS watchTimeMs,
    if(plays > 0, watchTimeMs / plays, NULL) AS averageViewMs,
    ${ratio(complete, 'plays')} AS completePercent,
    if(countIf(${startups}) > 0, toFloat64(quantileExactIf(0.5)(assumeNotNull(startupMs), ${startups})), NULL) AS startupP50Ms,
    if(countIf(${startups}) > 0, toFloat64(quantileExactIf(0.95)(assumeNotNull(startupMs), ${startups})), NULL) AS startupP95Ms,
    ${ratio('sumIf(rebufferMs, inEnd)', 'sumIf(watchMs, inEnd)')} AS rebufferPercent,
    ${ratio('countIf(inEnd AND isPlay AND rebufferCount = 0)', 'countIf(inEnd AND isPlay)')} AS bufferFreePercent,
    ${ratio('countIf(inEnd AND startFailure)', 'countIf(inEnd)')} AS startFailurePercent,
    ${ratio('countIf(inEnd AND playbackFailure)', 'countIf(inEnd)')} AS playbackFailurePercent,
    ${ratio('countIf(inEnd AND exitBeforeStart)', 'countIf(inEnd)')} AS exitBeforeStartPercent,
    toUInt32((SELECT impressions FROM seen)) AS impressions,
    if((SELECT impressions FROM seen) > 0, 100 * (SELECT clicks FROM seen) / (SELECT impressions FROM seen), NULL) AS clickThroughPercent
  FROM ${scopedViews(scope)} AS v
  LEFT JOIN (SELECT titleId, durationMs AS lengthMs FROM ${titles}) AS lengths USING (titleId)`,
  params: scopeParams(scope, period),
})
