/**
 * What features are made of: views, impressions and words on titles, each with the time it happened and the time the
 * platform could first know it (`knownAt`, the newest `receivedAt` of its events). `availableAt` is the later of the
 * two: a row counts for moments after it, never before. A view that went on counts from its last report on.
 */
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

const ms = (instant: string): string => sql`toUnixTimestamp64Milli(${instant})`

/**
 * Each word of the catalogue on a title. The first one counts from the title's first view on where that is earlier: what
 * was played was known, although imported history came before the catalogue said so.
 */
const TITLE_FACTS = sql`
  SELECT words.titleId AS titleId,
    if(words.place = 1, least(words.saidAt, ifNull(signs.seenAt, words.saidAt)), words.saidAt) AS availableAt,
    words.durationMs AS durationMs, words.publishedAt AS publishedAt, words.genre AS genre, words.status AS status
  FROM (
    SELECT titleId, saidAt, word.1 AS durationMs, word.2 AS publishedAt, word.3 AS genre, word.4 AS status,
      row_number() OVER (PARTITION BY titleId ORDER BY saidAt) AS place
    FROM (
      SELECT titleId, ${ms('greatest(derivedAt, receivedAt)')} AS saidAt,
        argMax((toInt64(ifNull(durationMs, 0)), ${ms('publishedAt')}, CAST(genres[1], 'String'), CAST(ifNull(status, ''), 'String')),
          (derivedAt, eventId)) AS word
      FROM catalog_events
      WHERE tenantId = {tenantId:String} AND type = 'catalog.title.upserted'
      GROUP BY titleId, saidAt)) AS words
  LEFT JOIN (
    SELECT titleId, min(${ms('startedAt')}) AS seenAt
    FROM views FINAL WHERE tenantId = {tenantId:String} GROUP BY titleId) AS signs ON signs.titleId = words.titleId`

/** Views of people: no bots, no previews. `viewerKey` is empty for kids and strangers. `valid`: interactions.ts. */
const VIEW_FACTS = sql`
  SELECT views.viewerKey AS viewerKey, views.titleId AS titleId, views.sid AS sid, views.startedAt AS startedAt,
    views.eventAt AS eventAt, views.knownAt AS knownAt, views.availableAt AS availableAt,
    views.isPlay AS isPlay, views.completed AS completed,
    views.isPlay AND (views.playingMs >= 30000 OR views.completed
      OR ifNull(titles.durationMs > 0 AND views.contentMs * 2 >= titles.durationMs, false)) AS valid,
    views.watchMs AS watchMs, views.rebufferMs AS rebufferMs, ifNull(titles.genre, '') AS genre
  FROM (
    SELECT ifNull(own.viewerKey, '') AS viewerKey, own.titleId AS titleId, own.sid AS sid,
      ${ms('own.startedAt')} AS startedAt, ${ms('own.endedAt')} AS eventAt,
      ifNull(heard.knownAt, eventAt) AS knownAt, greatest(eventAt, knownAt) AS availableAt,
      own.isPlay AS isPlay, CAST(own.endReason, 'String') = 'completed' AS completed,
      toInt64(own.watchMs) AS watchMs, toInt64(own.playingMs) AS playingMs, toInt64(own.contentMs) AS contentMs,
      toInt64(own.rebufferMs) AS rebufferMs
    FROM (SELECT * FROM views FINAL WHERE tenantId = {tenantId:String} AND NOT bot AND surface != 'preview') AS own
    LEFT JOIN (
      SELECT sid, playerId, max(${ms('receivedAt')}) AS knownAt
      FROM playback_events WHERE tenantId = {tenantId:String} GROUP BY sid, playerId) AS heard
      ON heard.sid = own.sid AND heard.playerId = own.playerId) AS views
  ASOF LEFT JOIN title_facts AS titles
    ON titles.titleId = views.titleId AND titles.availableAt <= views.availableAt`

/** Thumbnails a viewer had before them for at least a second. */
const SHOWN_FACTS = sql`
  SELECT assumeNotNull(viewerKey) AS viewerKey, assumeNotNull(titleId) AS titleId, slateId,
    ${ms('derivedAt')} AS eventAt, ${ms('receivedAt')} AS knownAt, greatest(eventAt, knownAt) AS availableAt,
    CAST(assumeNotNull(rowKey), 'String') AS rowKey, toUInt32(assumeNotNull(position)) AS position
  FROM discovery_events
  WHERE tenantId = {tenantId:String} AND type = 'discovery.impression.seen'
    AND viewerKey IS NOT NULL AND titleId IS NOT NULL`

/** In the order they are made: the second is made of the first. */
export const FACTS = [
  { name: 'title_facts', orderBy: 'titleId, availableAt', select: TITLE_FACTS },
  { name: 'view_facts', orderBy: 'viewerKey, titleId, availableAt, sid', select: VIEW_FACTS },
  { name: 'shown_facts', orderBy: 'viewerKey, titleId, availableAt, slateId', select: SHOWN_FACTS },
] as const

const MADE_WITHIN = { timeoutMs: 600_000 } as const

/**
 * Makes the tables of facts of a tenant in a name space that is thrown away afterwards: one that holds the tables of
 * streams and `views`, such as what was known at an instant.
 */
export async function makeFacts(scratch: Warehouse, tenantId: string): Promise<void> {
  for (const { name, orderBy, select } of FACTS) {
    await scratch.command(
      {
        sql: sql`CREATE TABLE ${name} ENGINE = MergeTree ORDER BY (${orderBy}) AS ${select}`,
        params: { tenantId },
      },
      MADE_WITHIN,
    )
  }
}
