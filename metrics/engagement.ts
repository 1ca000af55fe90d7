/** How much was watched, and how far. By view start. */
import { defineMetric, engagement, MUX, YOUTUBE } from '#metrics/define.ts'
import { count, over, percent, sum, unique } from '#metrics/expressions.ts'

/** The whole content: 99 % of it seen; where its length is unknown, played to its end. */
export const COMPLETE = `if(lengthMs > 0, contentMs * 100 >= lengthMs * 99, endReason = 'completed')`
/** Rendering for 30 s, or the whole of something shorter. */
export const VALID = `(playingMs >= 30000 OR (isPlay AND lengthMs < 30000 AND ${COMPLETE}))`

export const engagementMetrics = [
  defineMetric({
    name: 'views',
    about: 'Attempts to play.',
    formula: 'count(views)',
    unit: 'count',
    ...engagement,
    nullWhen: 'never',
    source: MUX,
    sql: count(),
  }),
  defineMetric({
    name: 'plays',
    about: 'Views with a first frame.',
    formula: 'count(isPlay)',
    unit: 'count',
    ...engagement,
    nullWhen: 'never',
    source: MUX,
    sql: count('isPlay'),
  }),
  defineMetric({
    name: 'uniqueViewers',
    about: 'Different viewers; never adds up over titles or days.',
    formula: 'count(distinct viewerKey)',
    unit: 'count',
    ...engagement,
    nullWhen: 'never',
    source: YOUTUBE,
    sql: unique('viewerKey'),
  }),
  defineMetric({
    name: 'watchTimeMs',
    about: 'Time spent playing, rebuffering and seeking after the first frame, by the clock on the wall.',
    formula: 'sum(watchMs)',
    unit: 'ms',
    ...engagement,
    nullWhen: 'never',
    source: MUX,
    sql: sum('watchMs'),
  }),
  defineMetric({
    name: 'playingTimeMs',
    about: 'Time spent rendering content.',
    formula: 'sum(playingMs)',
    unit: 'ms',
    ...engagement,
    nullWhen: 'never',
    source: MUX,
    sql: sum('playingMs'),
  }),
  defineMetric({
    name: 'visiblePercent',
    about: 'Watch time on screen in a foreground tab; the rest was in the background.',
    formula: '100 x sum(visibleMs) / sum(watchMs)',
    unit: 'percent',
    ...engagement,
    nullWhen: 'nothing was watched',
    source: 'Snowplow media: percent of playback in view',
    sql: percent(sum('visibleMs'), sum('watchMs')),
  }),
  defineMetric({
    name: 'averageViewMs',
    about: 'Watch time per play.',
    formula: 'sum(watchMs) / count(isPlay)',
    unit: 'ms',
    ...engagement,
    nullWhen: 'no plays',
    source: YOUTUBE,
    sql: over(sum('watchMs'), count('isPlay')),
  }),
  defineMetric({
    name: 'validPlays',
    about: 'Plays that count: 30 s rendered, or the whole of something shorter.',
    formula: 'count(playingMs >= 30 s, or length < 30 s and complete)',
    unit: 'count',
    ...engagement,
    nullWhen: 'never',
    source: YOUTUBE,
    sql: count(VALID),
  }),
  defineMetric({
    name: 'completePercent',
    about: 'Plays that saw at least 99 % of the content; each part counts once.',
    formula: '100 x count(contentMs >= 0.99 x length) / count(isPlay)',
    unit: 'percent',
    ...engagement,
    nullWhen: 'no plays',
    source: YOUTUBE,
    sql: percent(count(`isPlay AND ${COMPLETE}`), count('isPlay')),
    of: 'plays',
  }),
] as const
