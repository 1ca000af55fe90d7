/**
 * The warehouse as it was known at an instant: everything received before, nothing later. A database of its own shows the
 * events of that time and holds the views they make, so that whatever is asked of it is answered as it would have been.
 */
import { Refusal } from '#base/refusal.ts'
import { streams } from '#events/registry.ts'
import { refusals } from '#pipelines/errors.ts'
import { buildEveryView } from '#pipelines/every-view.ts'
import { copyUnchanged, showEvents } from '#pipelines/known-at-sql.ts'
import { everyView, viewsNotBuilt } from '#pipelines/views-find.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export type KnownAt = {
  /** Answers with what was known; its clock stands at the instant. */
  readonly warehouse: Warehouse
  readonly at: number
  close(): Promise<void>
}
export type KnownAtOptions = {
  readonly warehouse: Warehouse
  readonly tenantId: string
  /** Epoch ms: what was received before is known. Everything received before it must be in the tables. */
  readonly at: number
  /**
   * Takes over the rows of views of which nothing came since, which needs the views of now to be up to date. Without it
   * every view is built.
   */
  readonly copies: boolean
  /** More views to build than this are refused. */
  readonly most?: number
  readonly onProgress?: (built: number, of: number) => void
}

const PREFIX = 'known_'
let opened = 0

/** Drops what a kill left of such databases, those begun at least `ageMs` ago; resolves with how many there were. */
export async function dropLeftBehind(warehouse: Warehouse, ageMs: number): Promise<number> {
  const left = await warehouse.query<{ name: string }>({
    sql: sql`SELECT name FROM system.databases WHERE startsWith(name, {prefix:String}) AND name NOT IN (
      SELECT database FROM system.tables WHERE startsWith(database, {prefix:String})
        AND metadata_modification_time > now() - toIntervalSecond({seconds:UInt32}))`,
    params: { prefix: PREFIX, seconds: Math.floor(ageMs / 1000) },
  })
  for (const { name } of left) await warehouse.dropDatabase(name)
  return left.length
}

export async function openKnownAt(options: KnownAtOptions): Promise<KnownAt> {
  const { warehouse, tenantId, at, copies, most, onProgress } = options
  const database = `${PREFIX}${process.pid}_${at}_${opened++}`
  const [here] = await warehouse.query<{ name: string }>({ sql: sql`SELECT currentDatabase() AS name` })
  const known = await warehouse.inDatabase(database)
  const close = async (): Promise<void> => {
    await known.close()
    await warehouse.dropDatabase(database)
  }
  try {
    for (const { table } of streams) await known.command(showEvents(here?.name ?? '', table, tenantId, at))
    await ensureViewTables(known)
    if (copies)
      for (const copy of copyUnchanged(here?.name ?? '', tenantId, at))
        await known.command(copy, { timeoutMs: 120_000 })
    const built = await buildEveryView({
      warehouse: known,
      clock: { now: () => at },
      views: copies ? viewsNotBuilt : everyView,
      ...(most === undefined ? {} : { most }),
      ...(onProgress === undefined ? {} : { onProgress }),
    })
    if (most !== undefined && built > most) {
      throw new Refusal(refusals.tooMuchHistory, `Since then something has come of ${built} views.`)
    }
    return { warehouse: known, at, close }
  } catch (error) {
    await close()
    throw error
  }
}
