/** Waiting after the first frame. Seeks, pauses and ads are not rebuffering. By view end. */
import { defineMetric, MUX, quality } from '#metrics/define.ts'
import { count, over, percent, sum } from '#metrics/expressions.ts'

export const rebufferingMetrics = [
  defineMetric({
    name: 'rebufferPercent',
    about: 'Share of watch time spent waiting; the denominator includes the waiting.',
    formula: '100 x sum(rebufferMs) / sum(watchMs)',
    unit: 'percent',
    ...quality,
    nullWhen: 'nothing was watched',
    source: MUX,
    sql: percent(sum('rebufferMs'), sum('watchMs')),
  }),
  defineMetric({
    name: 'rebuffersPerMinute',
    about: 'Times viewers waited per minute watched.',
    formula: 'sum(rebufferCount) / minutes of sum(watchMs)',
    unit: 'per minute',
    ...quality,
    nullWhen: 'nothing was watched',
    source: MUX,
    sql: over(sum('rebufferCount'), sum('watchMs'), 60_000),
  }),
  defineMetric({
    name: 'bufferFreePercent',
    about: 'Plays that never waited.',
    formula: '100 x count(isPlay and rebufferCount = 0) / count(isPlay)',
    unit: 'percent',
    ...quality,
    nullWhen: 'no plays',
    source: MUX,
    sql: percent(count('isPlay AND rebufferCount = 0'), count('isPlay')),
    of: 'playsEnded',
  }),
  defineMetric({
    name: 'adRebufferPercent',
    about: 'Share of the time of ads spent waiting for them; apart from rebuffering of content.',
    formula: '100 x sum(adRebufferMs) / sum(adMs + adRebufferMs)',
    unit: 'percent',
    ...quality,
    nullWhen: 'no ads',
    source: MUX,
    sql: percent(sum('adRebufferMs'), sum('adMs + adRebufferMs')),
  }),
  defineMetric({
    name: 'seekLatencyMs',
    about: 'How long a seek takes until it is ready or over; seeks less than 250 ms apart are one.',
    formula: 'sum(seekMs) / sum(seekCount)',
    unit: 'ms',
    ...quality,
    nullWhen: 'nobody sought',
    source: MUX,
    sql: over(sum('seekMs'), sum('seekCount')),
  }),
] as const
