/** Batches of events of views that begin now, as the sink inserts them, and what it costs until their views are built. */

import { createManualClock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import { silentLog } from '#base/log.ts'
import type { Engine } from '#bench/questions/engine.ts'
import { quantile } from '#bench/questions/engine.ts'
import { TENANT } from '#bench/questions/world.ts'
import type { StoredEvent } from '#events/define.ts'
import { playbackEvents } from '#events/playback.ts'
import { streamColumns } from '#events/registry.ts'
import { openViews } from '#pipelines/views.ts'
import type { LogBatch } from '#storage/event-log/event-log.ts'
import { encodeBlock } from '#storage/warehouse/native.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

const VIEWS = 1000
const EVENTS_A_VIEW = 5
const EVENTS = VIEWS * EVENTS_A_VIEW

function eventsOf(now: number): StoredEvent[] {
  return Array.from({ length: VIEWS }, (_, view) => {
    const startedAt = now - 10_000 + view
    const sid = uuidv7(startedAt)
    const playerId = uuidv7(startedAt)
    return Array.from({ length: EVENTS_A_VIEW }, (__, seq): StoredEvent => {
      const at = startedAt + seq * 2000
      return {
        eventId: uuidv7(at),
        type: ['playback.view.requested', 'playback.view.started'][seq] ?? 'playback.heartbeat.sent',
        version: 1,
        tenantId: TENANT,
        createdAt: at,
        sentAt: at,
        receivedAt: at + 100,
        derivedAt: at,
        sourceFormat: 'native',
        sid,
        playerId,
        seq,
        viewerKey: `viewer-${view}`,
        titleId: `title-${view % 100}`,
        state: seq === 0 ? 'joining' : 'playing',
        playheadMs: Math.max(0, seq - 1) * 2000,
        rate: 1,
        visible: true,
        deviceKind: 'desktop',
        playerName: 'streamverse',
        playerVersion: '1',
        surface: 'watch',
        experiments: [],
        bot: false,
        kids: false,
        ...(seq > 1 ? { intervalMs: 2000 } : {}),
      }
    })
  }).flat()
}

export type Arrivals = { readonly insertMicros: number; readonly buildMicros: number }

/** All that is there counts as built: a start would build it again. */
const markBuilt = (warehouse: Warehouse): Promise<void> =>
  warehouse.command({
    sql: sql`INSERT INTO view_marks SELECT number, 1000000000000 FROM numbers(${String(playbackEvents.partitions)})`,
  })

/** Medians over the batches, CPU of both processes an event: inserted, and until its view is built. */
export async function measureArrivals(
  { warehouse, cpuMicros }: Engine,
  batches: number,
  firstOffset: number,
): Promise<Arrivals> {
  const clock = createManualClock(Date.now())
  const sinkCaughtUpTo = () => clock.now()
  await markBuilt(warehouse)
  const views = await openViews({ warehouse, clock, log: silentLog, sinkCaughtUpTo, everyMs: 3_600_000 })
  const both = async (): Promise<number> => {
    const { warehouse: engine, own } = await cpuMicros()
    return engine + own
  }
  const inserts: number[] = []
  const builds: number[] = []
  try {
    await views.caughtUp()
    for (let n = 0; n <= batches; n++) {
      const events = eventsOf(clock.now())
      const offset = firstOffset + n * EVENTS
      const block = encodeBlock(streamColumns(playbackEvents), events, 0, offset)
      const batch: LogBatch = {
        stream: playbackEvents,
        partition: 0,
        firstOffset: offset,
        lastOffset: offset + EVENTS - 1,
        count: EVENTS,
        takenOver: false,
        events: () => events,
        native: () => [block],
      }
      const before = await both()
      await warehouse.insertNative(playbackEvents.table, batch.native(), {})
      const inserted = await both()
      views.touched(batch)
      await views.caughtUp()
      const built = await both()
      clock.advance(1000)
      // The first one warms up.
      if (n === 0) continue
      inserts.push((inserted - before) / EVENTS)
      builds.push((built - inserted) / EVENTS)
    }
  } finally {
    await views.close()
  }
  return { insertMicros: quantile(inserts, 0.5), buildMicros: quantile(builds, 0.5) }
}
