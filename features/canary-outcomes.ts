/**
 * What viewers of each arm of a canary did since it began: all who were served a page, whatever ranked it, so that the
 * arms differ by the draw alone.
 */
import { TITLE_LENGTHS, VALID_PLAY } from '#features/interactions.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

export type ArmOutcome = {
  readonly arm: string
  readonly viewers: number
  readonly playsMean: number
  readonly playsVariance: number
  readonly minutesMean: number
  readonly minutesVariance: number
}

/** More minutes than this of one viewer count as this many: one television left on must not decide. */
const MAX_MINUTES = 1440

export function canaryOutcomes(scope: {
  readonly tenantId: string
  /** As in receipts, without its arm. */
  readonly experiment: string
  /** Epoch ms. */
  readonly since: number
}): Statement<ArmOutcome> {
  return {
    sql: sql`
      WITH served AS (
          SELECT assumeNotNull(viewerKey) AS who, min(derivedAt) AS firstAt,
            any(substring(arrayFirst(one -> startsWith(one, {prefix:String}), experiments),
              length({prefix:String}) + 1)) AS arm
          FROM discovery_events
          WHERE tenantId = {tenantId:String} AND type = 'discovery.slate.served' AND viewerKey IS NOT NULL
            AND toUnixTimestamp64Milli(derivedAt) >= {since:Int64}
            AND arrayExists(one -> startsWith(one, {prefix:String}), experiments)
          GROUP BY who),
        played AS (
          SELECT assumeNotNull(views.viewerKey) AS who, views.startedAt AS startedAt,
            toFloat64(${VALID_PLAY}) AS valid, views.playingMs / 60000 AS minutes
          FROM (SELECT * FROM views FINAL WHERE tenantId = {tenantId:String}) AS views
          LEFT JOIN ${TITLE_LENGTHS} AS titles ON titles.titleId = views.titleId
          WHERE views.isPlay AND NOT views.bot AND NOT views.kids AND views.surface != 'preview'
            AND views.viewerKey IS NOT NULL AND toUnixTimestamp64Milli(views.startedAt) >= {since:Int64}),
        outcomes AS (
          SELECT served.who AS who, any(served.arm) AS arm,
            sum(if(played.startedAt >= served.firstAt, played.valid, 0)) AS plays,
            least({most:Float64}, sum(if(played.startedAt >= served.firstAt, played.minutes, 0))) AS minutes
          FROM served LEFT JOIN played ON played.who = served.who GROUP BY who)
      SELECT arm, toFloat64(count()) AS viewers, avg(plays) AS playsMean,
        if(count() > 1, varSamp(plays), 0) AS playsVariance, avg(minutes) AS minutesMean,
        if(count() > 1, varSamp(minutes), 0) AS minutesVariance
      FROM outcomes GROUP BY arm ORDER BY arm`,
    params: {
      tenantId: scope.tenantId,
      prefix: `${scope.experiment}:`,
      since: scope.since,
      most: MAX_MINUTES,
    },
  }
}
