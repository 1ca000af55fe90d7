/** A real browser on the whole platform: watching counts and changes home, uploads play, every page is accessible. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { assertAccessible, eventually, LOOKS, openBrowser, visit } from '#tests/browser/browser.ts'
import { type Client, createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'
import { makeAudioOnly, uploadTitle, VIDEOS } from '#tests/browser/upload.ts'
import { readViews } from '#tests/warehouse.ts'

const TITLE = 'bunny-01'
const VIDEO = path.join(VIDEOS, 'bigbuckbunny.mp4')
const TRAILER = path.join(VIDEOS, 'trailer_bbb.mp4')
let platform: Platform
let browser: Browser
let mara: Client
const folder = mkdtempSync(path.join(tmpdir(), 'upload-'))

before(async () => {
  platform = await startPlatform()
  browser = await openBrowser()
  mara = await createClient(platform.url)
  const people = (): Promise<{ people: { id: string }[] }> => mara.ask('{ people { id } }')
  await eventually(people, (answer) => answer.people.length >= 7, 20_000)
  mara = await createClient(platform.url, 'mara')
  const playable = (): Promise<{ title: { playable: boolean } | null }> =>
    mara.ask(`{ title(id: "${TITLE}") { playable } }`)
  await eventually(playable, (answer) => answer.title?.playable === true, 90_000)
  // The world is at rest before anything is counted: history said, first model trained.
  const status = (): Promise<{ status: { work: { key: string }[]; activeModel: string } }> =>
    mara.ask('{ status { activeModel work { key } } }')
  await eventually(status, ({ status: { activeModel } }) => activeModel !== 'popularity', 180_000)
})
after(async () => {
  await browser?.close()
  await platform?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Views of one title as its creator sees them: of the last hour, of all time, and under the retention curve. */
async function countsOf(titleId: string) {
  type Answer = { title: { analytics: { figures: { views: number }; retention: { views: number } } } }
  const { title } = await mara.ask<Answer>(
    `{ title(id: "${titleId}") { analytics(range: all) { figures { views } retention { views } } } }`,
  )
  const { realtime } = await mara.first<{ realtime: { viewsLastHour: number } }>(
    `subscription { realtime(titleId: "${titleId}") { viewsLastHour } }`,
  )
  const { figures, retention } = title.analytics
  return { realtime: realtime.viewsLastHour, figures: figures.views, retention: retention.views }
}
/** The views that the page tells the collector of. */
function listenForViews(page: Page): Set<string> {
  const sids = new Set<string>()
  page.on('request', (request) => {
    if (!request.url().endsWith('/events')) return
    const { common } = JSON.parse(request.postData() ?? '{}') as { common?: { sid?: string } }
    if (common?.sid !== undefined) sids.add(common.sid)
  })
  return sids
}
const currentTimeOf = (page: Page): Promise<number> =>
  page.evaluate('document.querySelector("video")?.currentTime ?? 0')

test('pressing play plays, counts exactly this view within 5 s, and home reflects it within 1 s', async () => {
  // The simulated viewers know the demo's titles only: nobody but this page watches a title uploaded here.
  const name = 'A Rabbit Nobody Knows'
  const titleId = await uploadTitle(mara, name, VIDEO)
  const { page, problems } = await visit(browser, platform.url, 'noor')
  const sids = listenForViews(page)
  await page.goto(`/title/${titleId}`)
  const play = page.getByRole('link', { name: 'Play' })
  await play.waitFor()
  const { realtime, figures, retention } = await countsOf(titleId)
  const oneMore = { realtime: realtime + 1, figures: figures + 1, retention: retention + 1 }
  await play.click()
  const watching = async (): Promise<void> => {
    const first = await eventually(
      () => currentTimeOf(page),
      (seconds) => seconds > 0.2,
      20_000,
    )
    await eventually(
      () => currentTimeOf(page),
      (seconds) => seconds > first + 1.2,
      10_000,
    )
    await page.keyboard.press('k')
  }
  const counted = eventually(
    () => countsOf(titleId),
    (now) => now.realtime > realtime && now.figures > figures && now.retention > retention,
    5000,
  )
  const [now] = await Promise.all([counted, watching()])
  assert.deepEqual(now, oneMore)

  await page.getByRole('link', { name: 'StreamVerse' }).click()
  const begun = page.getByRole('region', { name: 'Continue watching' }).getByRole('link', { name })
  const because = page.getByRole('heading', { name: `Because you watched ${name}` })
  await eventually(
    async () => ({ begun: await begun.count(), because: await because.count() }),
    (shown) => shown.begun > 0 && shown.because > 0,
    1000,
  )
  assert.deepEqual(await countsOf(titleId), oneMore)
  const views = await readViews(platform.dataDir, 'titleId = {titleId:String}', { titleId })
  assert.deepEqual(
    views.map(({ sid, isPlay }) => [sid, isPlay]),
    [...sids].map((sid) => [sid, true]),
  )
  assert.equal(views.length, 1)
  assert.deepEqual(problems, [])
  await page.context().close()
})

test('an upload is playable within moments, and says so step by step', async () => {
  const { page, problems } = await visit(browser, platform.url, 'mara')
  await page.goto('/studio/upload')
  await page.locator('input[type=file]').first().setInputFiles(TRAILER)
  await page.getByRole('link', { name: 'Watch it' }).waitFor({ timeout: 60_000 })
  await page.getByText('Ready in every quality').waitFor({ timeout: 240_000 })
  await page.getByRole('link', { name: 'Watch it' }).click()
  await eventually(
    () => currentTimeOf(page),
    (seconds) => seconds > 0.5,
    20_000,
  )
  assert.deepEqual(problems, [])
  await page.context().close()
})

test('what is no video ends in a clear message', async () => {
  const text = path.join(folder, 'letter.mp4')
  const empty = path.join(folder, 'empty.mp4')
  const cut = path.join(folder, 'cut.mp4')
  const sound = path.join(folder, 'sound.mp4')
  writeFileSync(text, 'Dear Sir or Madam,\n'.repeat(500))
  writeFileSync(empty, '')
  copyFileSync(VIDEO, cut)
  truncateSync(cut, 300_000)
  await makeAudioOnly(sound)
  const { page } = await visit(browser, platform.url, 'mara')
  await page.goto('/studio/upload')
  const says: readonly [file: string, message: RegExp][] = [
    [text, /not a video/],
    [empty, /empty/],
    [cut, /index is missing|ends after/],
    [sound, /sound but no picture/],
  ]
  for (const [file, message] of says) {
    await page.locator('input[type=file]').first().setInputFiles(file)
    const alert = page
      .getByTestId('upload')
      .filter({ hasText: path.basename(file) })
      .getByRole('alert')
    await alert.waitFor({ timeout: 60_000 })
    const words = await alert.innerText()
    assert.match(words, message)
    assert.ok(words.length > 30, words)
  }
  await page.context().close()
})

const PAGES: readonly [person: string, paths: readonly string[]][] = [
  ['ada', ['/', `/title/${TITLE}`, `/watch/${TITLE}`, '/search?q=the', '/my-list', '/history']],
  ['mara', ['/studio', '/studio/titles', `/studio/titles/${TITLE}`, '/studio/upload', '/studio/status']],
  ['dara', ['/studio/models']],
]
for (const look of LOOKS) {
  test(`every page is accessible and without errors: ${look}`, async () => {
    for (const [person, paths] of PAGES) {
      const { page, problems } = await visit(browser, platform.url, person, look)
      for (const at of paths) {
        await page.goto(at)
        await page.getByRole('heading', { level: 1 }).waitFor({ timeout: 15_000 })
        await page.waitForTimeout(400)
        await assertAccessible(page, `${look} ${at}`)
        const overflow = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        assert.ok(
          (overflow as number) <= 1,
          `${look} ${at} is wider than the screen by ${String(overflow)} px`,
        )
      }
      assert.deepEqual(problems, [])
      await page.context().close()
    }
  })
}
