/**
 * Values as they were known: each example (viewer, title, moment) beside what any list of features said before that
 * moment. A row counts only when both its event and the knowledge of it are strictly earlier. Features of one entity
 * share a timeline, so that the engine joins once an entity (ASOF JOIN), not once a feature.
 */
import { ENTITY_KEYS, type Entity, type OfflineFeature, readAt } from '#features/offline/define.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

const ENTITIES = Object.keys(ENTITY_KEYS) as readonly Entity[]
const MADE_WITHIN = { timeoutMs: 600_000 } as const
/** Stands for "no value from now on" in a timeline, where null is "as before". No feature's value: it is not finite. */
const NOTHING = '-inf'

const timelineOf = (entity: Entity): string => `timeline_${entity.replace('-', '_')}`
const entitiesOf = (features: readonly OfflineFeature[]): readonly Entity[] =>
  ENTITIES.filter((entity) => features.some((feature) => feature.entity === entity))

/**
 * Changes of one feature: when they became known, and what is then kept. A value that grows stale before the next one comes
 * is followed by a change to nothing at that time; one that is stale when it becomes known is nothing from the start.
 */
function changesOf({ entity, rows, freshForMs }: OfflineFeature): string {
  const keys = ENTITY_KEYS[entity].join(', ')
  const said = sql`
    SELECT ${keys}, greatest(toInt64(eventAt), toInt64(knownAt)) AS availableAt, toInt64(eventAt) AS happenedAt,
      toFloat64(ifNull(value, ${NOTHING})) AS said, if(isFinite(said), said, ${NOTHING}) AS kept
    FROM (${rows})`
  if (freshForMs === null) return said
  return sql`
    SELECT ${keys}, change.1 AS availableAt, change.2 AS kept
    FROM (
      SELECT ${keys}, availableAt AS becameAt, kept AS became, happenedAt + ${String(freshForMs)} AS staleAt,
        leadInFrame(toNullable(availableAt)) OVER (PARTITION BY ${keys} ORDER BY availableAt
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS nextAt
      FROM (${said}))
    ARRAY JOIN multiIf(staleAt <= becameAt, [(becameAt, ${NOTHING})],
      ifNull(nextAt <= staleAt, false), [(becameAt, became)],
      [(becameAt, became), (staleAt, ${NOTHING})]) AS change`
}

/** All changes of an entity's features by the time they became known, each row with every feature's latest value. */
function timeline(entity: Entity, features: readonly OfflineFeature[]): string {
  const keys = ENTITY_KEYS[entity].join(', ')
  const own = features.filter((feature) => feature.entity === entity)
  const changes = own.map(
    (feature, i) =>
      sql`SELECT ${keys}, availableAt, kept, ${String(i)} AS feature FROM (${changesOf(feature)})`,
  )
  const columns = (of: (name: string, i: number) => string): string =>
    own.map(({ name }, i) => of(name, i)).join(', ')
  return sql`
    SELECT ${keys}, availableAt, ${columns((name) => sql`anyLast(now_${name}) OVER earlier AS ${name}`)}
    FROM (
      SELECT ${keys}, availableAt,
        ${columns((name, i) => sql`max(if(feature = ${String(i)}, kept, NULL)) AS now_${name}`)}
      FROM (${changes.join(' UNION ALL ')})
      GROUP BY ${keys}, availableAt)
    WINDOW earlier AS (PARTITION BY ${keys} ORDER BY availableAt ROWS UNBOUNDED PRECEDING)`
}

/** Makes the timelines of the features in a name space that has the facts (facts.ts). */
export async function makeTimelines(
  scratch: Warehouse,
  tenantId: string,
  features: readonly OfflineFeature[],
): Promise<void> {
  for (const entity of entitiesOf(features)) {
    const orderBy = [...ENTITY_KEYS[entity], 'availableAt'].join(', ')
    await scratch.command(
      {
        sql: sql`CREATE TABLE ${timelineOf(entity)} ENGINE = MergeTree ORDER BY (${orderBy})
          AS ${timeline(entity, features)}`,
        params: { tenantId },
      },
      MADE_WITHIN,
    )
  }
}

function valueOf({ name, entity, reads, whenMissing }: OfflineFeature): string {
  const kept = `${timelineOf(entity)}.${name}`
  const missing = whenMissing === null ? 'NULL' : `toFloat64(${String(whenMissing)})`
  const read = readAt(reads, `assumeNotNull(${kept})`, 'example.at')
  return sql`if(ifNull(${kept} = ${NOTHING}, true), ${missing}, toFloat64(${read})) AS ${name}`
}

const withGenre = (table: string): string => sql`(
  SELECT asked.*, ifNull(title_facts.genre, '') AS genre FROM ${table} AS asked
  ASOF LEFT JOIN title_facts ON title_facts.titleId = asked.titleId AND title_facts.availableAt < asked.at)`

/** A table of examples: it has `viewerKey`, `titleId` and `at` (Int64, epoch ms). */
export type Examples = {
  readonly table: string
  /** Its columns that come along. */
  readonly columns: readonly string[]
}

/**
 * Columns of the examples, then a column a feature: Float64, Nullable where nothing stands for a missing value. Needs the
 * timelines of exactly these features.
 */
export function joinedTo({ table, columns }: Examples, features: readonly OfflineFeature[]): string {
  const joins = entitiesOf(features).map((entity) => {
    const name = timelineOf(entity)
    const same = ENTITY_KEYS[entity].map((key) => `${name}.${key} = example.${key}`).join(' AND ')
    return sql`ASOF LEFT JOIN ${name} ON ${same} AND ${name}.availableAt < example.at`
  })
  const own = columns.map((column) => `example.${column} AS ${column}`)
  const from = features.some(({ entity }) => entity === 'viewer-genre') ? withGenre(table) : table
  return sql`SELECT ${[...own, ...features.map(valueOf)].join(', ')} FROM ${from} AS example ${joins.join(' ')}`
}
