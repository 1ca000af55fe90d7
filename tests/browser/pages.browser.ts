/** A real browser on the whole platform: watching counts and changes home, uploads play, every page is accessible. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { assertAccessible, eventually, LOOKS, openBrowser, visit } from '#tests/browser/browser.ts'
import { createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'

const TITLE = 'bunny-01'
const VIDEO = path.join(import.meta.dirname, '../../demo/video/bigbuckbunny.mp4')
let platform: Platform
let browser: Browser
type Creator = Awaited<ReturnType<typeof createClient>>
let mara: Creator
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
  await eventually(status, ({ status: { activeModel } }) => activeModel.startsWith('ncf'), 180_000)
})
after(async () => {
  await browser?.close()
  await platform?.stop()
  rmSync(folder, { recursive: true, force: true })
})

type Figures = {
  title: {
    analytics: { figures: { views: number; plays: number }; retention: { views: number; unique: number[] } }
  }
}
const figures = async () => {
  const answer = await mara.ask<Figures>(
    `{ title(id: "${TITLE}") { analytics(range: all) { figures { views plays } retention { views unique } } } }`,
  )
  return answer.title.analytics
}
type Home = { home: { rows: { key: string; slots: { title: { id: string } }[] }[] } }

test('pressing play plays, counts within 5 s, and home reflects it within 1 s', async () => {
  const { page, problems } = await visit(browser, platform.url, 'noor')
  const before = await figures()
  await page.goto(`/title/${TITLE}`)
  await page.getByRole('link', { name: 'Play' }).click()
  const currentTime = (): Promise<number> =>
    page.evaluate('document.querySelector("video")?.currentTime ?? 0')
  await eventually(currentTime, (seconds) => seconds > 1.6, 20_000)
  const after = await eventually(figures, ({ figures: { views } }) => views > before.figures.views, 5000)
  assert.equal(after.figures.views, before.figures.views + 1)
  assert.equal(after.retention.views, before.retention.views + 1)
  const realtime = await eventually(
    () =>
      mara.ask<{ studio: { realtime: { concurrentViewers: number; viewsLastHour: number } } }>(
        '{ studio { realtime { concurrentViewers viewsLastHour } } }',
      ),
    ({ studio }) => studio.realtime.viewsLastHour > 0,
    5000,
  )
  assert.ok(realtime.studio.realtime.viewsLastHour > 0)
  await page.evaluate('document.querySelector("video").pause()')
  await page.goBack()
  await page.goto('/')
  const home = (): Promise<Home> =>
    page.evaluate(async () => {
      const query = '{ home { rows { key slots { title { id } } } } }'
      const response = await fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      })
      return ((await response.json()) as { data: Home }).data
    })
  const inRow = ({ home: { rows } }: Home, key: string): boolean =>
    rows.some(
      (row) =>
        row.key.startsWith(key) && (key !== 'continue' || row.slots.some((slot) => slot.title.id === TITLE)),
    )
  await eventually(home, (answer) => inRow(answer, 'continue'), 1000)
  await page.reload()
  await page.getByRole('heading', { name: 'Continue watching' }).waitFor({ timeout: 3000 })
  await page.getByRole('heading', { name: /^Because you watched/ }).waitFor({ timeout: 3000 })
  assert.deepEqual(problems, [])
  await page.context().close()
})

test('an upload is playable within moments, and says so step by step', async () => {
  const { page, problems } = await visit(browser, platform.url, 'mara')
  await page.goto('/studio/upload')
  await page.locator('input[type=file]').setInputFiles(VIDEO)
  await page.getByRole('link', { name: 'Watch it' }).waitFor({ timeout: 60_000 })
  await page.getByText('Ready in every quality').waitFor({ timeout: 120_000 })
  await page.getByRole('link', { name: 'Watch it' }).click()
  const currentTime = (): Promise<number> =>
    page.evaluate('document.querySelector("video")?.currentTime ?? 0')
  await eventually(currentTime, (seconds) => seconds > 0.5, 20_000)
  assert.deepEqual(problems, [])
  await page.context().close()
})

test('what is no video ends in a clear message', async () => {
  const text = path.join(folder, 'letter.mp4')
  const empty = path.join(folder, 'empty.mp4')
  const cut = path.join(folder, 'cut.mp4')
  writeFileSync(text, 'Dear Sir or Madam,\n'.repeat(500))
  writeFileSync(empty, '')
  copyFileSync(VIDEO, cut)
  truncateSync(cut, 300_000)
  const { page } = await visit(browser, platform.url, 'mara')
  await page.goto('/studio/upload')
  for (const file of [text, empty, cut]) {
    await page.locator('input[type=file]').setInputFiles(file)
    const item = page.getByTestId('upload').filter({ hasText: path.basename(file) })
    await item.getByRole('alert').waitFor({ timeout: 60_000 })
    assert.ok((await item.getByRole('alert').innerText()).length > 30)
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
