/**
 * How long a viewer waits: from the click on Play on a title's page to the first frame on screen, in a real Chromium
 * with nothing cached, on the whole platform. Beside it, in turns, a bare <video> playing the source file.
 * `STREAMVERSE_URL` measures a platform that runs already; otherwise one is started and waited for.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { eventually, openBrowser } from '#tests/browser/browser.ts'
import { createClient, startPlatform } from '#tests/browser/platform.ts'

const TITLE = 'bunny-01'
const SOURCE = path.join(import.meta.dirname, '../demo/video/bigbuckbunny.mp4')
const RUNS = 15
/** What a viewer looks at the page before pressing Play. */
const READS_MS = 1200
const BAR_MS = 500

const BARE = `<!doctype html><meta charset="utf-8"><title>bare</title>
<video muted playsinline width="1280"></video><a href="#play">Play</a>
<script>document.querySelector('a').onclick = (event) => {
  event.preventDefault()
  const video = document.querySelector('video')
  video.src = '/source.mp4'
  video.play()
}</script>`

async function serveBare(): Promise<{ url: string; close(): void }> {
  const bytes = readFileSync(SOURCE)
  const server = createServer((request, response) => {
    if (request.url !== '/source.mp4') {
      response.writeHead(200, { 'content-type': 'text/html' }).end(BARE)
      return
    }
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    response
      .writeHead(206, {
        'content-type': 'video/mp4',
        'accept-ranges': 'bytes',
        'content-length': bytes.length - from,
        'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
      })
      .end(bytes.subarray(from))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }
}

/** In the page: when the next click comes, and when the first frame after it is shown. */
const WATCH_FIRST_FRAME = `window.waited = new Promise((resolve) => {
  addEventListener('click', () => {
    const clickedAt = performance.now()
    const look = () => {
      const video = document.querySelector('video')
      if (video === null) requestAnimationFrame(look)
      else video.requestVideoFrameCallback((now) => resolve(now - clickedAt))
    }
    look()
  }, { once: true, capture: true })
})`

async function waitMs(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  try {
    const page = await context.newPage()
    await page.goto(url)
    const play = page.getByRole('link', { name: /^Play/ })
    await play.waitFor()
    await page.waitForTimeout(READS_MS)
    await page.evaluate(`void (${WATCH_FIRST_FRAME})`)
    await play.click()
    return (await page.evaluate('window.waited')) as number
  } finally {
    await context.close()
  }
}

/** A platform with all its clips made and nothing else to do. */
async function platformAtRest(): Promise<{ url: string; stop(): Promise<void> }> {
  const running = process.env['STREAMVERSE_URL']
  const { url, stop } =
    running === undefined ? await startPlatform() : { url: running, stop: async () => undefined }
  const { ask } = await createClient(url)
  type Answer = { title: { playable: boolean } | null; status: { work: { progress: number }[] } }
  await eventually(
    () => ask<Answer>(`{ title(id: "${TITLE}") { playable } status { work { progress } } }`),
    ({ title, status }) => title?.playable === true && status.work.every(({ progress }) => progress >= 1),
    600_000,
  )
  return { url, stop }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number

export async function bench(): Promise<object> {
  const platform = await platformAtRest()
  const bare = await serveBare()
  const browser = await openBrowser()
  const ours: number[] = []
  const theirs: number[] = []
  try {
    for (let run = 0; run <= RUNS; run++) {
      const a = await waitMs(browser, `${platform.url}/title/${TITLE}`)
      const b = await waitMs(browser, bare.url)
      if (run === 0) continue
      ours.push(a)
      theirs.push(b)
      console.log(`ours ${a.toFixed(0)} ms, bare video ${b.toFixed(0)} ms`)
    }
  } finally {
    bare.close()
    await browser.close()
    await platform.stop()
  }
  const medianMs = Math.round(median(ours))
  return {
    bench: 'startup',
    medianMs,
    worstMs: Math.round(Math.max(...ours)),
    bareMs: Math.round(median(theirs)),
    ratio: Number((median(ours) / median(theirs)).toFixed(2)),
    against: 'bare <video> playing the source mp4',
    bar: `median < ${BAR_MS} ms`,
    pass: medianMs < BAR_MS,
  }
}

if (import.meta.main) console.log(JSON.stringify(await bench()))
