/**
 * Players other people wrote play the manifests of a real title of the platform, picture and sound, from a page of
 * another origin, and report to the address that its play session gives: the view is the viewer's, and right to 1 s.
 */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { after, before, test } from 'node:test'
import fastify from 'fastify'
import type { Browser, Page } from 'playwright-core'
import { eventually, openBrowser } from '#tests/browser/browser.ts'
import { type Client, createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'
import {
  KEYS,
  onVideo,
  openPlayer,
  registerStockPlayers,
  STOCK_PLAYERS,
  watchedMsOf,
} from '#tests/browser/stock-players.ts'
import { readViews } from '#tests/warehouse.ts'

const TITLE = 'bunny-01'
const INTERVAL_SECONDS = 1
const TOLERANCE_MS = 1000
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
  const visitor = await createClient(platform.url)
  await eventually(
    () => visitor.ask<{ title: { playable: boolean } | null }>(`{ title(id: "${TITLE}") { playable } }`),
    ({ title }) => title?.playable === true,
    120_000,
  )
  ada = await createClient(platform.url, 'ada')
})
after(async () => {
  await browser?.close()
  await app.close()
  await platform?.stop()
})

type Decoded = { currentTime: number; frames: number; soundBytes: number; heightPx: number; muted: boolean }
const decoded = (page: Page): Promise<Decoded> =>
  onVideo(
    page,
    `({ currentTime: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames,
      soundBytes: video.webkitAudioDecodedByteCount, heightPx: video.videoHeight, muted: video.muted })`,
  )

type Session = { hlsUrl: string; dashUrl: string; cmcdUrl: string }
async function openSession(): Promise<Session> {
  const { createPlaySession } = await ada.ask<{ createPlaySession: Session }>(
    `mutation { createPlaySession(titleId: "${TITLE}") { hlsUrl dashUrl cmcdUrl } }`,
  )
  const [hlsUrl, dashUrl, cmcdUrl] = (['hlsUrl', 'dashUrl', 'cmcdUrl'] as const).map(
    (name) => new URL(createPlaySession[name], platform.url).href,
  ) as [string, string, string]
  return { hlsUrl, dashUrl, cmcdUrl }
}

for (const player of STOCK_PLAYERS) {
  test(`${player} plays our manifest with sound and reports to its play session`, async (context) => {
    const { hlsUrl, dashUrl, cmcdUrl: target } = await openSession()
    const sid = `ours-${player}`
    const options = { target, sid, interval: INTERVAL_SECONDS, keys: KEYS, hlsUrl, dashUrl }
    const page = await openPlayer(browser, url, player, options)
    const answers: { path: string; status: number }[] = []
    page.on('response', (response) => {
      const { origin, pathname } = new URL(response.url())
      if (origin === platform.url) answers.push({ path: pathname, status: response.status() })
    })
    const loaded = (): Promise<number> => onVideo(page, 'video.readyState')
    await eventually(loaded, (readyState) => readyState >= 3, 15_000)
    await onVideo(page, '(video.muted = false, video.play())')
    const first = await eventually(
      () => decoded(page),
      ({ currentTime, frames, soundBytes }) => currentTime > 0.5 && frames > 0 && soundBytes > 0,
      15_000,
    )
    const later = await eventually(
      () => decoded(page),
      ({ currentTime }) => currentTime > first.currentTime + 2,
      10_000,
    )
    await onVideo(page, 'video.pause()')
    assert.ok(
      later.frames > first.frames && later.soundBytes > first.soundBytes,
      JSON.stringify([first, later]),
    )
    assert.ok(later.heightPx >= 240 && !later.muted, JSON.stringify(later))
    await page.waitForTimeout(INTERVAL_SECONDS * 1000 + 500)
    const truth = await watchedMsOf(page)
    await page.close()

    assert.deepEqual(
      answers.filter(({ status }) => status >= 400),
      [],
    )
    assert.ok(answers.some(({ path, status }) => path === new URL(target).pathname && status === 204))
    const where = 'sid = {sid:String}'
    const [view, ...others] = await eventually(
      () => readViews(platform.dataDir, where, { sid }),
      (views) => Math.abs((views[0]?.watchMs ?? 0) - truth) <= TOLERANCE_MS,
      30_000,
    )
    context.diagnostic(`${view?.watchMs} ms watched, the page says ${truth}`)
    assert.deepEqual(others, [])
    assert.deepEqual([view?.tenantId, view?.titleId, view?.isPlay], ['demo', TITLE, true])
    assert.match(String(view?.viewerKey), /^v_/)
  })
}
