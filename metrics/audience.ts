/** Who comes back: the viewers of the last 28 days, new, casual and regular. Small groups are not told. */
import { type ComputedMetric, defineMetric, POPULATION, type Value, YOUTUBE } from '#metrics/define.ts'
import { COUNTED, type Scope, scopeParams, titleCondition } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

/** A month of 28 days: the same days of the week in each. */
export const MONTH_MS = 28 * 24 * 3_600_000
/** Regular: there in this many of the last twelve months. */
export const REGULAR_MONTHS = 6
/** Groups of fewer viewers are not told; larger ones in steps of this, so that two answers never differ by one viewer. */
export const LEAST = 5

const audience = {
  unit: 'count',
  population: `${POPULATION}; plays of viewers with a key in the 28 days before now`,
  clock: 'view start',
  source: `${YOUTUBE}; new, casual and regular viewers`,
} as const

export const audienceMetrics = [
  defineMetric({
    name: 'monthlyViewers',
    about: 'Different viewers of the last 28 days.',
    formula: 'count(distinct viewerKey)',
    ...audience,
    nullWhen: 'never',
    sql: (current) => `toUInt32(countIf(${current}))`,
  }),
  defineMetric({
    name: 'newViewers',
    about: 'Of them, seen for the first time within the 28 days. Down to a multiple of 5.',
    formula: 'count(first play within 28 days)',
    ...audience,
    nullWhen: 'fewer than 5',
    sql: (current) => `toUInt32(countIf(${current} AND oldest = 0))`,
  }),
  defineMetric({
    name: 'casualViewers',
    about:
      'Of them, seen before, and in fewer than 6 of the last 12 months of 28 days. Down to a multiple of 5.',
    formula: 'count(not new and months < 6)',
    ...audience,
    nullWhen: 'fewer than 5',
    sql: (current) => `toUInt32(countIf(${current} AND oldest > 0 AND months < ${REGULAR_MONTHS}))`,
  }),
  defineMetric({
    name: 'regularViewers',
    about: 'Of them, seen in at least 6 of the last 12 months of 28 days. Down to a multiple of 5.',
    formula: 'count(months >= 6)',
    ...audience,
    nullWhen: 'fewer than 5',
    sql: (current) => `toUInt32(countIf(${current} AND oldest > 0 AND months >= ${REGULAR_MONTHS}))`,
  }),
] as const

export type Audience = { readonly [M in (typeof audienceMetrics)[number] as M['name']]: number }
/** Null: too few to tell. */
export type ToldAudience = { readonly [name in keyof Audience]: number | null } & {
  readonly monthlyViewers: number
}

/** Exact, of the 28 days before `now`. */
export const audienceCounts = (scope: Scope, now: number): Statement<Audience> => ({
  sql: sql`SELECT ${audienceMetrics.map((metric) => `${metric.sql('isCurrent')} AS ${metric.name}`).join(', ')}
    ${viewers(scope)}`,
  params: scopeParams(scope, { from: 0, to: now }),
})

/** One of the counts, exact. */
export const audienceCount = (scope: Scope, now: number, metric: ComputedMetric): Statement<Value> => ({
  sql: sql`SELECT ${metric.sql('isCurrent')} AS value
    ${viewers(scope)}`,
  params: scopeParams(scope, { from: 0, to: now }),
})

/** A row for each viewer who ever played. */
const viewers = (scope: Scope): string => sql`FROM (
      SELECT viewerKey, min(month) = 0 AS isCurrent, max(month) AS oldest, uniqExactIf(month, month < 12) AS months
      FROM (
        SELECT viewerKey, intDiv({to:Int64} - 1 - toUnixTimestamp64Milli(startedAt), ${String(MONTH_MS)}) AS month
        FROM views FINAL
        WHERE ${titleCondition(scope)} AND surface != 'preview' AND ${COUNTED} AND isPlay AND viewerKey IS NOT NULL
          AND toUnixTimestamp64Milli(startedAt) < {to:Int64})
      GROUP BY viewerKey)`

/** Null below the least; else down to a multiple of it: what changes by one viewer does not show. */
export const inSteps = (viewers: number): number | null =>
  viewers < LEAST ? null : viewers - (viewers % LEAST)

export const toldAudience = (counts: Audience): ToldAudience => ({
  monthlyViewers: counts.monthlyViewers,
  newViewers: inSteps(counts.newViewers),
  casualViewers: inSteps(counts.casualViewers),
  regularViewers: inSteps(counts.regularViewers),
})
