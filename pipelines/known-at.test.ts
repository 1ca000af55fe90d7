/** What was known at an instant is what a warehouse would hold that had heard no more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#base/random.ts'
import type { StoredEvent } from '#events/define.ts'
import { playbackEvents } from '#events/playback.ts'
import { streamColumns, streams } from '#events/registry.ts'
import { createAnalytics } from '#metrics/analytics.ts'
import { buildEveryView } from '#pipelines/every-view.ts'
import { dropLeftBehind, type KnownAt, openKnownAt } from '#pipelines/known-at.ts'
import { begin, insert, NOW, type Step, trace, warehouse } from '#pipelines/views.fixture.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { encodeBlock } from '#storage/warehouse/native.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const HOUR = 3_600_000

/** Views of the last two days in pieces that arrive up to a day late, some again, some of quick viewers, of two tenants. */
function makeEvents(seed: number): StoredEvent[] {
  const random = createRandom(seed)
  const events: StoredEvent[] = []
  for (let i = 0; i < 520; i++) {
    const steps: Step[] = [...begin]
    for (let at = 10; at < 10 + random.below(60); at += 10) {
      steps.push([
        at,
        'heartbeat.sent',
        random.pick(['playing', 'playing', 'rebuffering', 'paused']),
        at,
        { intervalMs: 10_000 },
      ])
    }
    if (random.next() < 0.4) steps.push([80, 'view.ended', 'ended', 60, { endReason: 'completed' }])
    const shift = random.below(40 * HOUR)
    const quick = i > 130
    const viewer = { viewerKey: quick ? 'quick' : `v${i % 9}`, tenantId: i % 5 === 0 ? 'other' : 'demo' }
    for (const event of trace(`${seed}-${i}`, steps)) {
      const moved = quick ? 0 : -shift
      const late = random.next() < 0.3 ? random.below(20 * HOUR) : random.below(500)
      const createdAt = event.createdAt + moved
      const sent = {
        createdAt,
        sentAt: createdAt,
        derivedAt: createdAt,
        receivedAt: Math.min(NOW, createdAt + late),
      }
      events.push({ ...event, ...viewer, ...sent })
      if (random.next() < 0.1)
        events.push({ ...event, ...viewer, ...sent, receivedAt: Math.min(NOW, createdAt + late + HOUR) })
    }
  }
  return random.shuffle(events)
}
const put = (into: Warehouse, events: readonly StoredEvent[]): Promise<void> =>
  into.insertNative('playback_events', [encodeBlock(streamColumns(playbackEvents), events, 0, 0)], {})
const rowsOf = async (of: Warehouse, table: string, tenantId: string) =>
  of.query({
    sql: `SELECT * FROM ${table} FINAL WHERE tenantId = {tenantId:String} ORDER BY ALL`,
    params: { tenantId },
  })

test('rows and answers are those of a warehouse that heard nothing later, copied or built', async () => {
  const all = makeEvents(7)
  await ensureStreamTables(warehouse)
  await insert(all)
  await buildEveryView({ warehouse, clock: { now: () => NOW } })
  const instants = [NOW, NOW - 2 * HOUR, NOW - 9 * HOUR - 123, NOW - 19 * HOUR, NOW - 30 * HOUR]
  let flagged = 0
  for (const at of instants) {
    const alone = await warehouse.inDatabase('alone')
    await ensureStreamTables(alone, streams)
    await ensureViewTables(alone)
    const heard = all.filter(({ receivedAt }) => receivedAt < at)
    await put(alone, heard)
    await buildEveryView({ warehouse: alone, clock: { now: () => at } })
    for (const copies of [false, true]) {
      const known = await openKnownAt({ warehouse, tenantId: 'demo', at, copies })
      for (const table of ['views', 'late_views']) {
        assert.deepEqual(
          await rowsOf(known.warehouse, table, 'demo'),
          await rowsOf(alone, table, 'demo'),
          `${table} ${at}`,
        )
        assert.deepEqual(await rowsOf(known.warehouse, table, 'other'), [])
      }
      const reports = (of: Warehouse) =>
        createAnalytics({ warehouse: of, clock: { now: () => at }, watermarkAt: () => at })
      const scope = { tenantId: 'demo' }
      const [one, other] = [reports(known.warehouse), reports(alone)]
      assert.deepEqual(await one.overview(scope, 'days7'), await other.overview(scope, 'days7'))
      assert.deepEqual(await one.realtime(scope), await other.realtime(scope))
      assert.deepEqual(await one.concurrency(scope, 'days7'), await other.concurrency(scope, 'days7'))
      const [quick] = await known.warehouse.query<{ n: number }>({
        sql: 'SELECT toUInt32(countIf(rushed)) AS n FROM views FINAL',
      })
      flagged += quick?.n ?? 0
      await known.close()
    }
    await warehouse.dropDatabase('alone')
  }
  assert.ok(flagged > 0, 'some viewers were too quick at some of these instants')
})

test('more views than may be built at once are refused, and nothing is left behind', async () => {
  const open = (): Promise<KnownAt> =>
    openKnownAt({ warehouse, tenantId: 'demo', at: NOW - HOUR, copies: false, most: 10 })
  await assert.rejects(open(), { code: 'SV_KNOWN_AT_TOO_MUCH' })
  const left = await warehouse.query({
    sql: "SELECT name FROM system.databases WHERE startsWith(name, 'known')",
  })
  assert.deepEqual(left, [])
})

test('what a kill left is dropped when it is old enough, and nothing else', async () => {
  await ensureStreamTables(warehouse)
  await openKnownAt({ warehouse, tenantId: 'demo', at: NOW - HOUR, copies: true })
  await warehouse.inDatabase('beside')
  assert.equal(await dropLeftBehind(warehouse, HOUR), 0)
  assert.equal(await dropLeftBehind(warehouse, 0), 1)
  assert.equal(await dropLeftBehind(warehouse, 0), 0)
  const [beside] = await warehouse.query<{ n: number }>({
    sql: "SELECT count() AS n FROM system.databases WHERE name = 'beside'",
  })
  assert.equal(beside?.n, 1)
  await warehouse.dropDatabase('beside')
})
