/** What stands beside the figures: views left out and why, and views that came late. */
import { defineMetric } from '#metrics/define.ts'
import type { LeftOut } from '#metrics/scope.ts'

const leftOut = (kind: LeftOut, about: string) =>
  ({
    about,
    formula: `count(views of the period that are ${kind} and not included)`,
    unit: 'count',
    population: 'views of the scope that are not previews; each is of the first kind that fits',
    clock: 'view start',
    nullWhen: 'never',
    source: 'IAB/MRC invalid traffic guidelines; YouTube help 9314355',
    sql: () => `toUInt32(countIf(begins AND NOT counted AND kind = '${kind}'))`,
  }) as const

export const leftOutMetrics = [
  defineMetric({
    ...leftOut('bots', 'Views of automated clients: programs, impossible views, rushed viewers.'),
    name: 'excludedBots',
  }),
  defineMetric({
    ...leftOut('own', 'Views of their own titles by creators.'),
    name: 'excludedOwn',
  }),
  defineMetric({
    ...leftOut('staff', 'Views by creators and operators of the tenant, of titles of others.'),
    name: 'excludedStaff',
  }),
  defineMetric({
    name: 'restatedViews',
    about:
      'Views of days of the period of which something came when the day was settled: an hour after its end in UTC.',
    formula: 'count(distinct views with an event received an hour or more after the end of its day)',
    unit: 'count',
    population: 'views of the scope that are not previews; also of bots, of the creator and of staff',
    clock: 'event time',
    nullWhen: 'never',
    source: 'Plausible and GA4 late-hit handling; our own rule',
    sql: () => 'toUInt32((SELECT restated FROM late))',
  }),
] as const
