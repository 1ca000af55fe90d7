/** What the warehouse of a running platform holds of single views, for tests that must know exactly which were counted. */
import path from 'node:path'
import { attachChdb } from '#storage/warehouse/chdb.ts'

export type ViewRow = {
  readonly tenantId: string
  readonly sid: string
  readonly titleId: string
  readonly viewerKey: string | null
  readonly isPlay: boolean
  readonly watchMs: number
  readonly playingMs: number
}

/** The views for which the condition holds, e.g. `titleId = {titleId:String}`, in the order of their sids. */
export async function readViews(
  dataDir: string,
  where: string,
  params: Readonly<Record<string, string>> = {},
): Promise<ViewRow[]> {
  const warehouse = await attachChdb({ dir: path.join(dataDir, 'warehouse') })
  try {
    return await warehouse.query<ViewRow>({
      sql: `SELECT tenantId, sid, titleId, viewerKey, isPlay, watchMs, playingMs FROM views FINAL
        WHERE ${where} ORDER BY sid`,
      params,
    })
  } finally {
    await warehouse.close()
  }
}

export type DeliveryRow = {
  readonly type: string
  readonly sid: string | null
  readonly track: string | null
  readonly mediaKind: string | null
  readonly startMs: number | null
  readonly endMs: number | null
  readonly whole: boolean | null
  readonly playerState: string | null
  readonly cmcdVersion: number | null
  readonly bufferMs: number | null
}

/** What the origin says it delivered of a title to players of this name, in order. */
export async function readDeliveries(dataDir: string, titleId: string, sid: string): Promise<DeliveryRow[]> {
  const warehouse = await attachChdb({ dir: path.join(dataDir, 'warehouse') })
  try {
    return await warehouse.query<DeliveryRow>({
      sql: `SELECT type, sid, track, mediaKind, startMs, endMs, whole, playerState, cmcdVersion, bufferMs
        FROM delivery_requests WHERE titleId = {titleId:String} AND sid = {sid:String} ORDER BY derivedAt, eventId`,
      params: { titleId, sid },
    })
  } finally {
    await warehouse.close()
  }
}
