/** Titles watched by the same viewers: cosine over who watched them, damped where few did. Needs no model. */
import { TITLE_LENGTHS, VALID_PLAY } from '#features/interactions.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

export type CoWatched = { readonly titleId: string; readonly otherId: string; readonly weight: number }

/** For each title its 20 nearest, from each viewer's latest 50 titles of the last 90 days before `now`. */
export function coWatched(scope: { readonly tenantId: string; readonly now: number }): Statement<CoWatched> {
  return {
    sql: sql`
      WITH plays AS (
        SELECT views.viewerKey AS viewerKey, views.titleId AS titleId
        FROM (SELECT * FROM views FINAL WHERE tenantId = {tenantId:String}) AS views
        LEFT JOIN ${TITLE_LENGTHS} AS titles ON titles.titleId = views.titleId
        WHERE views.isPlay AND NOT views.bot AND NOT views.kids AND views.surface != 'preview'
          AND views.viewerKey IS NOT NULL
          AND toUnixTimestamp64Milli(views.startedAt) > {now:Int64} - 90 * 86400000 AND ${VALID_PLAY}
        GROUP BY viewerKey, titleId
        ORDER BY max(views.startedAt) DESC
        LIMIT 50 BY viewerKey),
      sizes AS (SELECT titleId, count() AS viewers FROM plays GROUP BY titleId)
      SELECT pairs.titleId AS titleId, pairs.otherId AS otherId,
        pairs.together / (sqrt(own.viewers * theirs.viewers) + 8) AS weight
      FROM (
        SELECT a.titleId AS titleId, b.titleId AS otherId, count() AS together
        FROM plays AS a INNER JOIN plays AS b ON a.viewerKey = b.viewerKey
        WHERE a.titleId != b.titleId
        GROUP BY titleId, otherId HAVING together > 1) AS pairs
      INNER JOIN sizes AS own ON own.titleId = pairs.titleId
      INNER JOIN sizes AS theirs ON theirs.titleId = pairs.otherId
      ORDER BY titleId, weight DESC, otherId
      LIMIT 20 BY titleId`,
    params: { tenantId: scope.tenantId, now: scope.now },
  }
}
