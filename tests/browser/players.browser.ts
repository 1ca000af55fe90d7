/** Players other people wrote, with no code of ours, report to the collector: each view's watch time is right to 1 s. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fastify from 'fastify'
import { type Browser, chromium, type Page } from 'playwright-core'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { deadLetterEvents } from '#events/dead-letters.ts'
import type { PlayGrant } from '#events/grants.ts'
import { streams } from '#events/registry.ts'
import { createCollector } from '#pipelines/collect.ts'
import { registerCollector } from '#pipelines/collector-routes.ts'
import { openViews, type Views } from '#pipelines/views.ts'
import { openWarehouseSink, type WarehouseSink } from '#pipelines/warehouse-sink.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'
import {
  CLIP,
  KEYS,
  onVideo,
  openPlayer,
  packageClip,
  registerStockPlayers,
  STOCK_PLAYERS,
  type StockPlayer,
  watchedMsOf,
} from '#tests/browser/stock-players.ts'

const INTERVAL_SECONDS = 2
const TOLERANCE_MS = 1000

const grantOf = (token: string): PlayGrant => ({
  kind: 'play',
  tenantId: 'acme',
  playId: token,
  titleId: 'clip',
  viewerKey: 'viewer-1',
  kids: false,
  recommendationId: null,
  issuedAt: Date.now() - 60_000,
  expiresAt: Date.now() + 3_600_000,
})

let eventLog: EventLog
let warehouse: Warehouse
let sink: WarehouseSink
let views: Views
const app = fastify()
let browser: Browser
let dir: string
let url: string

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'streamverse-players-'))
  await packageClip(dir)
  eventLog = await openSegmentLog({ dir: path.join(dir, 'log'), streams, clock: systemClock, log: silentLog })
  warehouse = await openChdb({ dir: path.join(dir, 'warehouse'), log: silentLog })
  await ensureStreamTables(warehouse)
  const all = { eventLog, warehouse, streams, clock: systemClock, log: silentLog }
  sink = await openWarehouseSink({ ...all, onInserted: (_, batch) => views?.touched(batch) })
  views = await openViews({ ...all, sinkCaughtUpTo: sink.caughtUpTo })
  const collector = createCollector({
    eventLog,
    readGrant: async (token) => grantOf(token),
    findTenantByWriteKey: async () => null,
    clock: systemClock,
    log: silentLog,
  })
  registerStockPlayers(app, dir)
  registerCollector(app, collector)
  url = await app.listen({ port: 0, host: '127.0.0.1' })
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  })
})
after(async () => {
  await browser?.close()
  await app.close()
  await views?.close()
  await sink?.close()
  await eventLog?.close()
  await warehouse?.close()
  await rm(dir, { recursive: true, force: true })
})

const open = (player: StockPlayer, sid: string): Promise<Page> =>
  openPlayer(browser, url, player, {
    ...CLIP,
    target: `${url}/cmcd/${sid}`,
    sid,
    interval: INTERVAL_SECONDS,
    keys: KEYS,
  })

type ViewRow = { watchMs: number; playingMs: number; isPlay: boolean; seekCount: number; titleId: string }

/** The view's row as the creator's figures are made of. */
async function viewOf(sid: string): Promise<ViewRow | undefined> {
  await sink.caughtUp()
  await views.caughtUp()
  const rows = await warehouse.query<ViewRow>({
    sql: 'SELECT watchMs, playingMs, isPlay, seekCount, titleId FROM views FINAL WHERE tenantId = {tenantId:String} AND sid = {sid:String}',
    params: { tenantId: 'acme', sid },
  })
  assert.equal(rows.length, 1)
  return rows[0]
}

for (const player of STOCK_PLAYERS) {
  test(`${player} with no code of ours yields a view whose watch time is right`, async (context) => {
    const sid = `view-of-${player}`
    const page = await open(player, sid)
    await page.waitForTimeout(1500)
    await onVideo(page, 'video.play()')
    await page.waitForTimeout(4000)
    await onVideo(page, 'video.pause()')
    await page.waitForTimeout(1500)
    await onVideo(page, 'video.play()')
    await page.waitForTimeout(1500)
    await onVideo(page, 'void (video.currentTime = 20)')
    await page.waitForTimeout(2500)
    await onVideo(page, 'video.pause()')
    await page.waitForTimeout(INTERVAL_SECONDS * 1000 + 300)
    const truth = await watchedMsOf(page)
    await page.close()
    const view = await viewOf(sid)
    assert.ok(truth > 7000, `the page played for ${truth} ms`)
    const watchMs = view?.watchMs ?? 0
    context.diagnostic(`${watchMs} ms watched, the page says ${truth}`)
    assert.ok(Math.abs(watchMs - truth) <= TOLERANCE_MS, `${watchMs} ms, the page says ${truth}`)
    assert.deepEqual([view?.isPlay, view?.seekCount, view?.titleId], [true, 1, 'clip'])
    assert.deepEqual(await eventLog.ends(deadLetterEvents), [0])
  })
}
