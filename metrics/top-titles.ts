/** The titles most watched in a period. */
import { type Period, type Scope, scopedViews, scopeParams } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

export type TitleFigures = {
  readonly titleId: string
  readonly views: number
  readonly watchTimeMs: number
  readonly averageViewMs: number | null
}

export const topTitles = (scope: Scope, period: Period, limit = 20): Statement<TitleFigures> => ({
  sql: sql`SELECT titleId, toUInt32(count()) AS views, toFloat64(sum(watchMs)) AS watchTimeMs,
      if(countIf(isPlay) > 0, watchTimeMs / countIf(isPlay), NULL) AS averageViewMs
    FROM ${scopedViews(scope)} WHERE inStart
    GROUP BY titleId ORDER BY views DESC, watchTimeMs DESC, titleId LIMIT {limit:UInt32}`,
  params: { ...scopeParams(scope, period), limit },
})
