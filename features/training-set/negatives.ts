/**
 * Titles a viewer did not take. Exposed: what a slate put before them for a second and they passed over. Drawn: for each
 * play, titles the viewer never touched, uniformly among those that were out, or as often as each had been played, both as
 * of the moment of the play. Draws follow from the seed and the play alone (SipHash), whatever order rows come in.
 */
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

export const NEGATIVES = ['exposed', 'uniform', 'popularity'] as const
export type Negatives = (typeof NEGATIVES)[number]

/** Drawn for each that is wanted: some were touched by the viewer, some come twice. */
const OVERDRAW = 4
/** A title begun within this time of being seen was taken, from whichever place. */
const TAKEN_MS = 3_600_000

export type NegativesScope = {
  readonly tenantId: string
  readonly asOf: number
  readonly seed: number
  /** Of each play at most so many; of exposed ones, of each slate. */
  readonly perPositive: number
}

const taken = sql`
  SELECT slateId, titleId FROM discovery_events
  WHERE tenantId = {tenantId:String} AND type = 'discovery.item.clicked' AND titleId IS NOT NULL
  UNION ALL SELECT slateId, titleId FROM choices WHERE slateId IS NOT NULL`

/** Rows as of labels.ts `chosen`. */
export function exposed({ tenantId, asOf, seed, perPositive }: NegativesScope): Statement {
  return {
    sql: sql`
      SELECT seen.at AS at, seen.viewerKey AS viewerKey, seen.titleId AS titleId,
        CAST(0, 'Nullable(UInt8)') AS label, 'exposed' AS kind, toFloat32(1) AS weight,
        toNullable(seen.slateId) AS slateId, toNullable(seen.seenRow) AS rowKey,
        toNullable(seen.seenPosition) AS position, slots.propensity AS propensity
      FROM (
        SELECT shown.at AS at, shown.viewerKey AS viewerKey, shown.titleId AS titleId, shown.slateId AS slateId,
          shown.seenRow AS seenRow, shown.seenPosition AS seenPosition
        FROM (
          SELECT viewerKey, titleId, slateId, min(eventAt) AS at,
            argMin(rowKey, (eventAt, position, rowKey)) AS seenRow,
            argMin(shown_facts.position, (eventAt, position, rowKey)) AS seenPosition
          FROM shown_facts GROUP BY viewerKey, titleId, slateId
          HAVING at < {before:Int64}) AS shown
        ASOF LEFT JOIN (SELECT DISTINCT viewerKey, titleId, at FROM choices) AS begun
          ON begun.viewerKey = shown.viewerKey AND begun.titleId = shown.titleId AND begun.at >= shown.at
        WHERE ifNull(begun.at - shown.at > ${String(TAKEN_MS)}, true)
          AND (shown.slateId, shown.titleId) NOT IN (SELECT assumeNotNull(slateId), assumeNotNull(titleId) FROM (${taken}))
        ORDER BY shown.slateId, sipHash64({seed:UInt64}, shown.slateId, shown.viewerKey, shown.titleId), shown.titleId
        LIMIT {perPositive:UInt32} BY shown.slateId) AS seen
      LEFT JOIN slots ON slots.slateId = seen.slateId AND slots.titleId = seen.titleId`,
    params: { tenantId, before: asOf, seed, perPositive },
  }
}

/** What is drawn from, by the time it could be drawn: a row a title, or a row a valid play. */
const POOLS = {
  uniform: sql`
    SELECT titleId, out AS freeAt
    FROM (
      SELECT titleId, min(greatest(availableAt, publishedAt)) AS out, argMax(status, availableAt) AS last
      FROM title_facts WHERE publishedAt IS NOT NULL GROUP BY titleId)
    WHERE last IN ('ready', 'simulated')`,
  popularity: sql`SELECT titleId, availableAt AS freeAt FROM view_facts WHERE valid`,
} as const

/** Table `pool`: each with its place in the order of becoming free, so that those free at a moment are the first n. */
export const pool = (from: keyof typeof POOLS): Statement => ({
  sql: sql`SELECT assumeNotNull(freeAt) AS freeAt, titleId,
      toUInt64(row_number() OVER (ORDER BY freeAt, titleId)) AS place
    FROM (${POOLS[from]})`,
})

/** Rows as of labels.ts `chosen`; tables `labelled`, `choices` and `pool` are there. */
export function drawn(from: keyof typeof POOLS, { seed, perPositive }: NegativesScope): Statement {
  return {
    sql: sql`
      SELECT at, viewerKey, drawnId AS titleId, CAST(0, 'Nullable(UInt8)') AS label, '${from}' AS kind,
        toFloat32(1) AS weight, CAST(NULL, 'Nullable(String)') AS slateId, CAST(NULL, 'Nullable(String)') AS rowKey,
        CAST(NULL, 'Nullable(UInt32)') AS position, CAST(NULL, 'Nullable(Float64)') AS propensity
      FROM (
        SELECT at, viewerKey, playedId, drawnId, draw
        FROM (
          SELECT tries.at AS at, tries.viewerKey AS viewerKey, tries.titleId AS playedId, tries.draw AS draw,
            pool.titleId AS drawnId
          FROM (
            SELECT at, viewerKey, titleId, draw,
              1 + sipHash64({seed:UInt64}, viewerKey, titleId, draw) % reach AS place
            FROM (
              SELECT plays.at AS at, plays.viewerKey AS viewerKey, plays.titleId AS titleId,
                assumeNotNull(free.reach) AS reach
              FROM (SELECT at, viewerKey, titleId, 1 AS one FROM labelled WHERE kind = 'play') AS plays
              ASOF INNER JOIN (SELECT 1 AS one, freeAt, max(place) AS reach FROM pool GROUP BY freeAt) AS free
                ON free.one = plays.one AND free.freeAt < plays.at)
            ARRAY JOIN range(toUInt32({tries:UInt32})) AS draw) AS tries
          INNER JOIN pool ON pool.place = tries.place)
        WHERE (viewerKey, drawnId) NOT IN (SELECT viewerKey, titleId FROM choices)
        ORDER BY at, viewerKey, playedId, draw
        LIMIT 1 BY at, viewerKey, playedId, drawnId)
      ORDER BY at, viewerKey, playedId, draw
      LIMIT {perPositive:UInt32} BY at, viewerKey, playedId`,
    params: { seed, perPositive, tries: perPositive * OVERDRAW },
  }
}
