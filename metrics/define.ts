/**
 * What a metric must say of itself. One definition gives the SQL that computes it and its page in docs/metrics.md, so that
 * neither can say something else than the other.
 */
import { required } from '#base/assert.ts'
import type { Expression } from '#metrics/expressions.ts'

export type MetricDefinition = {
  /** Its name in answers, in the API and in the docs; the unit is its last word. */
  readonly name: string
  readonly about: string
  /** How it is computed, for people. */
  readonly formula: string
  readonly unit: 'count' | 'ms' | 'percent' | 'share' | 'per minute' | 'kbps' | 'score'
  /** What is counted and what is left out. */
  readonly population: string
  /** Which instant puts a view into a period. */
  readonly clock: 'view start' | 'view end' | 'now' | 'event time'
  /** When there is no value. */
  readonly nullWhen: string
  readonly source: string
  /**
   * How it is computed, for ClickHouse: an expression over rows of `views` of the scope, handed the condition that a row is
   * counted in the period. Nothing else computes it. Left out where several counts are compared (`witnesses.ts`).
   */
  readonly sql?: Expression
  /** A percentage of counted things: the figure that says how many there were. It gives the interval of confidence. */
  readonly of?: string
}

/** The row of a query for one figure. */
export type Value = { readonly value: number | null }

/** One that is a column of a query. */
export type ComputedMetric = MetricDefinition & { readonly sql: Expression }

export const defineMetric = <const D extends MetricDefinition>(definition: D): D => definition

/** One of a list, by its name. */
export const named = <M extends MetricDefinition, N extends M['name']>(
  metrics: readonly M[],
  name: N,
): Extract<M, { readonly name: N }> =>
  required(
    metrics.find((metric) => metric.name === name),
    `the metric ${name}`,
  ) as Extract<M, { readonly name: N }>

/** The condition a metric of a period is handed: the columns `scopedViews` adds. */
export const inPeriod = ({ clock }: Pick<MetricDefinition, 'clock'>): string =>
  clock === 'view end' ? 'inEnd' : 'inStart'

export const POPULATION =
  'views that are not previews, and neither of bots, of the creator nor of staff unless included; kids in aggregates only'
export const engagement = { population: POPULATION, clock: 'view start' } as const
export const quality = { population: POPULATION, clock: 'view end' } as const

export const MUX = 'Mux Data metric guides: playback success, startup time, smoothness, video quality'
export const YOUTUBE = 'YouTube Analytics metrics reference'
