/** How good the picture was for the screen it was on, and how far behind live. Weighted by time played. By view end. */
import { defineMetric, MUX, quality } from '#metrics/define.ts'
import { over, sum } from '#metrics/expressions.ts'

export const pictureMetrics = [
  defineMetric({
    name: 'upscalePercent',
    about: 'How far the picture was blown up, on the dimension that fits first; 100 % is twice its size.',
    formula: '100 x sum(max(0, (player - video) / video) x time played) / sum(time played at known sizes)',
    unit: 'percent',
    ...quality,
    nullWhen: 'no player said both sizes',
    source: MUX,
    sql: over(sum('upscaleTime'), sum('scaledMs'), 0.0001),
  }),
  defineMetric({
    name: 'downscalePercent',
    about: 'How much of the picture was made for nothing: shown smaller than it is.',
    formula: '100 x sum(max(0, (video - player) / video) x time played) / sum(time played at known sizes)',
    unit: 'percent',
    ...quality,
    nullWhen: 'no player said both sizes',
    source: MUX,
    sql: over(sum('downscaleTime'), sum('scaledMs'), 0.0001),
  }),
  defineMetric({
    name: 'bitrateKbps',
    about: 'Bitrate of what was shown.',
    formula: 'sum(bitrate x time played) / sum(time played at a known bitrate)',
    unit: 'kbps',
    ...quality,
    nullWhen: 'no player said its bitrate',
    source: MUX,
    sql: over(sum('bitrateTime'), sum('bitrateMs')),
  }),
  defineMetric({
    name: 'liveLatencyMs',
    about: 'How far behind live the playhead was; more than 5 minutes behind is not live.',
    formula: 'sum((now - programme time at the playhead) x time played) / sum(time played live)',
    unit: 'ms',
    ...quality,
    nullWhen: 'nothing was watched live',
    source: 'CTA-5004 CMCD v2 (ltc); Eyevinn EPAS',
    sql: over(sum('liveLatencyTime'), sum('liveMs')),
  }),
] as const
