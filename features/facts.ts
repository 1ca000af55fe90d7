/** What is known of titles and viewers besides their plays, for slices of an evaluation and for new titles. */
import { type Statement, sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export type LearningFacts = {
  /** By title id, the main one first. */
  readonly genres: ReadonlyMap<string, readonly string[]>
  /** The kind of device a viewer watches most on, by viewer key. */
  readonly devices: ReadonlyMap<string, string>
}

type Known = { readonly id: string; readonly known: readonly string[] }

const genres = (tenantId: string): Statement<Known> => ({
  sql: sql`SELECT titleId AS id, argMax(genres, derivedAt) AS known FROM catalog_events
    WHERE tenantId = {tenantId:String} GROUP BY titleId`,
  params: { tenantId },
})

const devices = (tenantId: string): Statement<Known> => ({
  sql: sql`SELECT assumeNotNull(viewerKey) AS id, [argMax(deviceKind, (plays, deviceKind))] AS known
    FROM (SELECT viewerKey, deviceKind, count() AS plays FROM (SELECT * FROM views FINAL
      WHERE tenantId = {tenantId:String})
      WHERE isPlay AND NOT bot AND NOT kids AND viewerKey IS NOT NULL GROUP BY viewerKey, deviceKind)
    GROUP BY viewerKey`,
  params: { tenantId },
})

/** Reads the newest word on every title of a tenant, and where each viewer watches. */
export async function readFacts(warehouse: Warehouse, tenantId: string): Promise<LearningFacts> {
  const options = { timeoutMs: 120_000 }
  const [ofTitles, ofViewers] = await Promise.all([
    warehouse.query(genres(tenantId), options),
    warehouse.query(devices(tenantId), options),
  ])
  return {
    genres: new Map(ofTitles.map(({ id, known }) => [id, known])),
    devices: new Map(ofViewers.map(({ id, known }) => [id, known[0] ?? 'unknown'])),
  }
}
