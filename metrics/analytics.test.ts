import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { createRandom } from '#base/random.ts'
import { titleUpserted } from '#events/catalog.ts'
import { serverEvent, streams } from '#events/registry.ts'
import { createAnalytics } from '#metrics/analytics.ts'
import { keyMoments } from '#metrics/key-moments.ts'
import { ensureViewTables, VIEW_COLUMNS } from '#pipelines/views-table.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { encodeRows } from '#storage/warehouse/native.ts'
import { streamColumns } from '#storage/warehouse/stream-columns.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const HOUR_MS = 3_600_000
const now = Math.floor(Date.now() / HOUR_MS) * HOUR_MS + 1_800_000
const root = mkdtempSync(path.join(tmpdir(), 'metrics-'))
let warehouse: Warehouse
const analytics = () =>
  createAnalytics({ warehouse, clock: createManualClock(now), watermarkAt: () => now - 1000 })

type View = { readonly [column: string]: unknown }
let n = 0
const view = (over: View): View => {
  const startedAt = (over['startedAt'] as number | undefined) ?? now - HOUR_MS
  n++
  return {
    tenantId: 'demo',
    sid: `s${n}`,
    playerId: 'p',
    titleId: 'a',
    viewerKey: `v${n}`,
    startedAt,
    firstFrameAt: startedAt + 500,
    endedAt: startedAt + 10_000,
    endReason: 'stopped',
    lastState: 'quit',
    intervalMs: 5000,
    isPlay: true,
    startupMs: 500,
    watchMs: 8000,
    playingMs: 8000,
    rebufferMs: 0,
    rebufferCount: 0,
    contentMs: 8000,
    watchedFrom: [0],
    watchedTo: [8000],
    playedFrom: [0],
    playedTo: [8000],
    activeFrom: [startedAt],
    activeTo: [startedAt + 10_000],
    stallAtMs: [],
    stallMs: [],
    stallHeightPx: [],
    deviceKind: 'desktop',
    playerName: 'n',
    surface: 'watch',
    experiments: [],
    bot: false,
    kids: false,
    eventCount: 3,
    revision: 3,
    ...over,
  }
}
const insertViews = (views: readonly View[]): Promise<void> =>
  warehouse.insertNative(
    'views',
    [
      encodeRows(
        VIEW_COLUMNS.map(([name, type]) => ({ name, type })),
        views,
      ),
    ],
    {},
  )

before(async () => {
  warehouse = await openChdb({ dir: root, log: silentLog })
  await ensureStreamTables(warehouse, streams)
  await ensureViewTables(warehouse)
  const titles = [
    ['demo', 'a', 'ana', 10_000],
    ['demo', 'b', 'ben', 60_000],
    ['other', 'a', 'zoe', 10_000],
  ] as const
  const events = titles.map(([tenantId, titleId, creatorId, durationMs], i) => ({
    ...serverEvent(titleUpserted as never, now - HOUR_MS * 24, `t${i}`, {
      tenantId,
      titleId,
      creatorId,
      durationMs,
      name: titleId,
      description: '',
      genres: [],
      status: 'ready',
      ageRating: 'all',
      publishedAt: now,
      simulated: false,
    }),
    logPartition: 0,
    logOffset: i,
  }))
  const stream = titleUpserted.stream
  await warehouse.insertNative(stream.table, [encodeRows(streamColumns(stream), events)], {})
  await insertViews([
    view({
      startupMs: 400,
      watchedTo: [10_000],
      contentMs: 10_000,
      watchMs: 10_000,
      playedTo: [10_000],
      endReason: 'completed',
    }),
    view({
      startupMs: 600,
      watchMs: 6000,
      rebufferMs: 2000,
      rebufferCount: 1,
      stallAtMs: [2500],
      stallMs: [2000],
      stallHeightPx: [480],
      watchedTo: [4000],
      playedFrom: [0, 1000],
      playedTo: [4000, 3000],
      contentMs: 4000,
    }),
    view({
      isPlay: false,
      startFailure: true,
      playbackFailure: true,
      startupMs: null,
      watchMs: 0,
      contentMs: 0,
      watchedFrom: [],
      watchedTo: [],
      playedFrom: [],
      playedTo: [],
      endReason: 'failed',
    }),
    view({
      isPlay: false,
      exitBeforeStart: true,
      startupMs: null,
      watchMs: 0,
      contentMs: 0,
      watchedFrom: [],
      watchedTo: [],
      playedFrom: [],
      playedTo: [],
    }),
    view({ viewerKey: null, kids: true }),
    view({ bot: true }),
    view({ surface: 'preview' }),
    view({ tenantId: 'other', watchMs: 999_999 }),
    view({
      titleId: 'b',
      endReason: 'open',
      lastState: 'playing',
      startedAt: now - 20_000,
      endedAt: now - 4000,
    }),
    view({
      titleId: 'b',
      endReason: 'open',
      lastState: 'playing',
      startedAt: now - 200_000,
      endedAt: now - 100_000,
    }),
    view({ titleId: 'b', startedAt: now - 40 * 24 * HOUR_MS, endedAt: now - 40 * 24 * HOUR_MS }),
  ])
})
after(async () => {
  await warehouse.close()
  rmSync(root, { recursive: true, force: true })
})

test('figures of a creator: bots and previews out, kids in aggregates, ratios of sums', async () => {
  const { current, previous } = await analytics().overview({ tenantId: 'demo', creatorId: 'ana' }, 'days28')
  assert.partialDeepStrictEqual(
    { ...current },
    {
      views: 5,
      plays: 3,
      uniqueViewers: 4,
      watchTimeMs: 24_000,
      averageViewMs: 8000,
      completePercent: 100 / 3,
      startupP50Ms: 500,
      startupP95Ms: 600,
      rebufferPercent: (100 * 2000) / 24_000,
      bufferFreePercent: 200 / 3,
      startFailurePercent: 20,
      playbackFailurePercent: 20,
      exitBeforeStartPercent: 20,
      impressions: 0,
      clickThroughPercent: null,
      excludedBots: 1,
      unaccountedViews: 0,
    },
  )
  const now = analytics().moment()
  const ana = { tenantId: 'demo', creatorId: 'ana' }
  for (const only of [
    ['uniqueViewers'],
    ['startupP95Ms', 'clickThroughPercent'],
    ['views', 'watchTimeMs'],
  ] as const)
    assert.deepEqual(
      await analytics().figures(ana, 'days28', now, only),
      Object.fromEntries(only.map((name) => [name, current[name]])),
    )
  assert.equal(previous?.views, 0)
  assert.equal(previous?.averageViewMs, null)
})

test('tenants and creators see their own only', async () => {
  const views = async (tenantId: string, creatorId: string) =>
    (await analytics().figures({ tenantId, creatorId }, 'all')).views
  assert.equal(await views('demo', 'ben'), 3)
  assert.equal(await views('other', 'zoe'), 1)
  assert.equal(await views('other', 'ana'), 0)
  const stranger = { tenantId: 'other', creatorId: 'zoe', titleId: 'b' }
  assert.equal((await analytics().figures(stranger, 'all')).views, 0)
})

test('now: who was heard of lately watches; minutes are of the clock', async () => {
  const realtime = await analytics().realtime({ tenantId: 'demo', creatorId: 'ben' })
  assert.deepEqual([realtime.concurrentViewers, realtime.viewsLastHour, realtime.viewsLast48Hours], [1, 2, 2])
  assert.equal(realtime.minutes.length, 60)
  assert.equal(
    realtime.minutes.reduce((sum, point) => sum + point.views, 0),
    2,
  )
  const begun = realtime.minutes.filter((point) => point.views > 0).map((point) => point.at)
  assert.deepEqual(
    begun,
    [now - 200_000, now - 20_000].map((at) => Math.floor(at / 60_000) * 60_000),
  )
})

test('retention counts each second once, and again where it was played again', async () => {
  const scope = { tenantId: 'demo', creatorId: 'ana', titleId: 'a' }
  const retention = await analytics().retention(scope, 'all')
  assert.equal(retention.views, 3)
  const thirds = (counts: number[]): number[] => counts.map((count) => count / 3)
  assert.deepEqual(retention.unique, thirds([3, 3, 3, 3, 2, 2, 2, 2, 1, 1]))
  assert.deepEqual(retention.absolute, thirds([3, 4, 4, 3, 2, 2, 2, 2, 1, 1]))
  assert.deepEqual(await analytics().stalls(scope, 'all'), [
    { second: 2, stalls: 1, stalledMs: 2000, heightPx: 480, heightShare: 1 },
  ])
})

test('the series has a point for every day, empty days too', async () => {
  const series = await analytics().series({ tenantId: 'demo', creatorId: 'ana' }, 'days7')
  assert.ok(series.length >= 7 && series.length <= 8)
  assert.equal(
    series.reduce((sum, point) => sum + point.views, 0),
    5,
  )
})

test('a planted dip is a moment; chance is not', () => {
  const seconds = 300
  const curveOf = (plays: number, seed: number, dip: number | null): number[] => {
    const random = createRandom(seed)
    let watching = plays
    return Array.from({ length: seconds }, (_, second) => {
      for (let viewer = 0; viewer < watching; viewer++) {
        if (random.next() < 0.002 || (second === dip && random.next() < 0.12)) watching--
      }
      return watching / plays
    })
  }
  const dips = (unique: number[], plays: number) =>
    keyMoments({ unique, absolute: unique }, plays).filter((moment) => moment.kind === 'dip')
  assert.deepEqual(
    dips(curveOf(170, 3, 150), 170).map((moment) => moment.startSecond),
    [150],
  )
  const alarms = Array.from(
    { length: 120 },
    (_, seed) => dips(curveOf(100 + seed * 8, seed, null), 100 + seed * 8).length,
  )
  assert.ok(
    alarms.filter((count) => count > 0).length <= 6,
    `${alarms.filter((count) => count > 0).length} of 120`,
  )
})
