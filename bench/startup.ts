/**
 * From click to first frame, in a real Chromium on the whole platform: fresh browser contexts, the title page open, one
 * click on Play. Beside it, in the same run, a bare <video> that is given the source file on click.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { eventually, openBrowser } from '#tests/browser/browser.ts'
import { createClient, startPlatform } from '#tests/browser/platform.ts'

const TITLE = 'bunny-01'
const RUNS = 15
const BAR_MS = 500
const VIDEO = path.join(import.meta.dirname, '../demo/video/bigbuckbunny.mp4')

const BARE = `<!doctype html><title>bare</title><button>Play</button><video muted playsinline width="1280"></video><script>
document.querySelector('button').onclick = () => { const v = document.querySelector('video'); v.src = '/v.mp4'; void v.play() }
</script>`

/** Runs in the page: the time from the next click to the first frame any video shows. */
const WATCH_FIRST_FRAME = `new Promise((resolve) => {
  document.addEventListener('click', () => {
    const clickedAt = performance.now()
    const look = () => {
      const video = document.querySelector('video')
      if (video === null) return void requestAnimationFrame(look)
      const done = () => { if (!video.paused) resolve(performance.now() - clickedAt); else video.requestVideoFrameCallback(done) }
      video.requestVideoFrameCallback(done)
    }
    look()
  }, { once: true, capture: true })
  globalThis.watching = true
})`

async function serveBare(): Promise<{ url: string; close(): void }> {
  const bytes = readFileSync(VIDEO)
  const server = createServer((request, response) => {
    if (request.url !== '/v.mp4') {
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
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() }
}

async function once(browser: Browser, url: string, click: (page: Page) => Promise<void>): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  await page.goto(url, { waitUntil: 'networkidle' }).catch(() => undefined)
  const measured = page.evaluate<number>(WATCH_FIRST_FRAME)
  await page.waitForFunction('globalThis.watching === true')
  await click(page)
  const ms = await measured
  await context.close()
  return ms
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number

export async function bench(): Promise<object> {
  const platform = await startPlatform()
  const browser = await openBrowser()
  const bare = await serveBare()
  try {
    const client = await createClient(platform.url)
    type Answer = {
      title: { playable: boolean } | null
      status: { work: { progress: number; failed: boolean }[] }
    }
    const ready = (): Promise<Answer> =>
      client.ask(`{ title(id: "${TITLE}") { playable } status { work { progress failed } } }`)
    await eventually(
      ready,
      ({ title, status }) => title?.playable === true && status.work.every((work) => work.progress >= 1),
      400_000,
    )
    const ours: number[] = []
    const theirs: number[] = []
    for (let run = 0; run <= RUNS; run++) {
      const a = await once(browser, `${platform.url}/title/${TITLE}`, async (page) => {
        await page.getByRole('link', { name: 'Play' }).click()
      })
      const b = await once(browser, bare.url, (page) => page.getByRole('button').click())
      if (run === 0) continue
      ours.push(a)
      theirs.push(b)
      console.log(`ours ${a.toFixed(0)} ms, bare video ${b.toFixed(0)} ms`)
    }
    const medianMs = Math.round(median(ours))
    return {
      bench: 'startup',
      medianMs,
      ratio: Number((median(ours) / median(theirs)).toFixed(2)),
      against: 'a bare <video> given the source mp4 on click',
      bar: `median < ${BAR_MS} ms`,
      pass: medianMs < BAR_MS,
    }
  } finally {
    bare.close()
    await browser.close()
    await platform.stop()
  }
}

if (import.meta.main) console.log(JSON.stringify(await bench()))
