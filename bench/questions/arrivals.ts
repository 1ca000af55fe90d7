/** Batches of events of views that run now, as the sink inserts them, and what it costs until their views are built. */

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
const INTERVAL_MS = 2000

export type Player = {
  readonly view: number
  readonly startedAt: number
  readonly sid: string
  readonly playerId: string
}
/** So many views that begin one millisecond after the other. */
export const playersFrom = (startAt: number, views: number): Player[] =>
  Array.from({ length: views }, (_, view) => {
    const startedAt = startAt + view
    return { view, startedAt, sid: uuidv7(startedAt), playerId: uuidv7(startedAt) }
  })

/** The player's n-th event, from 0: asked for, begun, then heartbeats of plain playing. */
export function eventOf(
  { view, startedAt, sid, playerId }: Player,
  seq: number,
  intervalMs: number,
): StoredEvent {
  const at = startedAt + seq * intervalMs
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
    playheadMs: Math.max(0, seq - 1) * intervalMs,
    rate: 1,
    visible: true,
    deviceKind: 'desktop',
    playerName: 'streamverse',
    playerVersion: '1',
    surface: 'watch',
    experiments: [],
    bot: false,
    kids: false,
    ...(seq > 1 ? { intervalMs } : {}),
  }
}

/** CPU of both processes an event: inserted, and until its view is built. */
export type Arrivals = { readonly insertMicros: number; readonly buildMicros: number }

/** All that is there counts as built: a start would build it again. */
const markBuilt = (warehouse: Warehouse): Promise<void> =>
  warehouse.command({
    sql: sql`INSERT INTO view_marks SELECT number, 1000000000000 FROM numbers(${String(playbackEvents.partitions)})`,
  })

export async function openArrivals({ warehouse, cpuMicros }: Engine, firstOffset: number) {
  const clock = createManualClock(Date.now())
  const sinkCaughtUpTo = () => clock.now()
  await markBuilt(warehouse)
  const views = await openViews({ warehouse, clock, log: silentLog, sinkCaughtUpTo, everyMs: 3_600_000 })
  const both = async (): Promise<number> => {
    const { warehouse: engine, own } = await cpuMicros()
    return engine + own
  }
  await views.caughtUp()
  let offset = firstOffset
  return {
    now: () => clock.now(),
    /** Into the tables, and their views built; a second goes by. */
    put: async (events: readonly StoredEvent[]): Promise<Arrivals> => {
      const block = encodeBlock(streamColumns(playbackEvents), events, 0, offset)
      const batch: LogBatch = {
        stream: playbackEvents,
        partition: 0,
        firstOffset: offset,
        lastOffset: offset + events.length - 1,
        count: events.length,
        takenOver: false,
        events: () => [...events],
        native: () => [block],
      }
      offset += events.length
      const before = await both()
      await warehouse.insertNative(playbackEvents.table, batch.native(), {})
      const inserted = await both()
      views.touched(batch)
      await views.caughtUp()
      const built = await both()
      clock.advance(1000)
      return {
        insertMicros: (inserted - before) / events.length,
        buildMicros: (built - inserted) / events.length,
      }
    },
    close: () => views.close(),
  }
}

export const medianOf = (measured: readonly Arrivals[]): Arrivals => ({
  insertMicros: quantile(
    measured.map((one) => one.insertMicros),
    0.5,
  ),
  buildMicros: quantile(
    measured.map((one) => one.buildMicros),
    0.5,
  ),
})

/** Medians over batches of views that begin, 5,000 events each. */
export async function measureArrivals(
  engine: Engine,
  batches: number,
  firstOffset: number,
): Promise<Arrivals> {
  const arrivals = await openArrivals(engine, firstOffset)
  const measured: Arrivals[] = []
  try {
    for (let n = 0; n <= batches; n++) {
      const players = playersFrom(arrivals.now() - 10_000, VIEWS)
      const events = players.flatMap((player) =>
        Array.from({ length: EVENTS_A_VIEW }, (_, seq) => eventOf(player, seq, INTERVAL_MS)),
      )
      measured.push(await arrivals.put(events))
    }
  } finally {
    await arrivals.close()
  }
  // The first one warms up.
  return medianOf(measured.slice(1))
}
