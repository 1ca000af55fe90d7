/** The real way from the collector's door to the views, in a folder of its own: nothing on it is imitated. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { titleUpserted } from '#events/catalog.ts'
import type { EventDefinition } from '#events/define.ts'
import type { Grant } from '#events/grants.ts'
import { serverEvent, streams } from '#events/registry.ts'
import { createCollector } from '#pipelines/collect.ts'
import { openViews, type Views } from '#pipelines/views.ts'
import { openWarehouseSink } from '#pipelines/warehouse-sink.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { BASE, NOW, type Request, TENANTS, titlesOf } from '#tests/hostile/wave.ts'

export type World = Awaited<ReturnType<typeof openWorld>>

export async function openWorld() {
  const root = mkdtempSync(path.join(tmpdir(), 'hostile-'))
  const clock = createManualClock(NOW)
  const log = { ...silentLog, error: (...said: unknown[]) => console.error(...said) }
  const eventLog = await openSegmentLog({ dir: path.join(root, 'log'), streams, clock, log })
  const warehouse = await openChdb({ dir: path.join(root, 'warehouse'), log })
  await ensureStreamTables(warehouse, streams)
  const touched: { views?: Views } = {}
  const all = { eventLog, warehouse, streams, clock, log }
  const sink = await openWarehouseSink({ ...all, onInserted: (_, batch) => touched.views?.touched(batch) })
  const views = await openViews({ ...all, sinkCaughtUpTo: sink.caughtUpTo })
  touched.views = views
  const collector = createCollector({
    eventLog,
    readGrant: async (token) => JSON.parse(token) as Grant,
    findTenantByWriteKey: async (key) => ((TENANTS as readonly string[]).includes(key) ? { id: key } : null),
    clock,
    log,
    // It forgets soon, so that the views have to know.
    limits: { recentEvents: 1024, unparsedPerMinute: 1_000_000 },
  })
  const titles = TENANTS.flatMap((tenantId) => titlesOf(tenantId).map((title) => ({ tenantId, ...title })))
  await collector.say(
    titles.map(({ tenantId, id, lengthMs }) =>
      serverEvent(titleUpserted as unknown as EventDefinition, BASE, `title-${id}`, {
        tenantId,
        titleId: id,
        creatorId: `creator-of-${tenantId}`,
        name: id,
        description: '',
        genres: [],
        status: 'ready',
        ageRating: 'all',
        publishedAt: BASE,
        durationMs: lengthMs,
        simulated: false,
      }),
    ),
  )
  return {
    collector,
    eventLog,
    warehouse,
    /** Whether the request was taken. */
    send: async (request: Request): Promise<boolean> => {
      const { body, userAgent, fromDatacentre, receivedAt, dead, tenantId } = request
      const writeKey = dead?.[0] === 'not-json' ? tenantId : undefined
      const input = { body: Buffer.from(body), userAgent, fromDatacentre, receivedAt, writeKey }
      try {
        await collector.collect(input)
        return true
      } catch (error) {
        if (error instanceof Refusal && error.code === 'SV_WRITE_KEY_UNKNOWN') return false
        throw error
      }
    },
    settled: async (): Promise<void> => {
      await sink.caughtUp()
      await views.caughtUp()
    },
    close: async (): Promise<void> => {
      await views.close()
      await sink.close()
      await eventLog.close()
      await warehouse.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}
