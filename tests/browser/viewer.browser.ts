/** The viewer's side in a real browser: the player by every means, what it tells the platform, and the pages around it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { assertAccessible, eventually, openBrowser, visit } from '#tests/browser/browser.ts'
import { createClient, startPlatform } from '#tests/browser/platform.ts'

const TITLE = 'bunny-01'
const OTHER = 'bunny-02'
let platform: { url: string; stop(): Promise<void> }
let browser: Browser

before(async () => {
  const running = process.env['STREAMVERSE_URL']
  platform = running === undefined ? await startPlatform() : { url: running, stop: async () => undefined }
  browser = await openBrowser()
  const { ask } = await createClient(platform.url)
  for (const id of [TITLE, OTHER]) {
    const playable = (): Promise<{ title: { playable: boolean } | null }> =>
      ask(`{ title(id: "${id}") { playable } }`)
    await eventually(playable, (answer) => answer.title?.playable === true, 120_000)
  }
})
after(async () => {
  await browser?.close()
  await platform?.stop()
})

type Said = { readonly type: string; readonly eventId: string; readonly [field: string]: unknown }
type Batch = { readonly common: { readonly sid?: string }; readonly events: readonly Said[] }

/** What the page tells the collector of playback, and what the collector sets aside of it. */
function listen(page: Page) {
  const said: (Said & { readonly sid: string })[] = []
  const setAside: unknown[] = []
  page.on('response', async (response) => {
    if (!response.url().endsWith('/events') || response.status() !== 202) return
    const { common, events } = JSON.parse(response.request().postData() ?? '{}') as Batch
    said.push(...events.map((event) => ({ ...event, sid: String(common.sid) })))
    const answer = (await response.json().catch(() => ({}))) as { deadLettered?: unknown[] }
    setAside.push(...(answer.deadLettered ?? []))
  })
  const of = (type: string): Said[] => said.filter((event) => event.type === `playback.${type}`)
  return { said, setAside, of }
}
type Heard = ReturnType<typeof listen>

const heard = (listened: Heard, type: string, isIt: (event: Said) => boolean = () => true): Promise<Said[]> =>
  eventually(
    async () => listened.of(type).filter(isIt),
    (events) => events.length > 0,
    8000,
  )
type Video = { currentTime: number; paused: boolean; playbackRate: number; muted: boolean; duration: number }
const video = (page: Page): Promise<Video> =>
  page.evaluate(() => {
    const { currentTime, paused, playbackRate, muted, duration } = document.querySelector(
      'video',
    ) as unknown as Video
    return { currentTime, paused, playbackRate, muted, duration }
  })
const plays = (page: Page, from = 0.3): Promise<Video> =>
  eventually(
    () => video(page).catch(() => ({ currentTime: 0, paused: true }) as Video),
    ({ currentTime, paused }) => !paused && currentTime > from,
    20_000,
  )
const press = async (page: Page, ...keys: string[]): Promise<void> => {
  for (const key of keys) await page.keyboard.press(key)
}

test('a view is told from the click to the end, and nothing of it is set aside', async () => {
  const { page, problems } = await visit(browser, platform.url, 'noor')
  const events = listen(page)
  await page.goto(`/title/${TITLE}`)
  const play = page.getByRole('link', { name: /^(Play|Resume)/ })
  await play.waitFor()
  const before = Date.now()
  await play.click()
  const clicked = Date.now()
  await plays(page)
  const [asked] = await heard(events, 'view.requested')
  const [started] = await heard(events, 'view.started')
  assert.equal(asked?.['intent'], 'click')
  const at = Number(asked?.['createdAt'])
  assert.ok(before <= at && at <= clicked, `clicked from ${before} to ${clicked}, said ${at}`)
  assert.ok(Number(started?.['startupMs']) > 0 && Number(started?.['startupMs']) < 5000)

  await press(page, 'k')
  await heard(events, 'state.changed', (event) => event['state'] === 'paused')
  assert.equal((await video(page)).paused, true)
  await press(page, '0', 'k')
  const [sought] = await heard(events, 'seek.ended')
  assert.ok(Number(sought?.['playheadMs']) < 200)
  await press(page, '>')
  assert.equal((await video(page)).playbackRate, 1.25)
  await heard(events, 'heartbeat.sent', (event) => event['rate'] === 1.25)
  await press(page, 'm', '9')
  assert.equal((await video(page)).muted, true)

  const again = page.getByRole('button', { name: 'Watch again' })
  await again.waitFor({ timeout: 15_000 })
  await heard(events, 'view.ended', (event) => event['endReason'] === 'completed')
  // What comes next is offered once there is something else to play.
  const stay = page.getByRole('button', { name: 'Stay here' })
  if (await stay.isVisible()) await stay.click()
  await again.click()
  await eventually(
    async () => new Set(events.said.map(({ sid }) => sid)).size,
    (views) => views === 2,
    5000,
  )
  await plays(page)
  const first = events.said.filter(({ sid }) => sid === events.said[0]?.sid)
  assert.deepEqual(
    first.map((event) => event['seq']),
    first.map((_, i) => i),
  )
  assert.deepEqual(events.setAside, [])
  assert.deepEqual(problems, [])
  await page.context().close()
})

test('home shows what was just watched, without being asked again, within a second', async () => {
  const { page } = await visit(browser, platform.url, 'noor')
  await page.goto('/')
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.goto(`/title/${OTHER}`)
  await page.getByRole('link', { name: /^(Play|Resume)/ }).click()
  await plays(page)
  await press(page, '2')
  await eventually(
    () => video(page),
    ({ currentTime }) => currentTime > 2.2,
    10_000,
  )
  const name = await page.getByRole('heading', { level: 1 }).innerText()
  await page.getByRole('link', { name: 'StreamVerse' }).click()
  const left = Date.now()
  const row = page.getByRole('region', { name: 'Continue watching' })
  await row.getByRole('link', { name }).waitFor({ timeout: 1500 })
  const waited = Date.now() - left
  assert.ok(waited < 1000, `it took ${waited} ms`)
  await page.context().close()
})

test('what cannot be sent is kept, and sent by the next page with the same ids', async () => {
  const { page, context } = await visit(browser, platform.url, 'ada')
  const lost: Said[] = []
  await page.route('**/events', async (route) => {
    lost.push(...(JSON.parse(route.request().postData() ?? '{}') as Batch).events)
    await route.abort()
  })
  await page.goto(`/watch/${TITLE}`)
  await plays(page, 1)
  await page.getByRole('link', { name: 'StreamVerse' }).click()
  await eventually(
    () => page.evaluate(() => localStorage.getItem('streamverse.unsent') ?? ''),
    (kept) => kept.includes('playback.view.ended'),
    5000,
  )
  await page.unroute('**/events')
  const events = listen(page)
  await page.goto(`/watch/${TITLE}`)
  await eventually(
    async () => new Set(events.said.map(({ eventId }) => eventId)),
    (ids) => lost.every(({ eventId }) => ids.has(eventId)),
    8000,
  )
  assert.deepEqual(events.setAside, [])
  await context.close()
})

test('a video that does not arrive says so, counts as failed, and can be tried again', async () => {
  const { page } = await visit(browser, platform.url, 'ada')
  const events = listen(page)
  await page.route('**/*.m3u8', (route) => route.fulfill({ status: 404, body: '' }))
  await page.goto(`/watch/${TITLE}`)
  await page.getByRole('alert').getByText('This video is gone').waitFor({ timeout: 15_000 })
  await assertAccessible(page, 'trouble')
  const [error] = await heard(events, 'error.raised', (event) => event['fatal'] === true)
  assert.match(String(error?.['errorCode']), /404/)
  await heard(events, 'view.ended', (event) => event['endReason'] === 'failed')
  await page.unroute('**/*.m3u8')
  await page.getByRole('button', { name: 'Try again' }).click()
  await plays(page)
  await heard(events, 'view.started')
  assert.equal(events.of('view.requested').length, 2)
  await page.context().close()
})

test('a video that failed before anybody pressed play says so at once', async () => {
  const { page } = await visit(browser, platform.url, 'ada')
  const events = listen(page)
  const gone = page.waitForResponse(
    (response) => response.url().endsWith('.m3u8') && response.status() === 404,
  )
  await page.route('**/*.m3u8', (route) => route.fulfill({ status: 404, body: '' }))
  await page.goto(`/title/${TITLE}`)
  await gone
  await page.getByRole('link', { name: /^(Play|Resume)/ }).click()
  await page.getByRole('alert').getByText('This video is gone').waitFor({ timeout: 15_000 })
  await page.waitForTimeout(600)
  assert.equal(await page.locator('.svp-spinner').isVisible(), false)
  await heard(events, 'view.ended', (event) => event['endReason'] === 'failed')
  assert.equal(events.of('error.raised').filter((event) => event['fatal'] === true).length, 1)
  await page.unroute('**/*.m3u8')
  await page.getByRole('button', { name: 'Try again' }).click()
  await plays(page)
  await page.context().close()
})

test('the menu is used by keys, and everything over the picture is accessible', async () => {
  const { page, problems } = await visit(browser, platform.url, 'ada')
  await page.goto(`/watch/${TITLE}`)
  await plays(page)
  await press(page, 'k')
  await page.getByRole('button', { name: 'Settings' }).focus()
  await press(page, 'Enter')
  await assertAccessible(page, 'settings')
  await press(page, 'ArrowRight')
  await page.getByRole('menuitemradio', { name: '240p' }).waitFor()
  await assertAccessible(page, 'qualities')
  await press(page, 'End', 'Enter')
  await press(page, 'Enter')
  assert.match(await page.getByRole('menuitem', { name: /^Quality/ }).innerText(), /240p/)
  await press(page, 'Escape')
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Settings')
  await page.locator('.svp-scrubber').hover()
  await page.locator('.svp-tile').waitFor()
  assert.deepEqual(problems, [])
  await page.context().close()
})

test('captions of a captioned title are shown once chosen, and stay chosen', async () => {
  const { page, problems } = await visit(browser, platform.url, 'ada')
  const shown = (): Promise<string[]> =>
    page.evaluate(() =>
      [
        ...(document.querySelector('video') as unknown as { textTracks: { label: string; mode: string }[] })
          .textTracks,
      ]
        .filter(({ mode }) => mode === 'showing')
        .map(({ label }) => label),
    )
  await page.goto(`/watch/${TITLE}`)
  await plays(page)
  assert.deepEqual(await shown(), [])
  await press(page, 'c')
  assert.deepEqual(await shown(), ['English'])
  await press(page, '0')
  const words = (): Promise<string> =>
    page.evaluate(() => {
      const { textTracks } = document.querySelector('video') as unknown as {
        textTracks: { activeCues: { text: string }[] | null }[]
      }
      return [...textTracks]
        .flatMap(({ activeCues }) => [...(activeCues ?? [])].map(({ text }) => text))
        .join()
    })
  await eventually(words, (text) => text.includes('a meadow that is already awake'), 8000)
  await page.reload()
  await plays(page)
  assert.deepEqual(await shown(), ['English'])
  await press(page, 'c')
  assert.deepEqual(await shown(), [])
  assert.deepEqual(problems, [])
  await page.context().close()
})

test('two taps on a side of the picture seek ten seconds, one shows the controls', async () => {
  const { page } = await visit(browser, platform.url, 'ada', 'phone')
  await page.goto(`/watch/${TITLE}`)
  await plays(page, 1.2)
  const tap = (share: number): Promise<void> =>
    page.evaluate((at) => {
      const element = document.querySelector('video') as unknown as HTMLElement
      const box = element.getBoundingClientRect()
      const clientX = box.left + box.width * at
      const touch = { pointerType: 'touch', clientX, clientY: box.top + 20, bubbles: true }
      element.dispatchEvent(new PointerEvent('pointerup', touch))
    }, share)
  await tap(0.2)
  await tap(0.2)
  await page.locator('.svp-ripple').getByText('10 seconds').waitFor()
  assert.ok((await video(page)).currentTime < 1)
  await page.context().close()
})

test('search answers while typing, and its address can be shared', async () => {
  const { page, problems } = await visit(browser, platform.url, 'ada')
  await page.goto('/search')
  await page.getByRole('searchbox').fill('bunny')
  await page.getByText(/titles? with “bunny”/).waitFor()
  assert.match(page.url(), /[?&]q=bunny/)
  const names = await page.locator('.sv-name').allInnerTexts()
  assert.ok(names.length > 0 && names.every((name) => /bunny/i.test(name)), names.join())
  await page.reload()
  await page.getByText(/titles? with “bunny”/).waitFor()
  assert.equal(await page.getByRole('searchbox').inputValue(), 'bunny')
  await page.getByRole('searchbox').fill('no such name at all')
  await page.getByRole('heading', { name: 'Nothing by that name' }).waitFor()
  assert.deepEqual(problems, [])
  await page.context().close()
})

test('simulated titles say so and offer nothing to play', async () => {
  const { page } = await visit(browser, platform.url, 'ada')
  await page.goto('/')
  const card = page.locator('.sv-card').filter({ hasText: 'Simulated' }).first()
  await card.click()
  await page.getByText('there is no video to play').waitFor()
  assert.equal(await page.getByRole('link', { name: /^(Play|Resume)/ }).count(), 0)
  await page.context().close()
})
