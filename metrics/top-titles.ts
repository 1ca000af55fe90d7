/** The titles most watched in a period. */
import { named } from '#metrics/define.ts'
import { engagementMetrics } from '#metrics/engagement.ts'
import { type Period, type Scope, scopedViews, scopeParams } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

export type TitleFigures = {
  readonly titleId: string
  readonly views: number
  readonly watchTimeMs: number
  readonly averageViewMs: number | null
}

/** So many are told with what is now, so many over a period. */
export const TOP_NOW = 5
const TOP = 20

export const topTitleMetrics = [
  named(engagementMetrics, 'views'),
  named(engagementMetrics, 'watchTimeMs'),
  named(engagementMetrics, 'averageViewMs'),
] as const

export const topTitles = (scope: Scope, period: Period, limit = TOP): Statement<TitleFigures> => ({
  sql: sql`SELECT titleId, ${topTitleMetrics.map(({ name, sql }) => `${sql('inStart')} AS ${name}`).join(', ')}
    FROM ${scopedViews(scope)} WHERE inStart
    GROUP BY titleId ORDER BY views DESC, watchTimeMs DESC, titleId LIMIT {limit:UInt32}`,
  params: { ...scopeParams(scope, period), limit },
})
