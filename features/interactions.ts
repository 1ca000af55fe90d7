/**
 * Who watched what: one row a viewer and title, from valid plays only. What models learn from. A view that ends
 * after a stall is no dislike: it is simply no positive unless enough was watched.
 */
import { type Statement, sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export type InteractionScope = {
  readonly tenantId: string
  /** Views that began before this instant; all without. */
  readonly before?: number
}

export type InteractionRow = {
  viewerKey: string
  titleId: string
  /** Epoch ms of the first valid play. */
  at: number
  /** 0.5 for a play that just counts, to 1 for one watched whole. */
  strength: number
}

/** Dictionary-encoded columns, in order of time: `viewers[viewer[k]]` watched `titles[title[k]]` at `at[k]`. */
export type Interactions = {
  readonly viewers: readonly string[]
  readonly titles: readonly string[]
  readonly viewer: Int32Array
  readonly title: Int32Array
  readonly at: Float64Array
  readonly strength: Float32Array
}

/**
 * A valid play: rendering for 30 s, or half of the content seen, or played to its end. Bots, kids, previews and
 * strangers are left out. Length of the content is the catalogue's newest word; unknown length counts by time only.
 */
export const VALID_PLAY = sql`(views.playingMs >= 30000 OR views.endReason = 'completed'
  OR (titles.durationMs > 0 AND views.contentMs * 2 >= titles.durationMs))`

export const TITLE_LENGTHS = sql`(
  SELECT titleId, toUInt32(ifNull(argMax(durationMs, derivedAt), 0)) AS durationMs
  FROM catalog_events WHERE tenantId = {tenantId:String} GROUP BY titleId)`

export function interactions(scope: InteractionScope): Statement<InteractionRow> {
  return {
    sql: sql`
      SELECT assumeNotNull(views.viewerKey) AS viewerKey, views.titleId AS titleId,
        toFloat64(toUnixTimestamp64Milli(min(views.startedAt))) AS at,
        toFloat32(max(0.5 + 0.5 * multiIf(views.endReason = 'completed', 1.0,
          titles.durationMs > 0, least(1.0, views.contentMs / titles.durationMs), 0.5))) AS strength
      FROM (SELECT * FROM views FINAL WHERE tenantId = {tenantId:String}) AS views
      LEFT JOIN ${TITLE_LENGTHS} AS titles ON titles.titleId = views.titleId
      WHERE views.isPlay AND NOT views.bot AND NOT views.kids AND views.surface != 'preview'
        AND views.viewerKey IS NOT NULL AND toUnixTimestamp64Milli(views.startedAt) < {before:Int64}
        AND ${VALID_PLAY}
      GROUP BY viewerKey, titleId
      ORDER BY at, viewerKey, titleId`,
    params: { tenantId: scope.tenantId, before: scope.before ?? 9_000_000_000_000 },
  }
}

/** Reads and encodes the interactions of a tenant. */
export async function readInteractions(warehouse: Warehouse, scope: InteractionScope): Promise<Interactions> {
  const { rows, columns } = await warehouse.columns(interactions(scope), { timeoutMs: 120_000 })
  const strings = (name: string): string[] => Array.from((columns[name] ?? []) as ArrayLike<string>, String)
  const numbers = (name: string): number[] => Array.from((columns[name] ?? []) as ArrayLike<number>, Number)
  const viewerKey = strings('viewerKey')
  const titleId = strings('titleId')
  const at = numbers('at')
  const strength = numbers('strength')
  return encodeInteractions(
    Array.from({ length: rows }, (_, k) => ({
      viewerKey: viewerKey[k] as string,
      titleId: titleId[k] as string,
      at: at[k] as number,
      strength: strength[k] as number,
    })),
  )
}

/** Encodes rows that are in order of time. Dictionaries are sorted, so equal rows give equal columns. */
export function encodeInteractions(rows: readonly InteractionRow[]): Interactions {
  const viewers = [...new Set(rows.map((row) => row.viewerKey))].sort()
  const titles = [...new Set(rows.map((row) => row.titleId))].sort()
  const viewerIndex = new Map(viewers.map((key, index) => [key, index]))
  const titleIndex = new Map(titles.map((id, index) => [id, index]))
  return {
    viewers,
    titles,
    viewer: Int32Array.from(rows, (row) => viewerIndex.get(row.viewerKey) as number),
    title: Int32Array.from(rows, (row) => titleIndex.get(row.titleId) as number),
    at: Float64Array.from(rows, (row) => row.at),
    strength: Float32Array.from(rows, (row) => row.strength),
  }
}
