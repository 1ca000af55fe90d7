/**
 * The origin as a second witness: what players fetch is known as their view's, ours by headers that leave addresses alone
 * and others' by CMCD request mode, also when their reports are blocked; the creator reads what was compared.
 */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { after, before, test } from 'node:test'
import fastify from 'fastify'
import type { Browser } from 'playwright-core'
import { assertAccessible, eventually, openBrowser, visit } from '#tests/browser/browser.ts'
import { type Client, createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'
import {
  KEYS,
  onVideo,
  openPlayer,
  registerStockPlayers,
  STOCK_PLAYERS,
} from '#tests/browser/stock-players.ts'
import { type DeliveryRow, readDeliveries, readViews } from '#tests/warehouse.ts'

const TITLE = 'bunny-01'
const WAIT_MS = 60_000
let platform: Platform
let browser: Browser
let ada: Client
let url: string
const app = fastify()

before(async () => {
  platform = await startPlatform()
  registerStockPlayers(app, tmpdir())
  url = await app.listen({ port: 0, host: '127.0.0.1' })
  browser = await openBrowser()
  ada = await createClient(platform.url, 'ada')
  await eventually(
    () => ada.ask<{ title: { playable: boolean } | null }>(`{ title(id: "${TITLE}") { playable } }`),
    ({ title }) => title?.playable === true,
    120_000,
  )
})
after(async () => {
  await browser?.close()
  await app.close()
  await platform?.stop()
})

const isVideo = ({ mediaKind }: DeliveryRow): boolean => mediaKind === 'video'
const deliveredTo = (sid: string, least: number): Promise<DeliveryRow[]> =>
  eventually(
    () => readDeliveries(platform.dataDir, TITLE, sid),
    (rows) => rows.filter(isVideo).length >= least,
    WAIT_MS,
  )

test('our player is known by its play session when every report is blocked, on addresses that are the same for all', async () => {
  const { page, context } = await visit(browser, platform.url, 'ada')
  const media: string[] = []
  let session = ''
  await context.route('**/events', (route) => route.abort())
  page.on('request', (request) => {
    if (request.url().includes(`/media/demo/${TITLE}/`)) media.push(request.url())
  })
  // The end of the page makes sessions of what may be watched next.
  page.on('response', async (response) => {
    if (!(response.request().postData() ?? '').includes(`"titleId":"${TITLE}"`)) return
    session = /"createPlaySession":\{"id":"([^"]+)"/.exec(await response.text())?.[1] ?? session
  })
  await page.goto(`/watch/${TITLE}`)
  await eventually(
    () => onVideo<number>(page, 'video?.currentTime ?? 0'),
    (second) => second > 2,
    WAIT_MS,
  )
  assert.notEqual(session, '')
  const rows = await deliveredTo(session, 1)
  assert.ok(rows.some(({ type }) => type === 'delivery.manifest.served'))
  assert.ok(rows.some((row) => isVideo(row) && row.playerState !== 'd' && row.whole === true))
  assert.ok(rows.every(({ cmcdVersion }) => cmcdVersion === 2))
  assert.deepEqual(
    media.filter((address) => address.includes('CMCD')),
    [],
  )
  await page.close()
  assert.deepEqual(await readViews(platform.dataDir, 'playerId = {session:String}', { session }), [])
})

for (const player of STOCK_PLAYERS) {
  test(`${player} in request mode is known by the name its reports carry`, async () => {
    type Opened = { id: string; hlsUrl: string; dashUrl: string; cmcdUrl: string }
    const { createPlaySession: opened } = await ada.ask<{ createPlaySession: Opened }>(
      `mutation { createPlaySession(titleId: "${TITLE}") { id hlsUrl dashUrl cmcdUrl } }`,
    )
    const at = (address: string): string => new URL(address, platform.url).href
    const page = await openPlayer(browser, url, player, {
      target: at(opened.cmcdUrl),
      sid: opened.id,
      interval: 1,
      keys: KEYS,
      hlsUrl: at(opened.hlsUrl),
      dashUrl: at(opened.dashUrl),
    })
    await onVideo(page, 'video.play()')
    await eventually(
      () => onVideo<number>(page, 'video.currentTime'),
      (second) => second > 2,
      WAIT_MS,
    )
    await page.close()
    const rows = await deliveredTo(opened.id, 1)
    const pieces = rows.filter(({ type }) => type === 'delivery.segment.served')
    assert.ok(pieces.every(({ startMs, endMs }) => startMs !== null && endMs !== null && endMs > startMs))
    assert.ok(pieces.some(({ bufferMs }) => bufferMs !== null))
    const views = await eventually(
      () => readViews(platform.dataDir, 'sid = {sid:String}', { sid: opened.id }),
      (found) => found.length === 1,
      WAIT_MS,
    )
    assert.equal(views[0]?.titleId, TITLE)
  })
}

test('the creator reads what may not have been seen, and what it rests on; others read nothing', async () => {
  const mara = await createClient(platform.url, 'mara')
  type Answer = {
    title: { analytics: { witnesses: { state: string; measuredViews: number; unnamedPercent: number } } }
  }
  const ask = `{ title(id: "${TITLE}") { analytics(range: all) { witnesses { state measuredViews unnamedPercent } } } }`
  const { state, measuredViews, unnamedPercent } = (await mara.ask<Answer>(ask)).title.analytics.witnesses
  assert.ok(['elsewhere', 'compared'].includes(state), state)
  assert.ok(measuredViews >= STOCK_PLAYERS.length)
  assert.equal(unnamedPercent, 0)
  await assert.rejects(ada.ask(ask))
  const channel = await mara.ask<{ studio: { witnesses: { state: string } } }>(
    '{ studio { witnesses(range: all) { state } } }',
  )
  assert.notEqual(channel.studio.witnesses.state, 'none')

  const { page } = await visit(browser, platform.url, 'mara')
  await page.goto(`/studio/titles/${TITLE}`)
  const card = page.getByRole('region', { name: 'What we may not have seen' })
  await card
    .getByText(/Most plays did not get their video|Each view is told of twice/)
    .waitFor({ timeout: WAIT_MS })
  await assertAccessible(page, 'a title that was delivered')
  await page.goto('/studio/titles/sim-000')
  await card.getByText('No video was delivered here').waitFor({ timeout: WAIT_MS })
  await page.close()
})
