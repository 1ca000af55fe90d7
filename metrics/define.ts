/** What a metric must say of itself. One definition gives the SQL that computes it and its page in docs/metrics.md. */

export type MetricDefinition = {
  readonly name: string
  readonly about: string
  /** How it is computed, as a formula over the `views` table or the stream's table. */
  readonly formula: string
  readonly unit: 'count' | 'ms' | 'percent' | 'share'
  /** What is counted and what is left out. */
  readonly population: string
  /** Which instant puts a view into a period. */
  readonly clock: 'view start' | 'view end' | 'now' | 'event time'
  /** When there is no value. */
  readonly nullWhen: string
  readonly source: string
}

export const defineMetric = <const D extends MetricDefinition>(definition: D): D => definition

/** Counted views: not previews, not automated clients. Kids count in aggregates. */
export const COUNTED = "NOT bot AND surface != 'preview'"
export const POPULATION = 'views that are not previews and not automated; kids in aggregates only'
