/** How long viewers wait for the first frame. By view end. */
import { defineMetric, MUX, quality } from '#metrics/define.ts'
import { quantile } from '#metrics/expressions.ts'

const startup = (level: number, about: string) =>
  ({
    about,
    formula: `quantileExact(${level})(startupMs)`,
    unit: 'ms',
    ...quality,
    nullWhen: 'no startup was measured',
    source: MUX,
    sql: quantile(level, 'startupMs'),
  }) as const
const contentStartup = (level: number, about: string) =>
  ({
    about,
    formula: `quantileExact(${level})(first content frame - intent - ads loaded and shown before it)`,
    unit: 'ms',
    ...quality,
    nullWhen: 'no startup was measured',
    source: MUX,
    sql: quantile(level, 'contentStartupMs'),
  }) as const

export const startupMetrics = [
  defineMetric({
    ...startup(0.5, 'Median time from intent to the first frame of anything, ads too.'),
    name: 'startupP50Ms',
  }),
  defineMetric({
    ...startup(0.95, 'Time from intent to first frame that 95 % of plays stay under.'),
    name: 'startupP95Ms',
  }),
  defineMetric({
    ...startup(0.99, 'Time from intent to first frame that 99 % of plays stay under.'),
    name: 'startupP99Ms',
  }),
  defineMetric({
    ...contentStartup(
      0.5,
      'Median time from intent to the first frame of content, without the ads before it.',
    ),
    name: 'contentStartupP50Ms',
  }),
  defineMetric({
    ...contentStartup(0.95, 'The same that 95 % of plays stay under.'),
    name: 'contentStartupP95Ms',
  }),
] as const
