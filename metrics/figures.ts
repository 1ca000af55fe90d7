/** The figures of a period, put together from their definitions: one row, a column for each. Ratios are sums over sums. */
import { type ComputedMetric, inPeriod, type Value } from '#metrics/define.ts'
import { engagementMetrics } from '#metrics/engagement.ts'
import { impressionMetrics } from '#metrics/impressions.ts'
import { LATE_VIEWS, lateRows } from '#metrics/late.ts'
import { leftOutMetrics } from '#metrics/left-out.ts'
import { outcomeMetrics } from '#metrics/outcomes.ts'
import { pictureMetrics } from '#metrics/picture.ts'
import { rebufferingMetrics } from '#metrics/rebuffering.ts'
import { allViews, type Period, type Scope, scopeParams, titleCondition, titles } from '#metrics/scope.ts'
import { SCORES, scoreMetrics } from '#metrics/scores.ts'
import { startupMetrics } from '#metrics/startup.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

export const figureMetrics = [
  ...engagementMetrics,
  ...outcomeMetrics,
  ...startupMetrics,
  ...rebufferingMetrics,
  ...pictureMetrics,
  ...scoreMetrics,
  ...impressionMetrics,
  ...leftOutMetrics,
] as const

type FigureMetric = (typeof figureMetrics)[number]
/** A number for each metric; null where it may have no value. */
export type Figures = {
  readonly [M in FigureMetric as M['name']]: M['nullWhen'] extends 'never' ? number : number | null
}

export type FigureName = keyof Figures
export const FIGURE_NAMES: readonly FigureName[] = figureMetrics.map(({ name }) => name)

/** What is not of views: impressions and clicks, and what came late. */
const BESIDES: Readonly<Record<string, (scope: Scope) => string>> = {
  seen: (scope) => sql`seen AS (
    SELECT uniqExactIf(eventId, type = 'discovery.impression.seen') AS impressions,
      uniqExactIf(eventId, type = 'discovery.item.clicked') AS clicks
    FROM discovery_events
    WHERE ${titleCondition(scope)} AND type IN ('discovery.impression.seen', 'discovery.item.clicked')
      AND toUnixTimestamp64Milli(derivedAt) >= {from:Int64} AND toUnixTimestamp64Milli(derivedAt) < {to:Int64})`,
  late: (scope) => sql`late AS (
    SELECT ${LATE_VIEWS} AS restated FROM ${lateRows(scope)})`,
}

/** The value of one metric over a period, as it stands in `figures`. */
const column = (metric: ComputedMetric): string => `${metric.sql(inPeriod(metric))} AS ${metric.name}_`

/** Metrics as columns `name_` of one row, over what they need and no more. */
function measured(scope: Scope, metrics: readonly ComputedMetric[]): { besides: string; row: string } {
  const columns = metrics.map(column)
  const from = (name: string) => (text: string) => text.includes(`FROM ${name})`)
  const besides = Object.entries(BESIDES).filter(([name]) => columns.some(from(name)))
  const ofViews = columns.filter((text) => !besides.some(([name]) => from(name)(text)))
  const isScored = metrics.some(({ unit }) => unit === 'score')
  const views = isScored ? sql`(SELECT *, ${SCORES} FROM ${allViews(scope)})` : allViews(scope)
  const lengths = sql`
    LEFT JOIN (SELECT titleId, durationMs AS lengthMs FROM ${titles}) AS lengths USING (titleId)`
  const needsLengths = columns.some((text) => text.includes('lengthMs'))
  const rows = sql`
    FROM ${views} AS v${needsLengths ? lengths : ''}`
  return {
    besides: besides.length === 0 ? '' : `WITH ${besides.map(([, of]) => of(scope)).join(',\n  ')}\n  `,
    row: sql`(
    SELECT ${columns.join(',\n      ')}${ofViews.length > 0 ? rows : ''})`,
  }
}

/** One row of Figures: of all of them, or of those named. */
export function figures<Name extends FigureName>(
  scope: Scope,
  period: Period,
  only: readonly Name[] = FIGURE_NAMES as readonly Name[],
): Statement<Pick<Figures, Name>> {
  const asked: ReadonlySet<string> = new Set(only)
  const metrics = figureMetrics.filter(({ name }) => asked.has(name))
  const { besides, row } = measured(scope, metrics)
  const names = metrics.map(({ name }) => `${name}_ AS ${name}`).join(', ')
  return { sql: sql`${besides}SELECT ${names} FROM ${row}`, params: scopeParams(scope, period) }
}

/** One figure, from the same rows by the same expression. */
export function figure(scope: Scope, period: Period, metric: ComputedMetric): Statement<Value> {
  const { besides, row } = measured(scope, [metric])
  return {
    sql: sql`${besides}SELECT ${metric.name}_ AS value FROM ${row}`,
    params: scopeParams(scope, period),
  }
}
