/** The whole history of the demo world through the collector's own door, and its planted truths found again behind it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { openDemo, type WorldState } from '#demo/open.ts'
import { duplicates, HISTORY_DAYS, lateBatch, promotion, stall } from '#demo/truths.ts'
import { titleUpserted } from '#events/catalog.ts'
import type { StoredEvent } from '#events/define.ts'
import type { Grant } from '#events/grants.ts'
import { playbackEvents } from '#events/playback.ts'
import { serverEvent, streams } from '#events/registry.ts'
import { createAnalytics } from '#metrics/analytics.ts'
import { type Collector, createCollector } from '#pipelines/collect.ts'
import { openViews, type Views } from '#pipelines/views.ts'
import { openWarehouseSink } from '#pipelines/warehouse-sink.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const DAY_MS = 86_400_000
const TENANT = 'demo'
const folder = mkdtempSync(path.join(tmpdir(), 'collected-'))
const clock = createManualClock(Math.floor(Date.now() / DAY_MS) * DAY_MS)
const closing: (() => Promise<void>)[] = []
let eventLog: EventLog
let collector: Collector
let warehouse: Warehouse
let startAt = 0
const late: StoredEvent[] = []
let playbackCount = 0

async function seed(): Promise<void> {
  const grants = new Map<string, Grant>()
  collector = createCollector({
    eventLog,
    readGrant: async (token) => grants.get(token) ?? null,
    findTenantByWriteKey: async (key) => (key === 'key' ? { id: TENANT } : null),
    clock,
    log: silentLog,
  })
  let state: WorldState | null = null
  const demo = await openDemo({
    tenantId: TENANT,
    writeKey: 'key',
    clock,
    log: silentLog,
    issueGrant: async (grant) => {
      grants.set(grant.kind, grant)
      return grant.kind
    },
    collect: (input) => collector.collect(input),
    readState: async () => state,
    writeState: async (next) => {
      state = next
    },
    ensurePerson: async () => {},
    ensureCreator: async () => {},
    ensureTitles: (titles) =>
      collector.say(
        titles.map(({ id, name, description, creatorId, genres, durationMs, ageRating, publishedAt }) =>
          serverEvent(titleUpserted as never, publishedAt, `upserted-${id}`, {
            tenantId: TENANT,
            titleId: id,
            name,
            description,
            creatorId,
            genres,
            durationMs,
            ageRating,
            publishedAt,
            status: 'simulated',
            simulated: true,
          }),
        ),
      ),
    putImage: async () => {},
    imageUrl: (key) => key,
    viewerKey: (personId) => personId,
    importClip: async () => {},
    putCaptions: async () => {},
    onProgress: () => {},
    onFailed: () => {},
  })
  await demo.seeded
  await demo.close()
  startAt = (state as WorldState | null)?.startAt ?? 0
}

async function readLate(): Promise<void> {
  for (let partition = 0; partition < playbackEvents.partitions; partition++) {
    for (let offset = 0; ; ) {
      const batch = await eventLog.read(playbackEvents, partition, offset, 20_000)
      if (batch === null) break
      playbackCount += batch.count
      late.push(...batch.events().filter((event) => event.receivedAt - event.derivedAt > DAY_MS))
      offset = batch.lastOffset + 1
    }
  }
}

async function project(): Promise<void> {
  warehouse = await openChdb({ dir: path.join(folder, 'warehouse'), log: silentLog })
  closing.unshift(() => warehouse.close())
  await ensureStreamTables(warehouse, streams)
  const touched: { views?: Views } = {}
  const sink = await openWarehouseSink({
    eventLog,
    warehouse,
    streams,
    clock,
    log: silentLog,
    onInserted: (_stream, batch) => touched.views?.touched(batch),
  })
  closing.unshift(() => sink.close())
  await sink.caughtUp()
  // What came before the views were opened is found by their marks.
  const views = await openViews({ warehouse, clock, log: silentLog, sinkCaughtUpTo: () => sink.caughtUpTo() })
  closing.unshift(() => views.close())
  touched.views = views
  await views.caughtUp()
}

before(async () => {
  eventLog = await openSegmentLog({ dir: path.join(folder, 'log'), streams, clock, log: silentLog })
  closing.unshift(() => eventLog.close())
  await seed()
  await readLate()
  await project()
})
after(async () => {
  for (const close of closing) await close()
  rmSync(folder, { recursive: true, force: true })
})

const count = async (sql: string): Promise<number> =>
  (await warehouse.query<{ n: number }>({ sql: `SELECT toFloat64(${sql}` as never }))[0]?.n ?? Number.NaN
const scope = { tenantId: TENANT }
const analytics = () => createAnalytics({ warehouse, clock, watermarkAt: () => clock.now() })

test('the history is taken in whole, the late batch late, its retries once', () => {
  const counts = collector.snapshot().tenants[TENANT]
  assert.equal(
    Object.values(counts?.deadLettered ?? {}).reduce((sum, letters) => sum + letters, 0),
    0,
  )
  // The collector remembers only so much: a retry it stores again is caught where views are built.
  const distinct = new Set(late.map((event) => event.eventId)).size
  assert.equal(late.length + (counts?.duplicate ?? 0), duplicates.batches * distinct)
  assert.ok((counts?.duplicate ?? 0) >= (duplicates.batches - 1) * distinct * 0.95)
  assert.ok(playbackCount > 150_000 && playbackCount < 280_000, `${playbackCount} playback events`)
  assert.equal(new Set(late.map((event) => event['sid'])).size, lateBatch.views)
  for (const event of late) {
    assert.equal(event.receivedAt, startAt + lateBatch.receivedMs)
    assert.equal(Math.floor((event.derivedAt - startAt) / DAY_MS), lateBatch.happenedMs / DAY_MS)
  }
  assert.equal(startAt + HISTORY_DAYS * DAY_MS, clock.now())
})

test('every event is in the warehouse, and in one view once', async () => {
  assert.equal(await count('count()) AS n FROM playback_events'), playbackCount)
  const told = await count(`uniqExact(eventId)) AS n FROM playback_events WHERE surface != 'preview'`)
  assert.equal(await count('sum(eventCount)) AS n FROM views FINAL'), told)
})

test('views that arrived late stand on the day they happened', async () => {
  const sids = [...new Set(late.map((event) => `'${String(event['sid'])}'`))].join()
  const day = `intDiv(toUnixTimestamp64Milli(startedAt) - ${startAt}, ${DAY_MS}) = ${lateBatch.happenedMs / DAY_MS}`
  assert.equal(
    await count(`count()) AS n FROM views FINAL WHERE sid IN (${sids}) AND ${day}`),
    lateBatch.views,
  )
})

test('the planted stall is the second where viewers waited longest, and a dip of retention', async () => {
  const title = { ...scope, titleId: stall.titleId }
  const stalls = await analytics().stalls(title, 'all')
  const longest = stalls.reduce((most, one) => (one.stalledMs > most.stalledMs ? one : most))
  assert.equal(longest.second, stall.atMs / 1000)
  assert.equal(longest.heightPx, stall.videoHeightPx)
  assert.ok((longest.heightShare ?? 0) > 0.9, String(longest.heightShare))
  const { moments } = await analytics().retention(title, 'all')
  const dips = moments.filter(({ kind }) => kind === 'dip')
  assert.ok(
    dips.some(
      ({ startSecond, endSecond }) => startSecond - 2 <= longest.second && longest.second <= endSecond + 2,
    ),
    JSON.stringify(moments),
  )
})

test('the title that a model change brought forward is seen more from that day on', async () => {
  const series = await analytics().series({ ...scope, titleId: promotion.titleId }, 'days28')
  const perDay = (from: number, to: number): number => {
    const days = series.filter(({ at }) => at >= startAt + from && at < startAt + to)
    return days.reduce((sum, { views }) => sum + views, 0) / days.length
  }
  const earlier = perDay(0, promotion.fromMs)
  const later = perDay(promotion.fromMs, HISTORY_DAYS * DAY_MS)
  assert.ok(later > 2 * earlier, `${earlier} views a day before, ${later} after`)
})
