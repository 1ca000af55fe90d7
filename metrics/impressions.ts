/** Thumbnails seen and clicked. */
import { defineMetric } from '#metrics/define.ts'

const seen = {
  population: 'impressions of the titles',
  clock: 'event time',
  source: 'YouTube help 9314486',
} as const

export const impressionMetrics = [
  defineMetric({
    name: 'impressions',
    about: 'Thumbnails at least half on screen for a second, in a foreground tab.',
    formula: 'count(distinct discovery.impression.seen)',
    unit: 'count',
    ...seen,
    nullWhen: 'never',
    sql: () => 'toUInt32((SELECT impressions FROM seen))',
  }),
  defineMetric({
    name: 'clickThroughPercent',
    about: 'Clicks on impressions.',
    formula: '100 x count(distinct discovery.item.clicked) / impressions',
    unit: 'percent',
    ...seen,
    nullWhen: 'no impressions',
    sql: () =>
      'if((SELECT impressions FROM seen) > 0, 100 * (SELECT clicks FROM seen) / (SELECT impressions FROM seen), NULL)',
  }),
] as const
