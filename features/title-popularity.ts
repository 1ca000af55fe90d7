/** How much each title is watched lately: valid plays of the last days, each worth half as much every two weeks. */
import { TITLE_LENGTHS, VALID_PLAY } from '#features/interactions.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

export type TitlePopularity = { readonly titleId: string; readonly score: number }

/** Titles watched in the last 90 days before `now`, most watched first. */
export function titlePopularity(scope: {
  readonly tenantId: string
  readonly now: number
}): Statement<TitlePopularity> {
  return {
    sql: sql`
      SELECT views.titleId AS titleId,
        sum(exp2(-greatest(0, {now:Int64} - toUnixTimestamp64Milli(views.startedAt)) / (14 * 86400000))) AS score
      FROM (SELECT * FROM views FINAL WHERE tenantId = {tenantId:String}) AS views
      LEFT JOIN ${TITLE_LENGTHS} AS titles ON titles.titleId = views.titleId
      WHERE views.isPlay AND NOT views.bot AND views.surface != 'preview'
        AND toUnixTimestamp64Milli(views.startedAt) > {now:Int64} - 90 * 86400000 AND ${VALID_PLAY}
      GROUP BY titleId
      ORDER BY score DESC, titleId`,
    params: { tenantId: scope.tenantId, now: scope.now },
  }
}
