/** A small demo world in a warehouse of its own: sixty viewers, four weeks, for tests of features and training sets. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { silentLog } from '#base/log.ts'
import { createCatalogue } from '#demo/catalogue.ts'
import { simulateHistory } from '#demo/history.ts'
import { titleUpserted } from '#events/catalog.ts'
import type { StoredEvent } from '#events/define.ts'
import { eventsOf, serverEvent, streamColumns, streams } from '#events/registry.ts'
import { buildEveryView } from '#pipelines/every-view.ts'
import { openKnownAt } from '#pipelines/known-at.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { encodeBlock } from '#storage/warehouse/native.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const DAY_MS = 86_400_000
export const TENANT = 'demo'
export const START = Date.UTC(2026, 3, 1)
export const END = START + 28 * DAY_MS

export type World = {
  readonly warehouse: Warehouse
  readonly folder: string
  /** Every event said, in order of arrival. */
  readonly events: readonly StoredEvent[]
  insert(events: readonly StoredEvent[]): Promise<void>
  buildViews(): Promise<void>
  /** Runs `ask` on the warehouse as it was known at an instant. */
  knownAt<T>(at: number, ask: (known: Warehouse) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** What the simulated players and viewers said, stamped as the collector does. */
function history(viewers: number): StoredEvent[] {
  const catalogue = createCatalogue(1)
  const titles = catalogue.map(({ id, name, creatorId, genres, durationMs, agedMs }) =>
    serverEvent(titleUpserted as never, START - 1000, `upserted-${id}`, {
      tenantId: TENANT,
      titleId: id,
      name,
      description: '',
      creatorId,
      genres,
      durationMs,
      ageRating: 'all',
      publishedAt: END - agedMs,
      status: 'simulated',
      simulated: true,
    }),
  )
  const said = [...simulateHistory({ seed: 1, startAt: START, catalogue, known: [], viewers })]
    .flat()
    .flatMap(({ receivedAt, events }) =>
      events.map((event) => ({
        version: 1,
        tenantId: TENANT,
        sentAt: receivedAt,
        receivedAt,
        derivedAt: event.createdAt,
        sourceFormat: 'import' as const,
        experiments: [],
        bot: false,
        kids: false,
        ...event,
      })),
    )
  return [...titles, ...said]
}

export async function openWorld(viewers = 60): Promise<World> {
  const folder = mkdtempSync(path.join(tmpdir(), 'world-'))
  const warehouse = await openChdb({ dir: path.join(folder, 'warehouse'), log: silentLog })
  await ensureStreamTables(warehouse)
  await ensureViewTables(warehouse)
  let offset = 0
  const insert = async (events: readonly StoredEvent[]): Promise<void> => {
    for (const stream of streams) {
      const types = new Set(eventsOf(stream).map(({ type }) => type))
      const own = events.filter(({ type }) => types.has(type))
      for (let at = 0; at < own.length; at += 20_000) {
        const part = own.slice(at, at + 20_000)
        await warehouse.insertNative(stream.table, [encodeBlock(streamColumns(stream), part, 0, offset)], {})
        offset += part.length
      }
    }
  }
  const events = history(viewers)
  await insert(events)
  return {
    warehouse,
    folder,
    events,
    insert,
    buildViews: async () => {
      await buildEveryView({ warehouse, clock: { now: () => END + DAY_MS } })
    },
    knownAt: async (at, ask) => {
      const known = await openKnownAt({ warehouse, tenantId: TENANT, at, copies: false })
      try {
        return await ask(known.warehouse)
      } finally {
        await known.close()
      }
    },
    close: async () => {
      await warehouse.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
