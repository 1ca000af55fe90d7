/** The warehouse from the log again: the same bit for bit, found when it is not, and put right. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { uuidv7 } from '#base/ids.ts'
import { silentLog } from '#base/log.ts'
import { catalogEvents, titleUpserted } from '#events/catalog.ts'
import type { StoredEvent } from '#events/define.ts'
import { playbackEvents } from '#events/playback.ts'
import { serverEvent, streams } from '#events/registry.ts'
import { runOf } from '#events/run.ts'
import { openProjection } from '#pipelines/projection.ts'
import { type Replay, replay } from '#pipelines/replay.ts'
import { beat, begin, NOW, trace } from '#pipelines/views.fixture.ts'
import { openSegmentLog, type SegmentLog } from '#storage/event-log/segments.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const dir = mkdtempSync(path.join(tmpdir(), 'replay-'))
const clock = { now: () => NOW }
let eventLog: SegmentLog
let warehouse: Warehouse
const ports = () => ({ eventLog, warehouse, streams, clock, log: silentLog })

/** The tables as the platform fills them, until all of the log is in. */
async function follow(): Promise<void> {
  await ensureStreamTables(warehouse, streams)
  const projection = await openProjection(ports())
  await projection.caughtUp()
  await projection.close()
}
const append = (events: readonly StoredEvent[]): Promise<void> =>
  eventLog.append(playbackEvents, runOf(events))
const title = (name: string): StoredEvent =>
  serverEvent(titleUpserted as never, NOW, uuidv7(NOW), {
    tenantId: 'demo',
    titleId: 't',
    name,
    description: '',
    creatorId: 'ada',
    genres: [],
    status: 'ready',
    ageRating: 'all',
    simulated: true,
  })
async function checked<T>(look: (replayed: Replay) => T | Promise<T>): Promise<T> {
  const replayed = await replay(ports())
  try {
    return await look(replayed)
  } finally {
    await replayed.close()
  }
}
const differing = ({ tables }: Replay) => tables.filter(({ difference }) => difference !== null)
const digest = async (): Promise<unknown> =>
  warehouse.query({ sql: 'SELECT * FROM views FINAL ORDER BY tenantId, sid, playerId' })

before(async () => {
  eventLog = await openSegmentLog({
    dir: path.join(dir, 'log'),
    streams,
    clock,
    log: silentLog,
    segmentBytes: 2000,
  })
  warehouse = await openChdb({ dir: path.join(dir, 'warehouse'), log: silentLog })
  // Views in pieces, late, twice, of a player that says nothing more, and of a clock that is wrong.
  for (let i = 0; i < 60; i++) {
    const steps = [
      ...begin,
      beat(5, 4.5),
      beat(10, 9.5, i % 3 === 0 ? 'rebuffering' : 'playing'),
      beat(15, 12),
    ]
    const events = trace(`view-${i}`, steps).map((event) => ({
      ...event,
      tenantId: i % 4 === 0 ? 'other' : 'demo',
      viewerKey: `viewer-${i % 7}`,
      createdAt: event.createdAt + (i % 5 === 0 ? 40 * 60_000 : 0),
      derivedAt: event.derivedAt - (i % 10 === 1 ? 3 * 86_400_000 : 0),
    }))
    await append(events.slice(2))
    await append(events.slice(0, 3))
    if (i % 6 === 0)
      await append(
        trace(`view-${i}`, [...steps, [20, 'view.ended', 'ended', 15, { endReason: 'completed' }]]),
      )
  }
  for (const name of ['a', 'b', 'c']) await eventLog.append(catalogEvents, runOf([title(name)]))
  await follow()
})
after(async () => {
  await eventLog.close()
  await warehouse.close()
  rmSync(dir, { recursive: true, force: true })
})

test('what was filled piece by piece is what a replay makes, bit for bit', async () => {
  await checked(({ tables }) => {
    const found = tables.filter(({ compared }) => compared)
    assert.ok(found.length >= streams.length + 2)
    for (const { table, difference } of found) assert.equal(difference, null, table)
    const rows = Object.fromEntries(tables.map(({ table, rows }) => [table, rows]))
    assert.ok((rows['playback_events'] ?? 0) >= 360)
    assert.ok((rows['views'] ?? 0) >= 60)
    assert.equal(rows['late_views'], 6)
  })
})

test('a row that is lost, doubled or changed is found, named, and put right', async () => {
  const before = await digest()
  await warehouse.command({ sql: "ALTER TABLE playback_events DELETE WHERE sid = 'view-3' AND seq = 2" })
  await warehouse.command({
    sql: "INSERT INTO playback_events SELECT * FROM playback_events WHERE sid = 'view-5' AND seq = 1",
  })
  await warehouse.command({ sql: "ALTER TABLE views UPDATE playingMs = playingMs + 1 WHERE sid = 'view-7'" })
  const told = await checked(async (replayed) => {
    const found = differing(replayed)
    await replayed.swap()
    return found
  })
  assert.deepEqual(
    told.map(({ table, difference }) => [table, difference?.missing, difference?.extra]),
    [
      ['playback_events', 2, 1],
      ['views', 1, 1],
    ],
  )
  assert.match(told[0]?.difference?.examples.join() ?? '', /view-3-2/)
  assert.match(told[1]?.difference?.examples.join() ?? '', /view-7/)
  assert.deepEqual(await digest(), before)
  await checked((replayed) => assert.deepEqual(differing(replayed), []))
})

test('after a replay the platform goes on where it was, also after a start', async () => {
  await checked(({ swap }) => swap())
  await warehouse.close()
  warehouse = await openChdb({ dir: path.join(dir, 'warehouse'), log: silentLog })
  await append(trace('view-new', [...begin, beat(5, 4.5)]))
  await follow()
  const [row] = await warehouse.query<{ n: number }>({
    sql: "SELECT toUInt32(count()) AS n FROM views FINAL WHERE sid = 'view-new'",
  })
  assert.equal(row?.n, 1)
  await checked((replayed) => assert.deepEqual(differing(replayed), []))
})

test('what the log no longer holds is kept: compacted snapshots, and events of a log that was there before', async () => {
  await eventLog.sweep()
  await warehouse.command({
    sql: `INSERT INTO playback_events SELECT * REPLACE ('old' AS logId, 'old-view' AS sid) FROM (
      SELECT * FROM playback_events WHERE sid = 'view-1')`,
  })
  const kept = await checked(async (replayed) => {
    assert.deepEqual(
      differing(replayed).map(({ table }) => table),
      ['late_views', 'views'],
    )
    await replayed.swap()
    return Object.fromEntries(replayed.tables.map((one) => [one.table, one.kept]))
  })
  assert.ok((kept['playback_events'] ?? 0) >= 5)
  const [rows] = await warehouse.query<{ views: number; titles: number }>({
    sql: `SELECT toUInt32(count()) AS views, (SELECT toUInt32(count()) FROM catalog_events) AS titles
      FROM views FINAL WHERE sid = 'old-view'`,
  })
  assert.deepEqual(rows, { views: 1, titles: 3 })
})
