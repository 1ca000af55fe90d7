/** The creator’s side in a real browser: uploads that survive, are given up or get another file; work that failed. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { assertAccessible, eventually, openBrowser, visit } from '#tests/browser/browser.ts'
import { createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'

const VIDEO = path.join(import.meta.dirname, '../../demo/video/bigbuckbunny.mp4')
const CHUNK_BYTES = 8 * 1024 * 1024
const folder = mkdtempSync(path.join(tmpdir(), 'creator-'))
let platform: Platform
let browser: Browser
let mara: Awaited<ReturnType<typeof createClient>>

before(async () => {
  platform = await startPlatform()
  browser = await openBrowser()
  const { ask } = await createClient(platform.url)
  const playable = (): Promise<{ title: { playable: boolean } | null }> =>
    ask('{ title(id: "bunny-01") { playable } }')
  await eventually(playable, (answer) => answer.title?.playable === true, 120_000)
  mara = await createClient(platform.url, 'mara')
  const mend = breakTranscodes()
  const work = (): Promise<{ status: { work: { key: string; failed: boolean }[] } }> =>
    mara.ask('{ status { work { key failed } } }')
  const failed = ({ status }: Awaited<ReturnType<typeof work>>): boolean =>
    status.work.some(({ key, failed }) => key === 'clips' && failed)
  await eventually(work, failed, 120_000)
  mend()
})
after(async () => {
  await browser?.close()
  await platform?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Takes away the folder that transcodes are made in; returns the way to give it back. */
function breakTranscodes(): () => void {
  const work = path.join(platform.dataDir, 'playback/work')
  renameSync(work, `${work}.away`)
  symlinkSync(`${work}.nowhere`, work)
  return () => {
    rmSync(work)
    renameSync(`${work}.away`, work)
  }
}

/** A video of more than one piece: what follows its last box is skipped by every reader. */
function largeVideo(name: string): string {
  const file = path.join(folder, name)
  copyFileSync(VIDEO, file)
  const free = Buffer.alloc(CHUNK_BYTES + 1_000_000)
  free.writeUInt32BE(free.length, 0)
  free.write('free', 4, 'latin1')
  appendFileSync(file, free)
  return file
}
const choose = (page: Page, file: string): Promise<void> =>
  page.locator('input[type=file]').first().setInputFiles(file)
type Titles = { studio: { titles: { edges: { node: { id: string; status: string } }[] } } }
const named = async (text: string): Promise<{ id: string; status: string }[]> => {
  const { studio } = await mara.ask<Titles>(
    `{ studio { titles(text: "${text}") { edges { node { id status } } } } }`,
  )
  return studio.titles.edges.map(({ node }) => node)
}

test('work that failed is said with what to do, and the status page moves as the platform does', async () => {
  const { page, problems } = await visit(browser, platform.url, 'oskar', 'dark')
  await page.goto('/studio/status')
  await page.getByText('Failed', { exact: true }).waitFor()
  const banner = page.getByRole('complementary', { name: 'What the platform is doing' })
  await banner.getByText(/Making clips playable: this failed\. \d+ of 12 .* next start/).waitFor()
  await assertAccessible(page, 'failed work')
  const stored = (): Promise<string> => page.getByTestId('status').innerText()
  const before = await stored()
  await mara.ask('mutation { rateTitle(titleId: "bunny-01", stars: 4) { id } }')
  await eventually(stored, (text) => text !== before, 8000)
  await page.getByRole('button', { name: 'Dismiss: Making clips playable' }).click()
  assert.equal(await banner.getByText('this failed').count(), 0)
  assert.deepEqual(problems, [])
  await page.context().close()
})

test('what could not be saved, removed or taken back says so', async () => {
  const { page } = await visit(browser, platform.url, 'mara')
  await page.goto('/studio/titles')
  const actions = page.getByRole('button', { name: /^Actions for/ }).first()
  await actions.click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  await page.route('**/graphql', (route) => route.abort())
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('alert').getByText('The platform did not answer').waitFor()
  await assertAccessible(page, 'a save that failed')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.unrouteAll()
  await actions.click()
  await page.getByRole('menuitem', { name: 'Remove' }).click()
  const undo = page.getByRole('button', { name: 'Undo' })
  await undo.waitFor()
  await page.route('**/graphql', (route) => route.abort())
  await undo.click()
  await page.getByText(/is still removed\. The platform did not answer/).waitFor()
  await page.context().close()
})

test('captions are added from a file, seen by viewers, and taken away; what is none is refused', async () => {
  const { page } = await visit(browser, platform.url, 'mara', 'phone')
  await page.goto('/studio/titles/bunny-01')
  const card = page.getByRole('region', { name: 'Captions' })
  await card.getByRole('link', { name: 'English' }).waitFor()
  await card.getByLabel('Language').selectOption('de')
  const file = card.locator('input[type=file]')
  const bring = (words: string | Buffer): Promise<void> =>
    file.setInputFiles({ name: 'de.srt', mimeType: 'application/x-subrip', buffer: Buffer.from(words) })
  await bring('Dear Sir or Madam')
  await card.getByRole('alert').getByText('neither WebVTT nor SubRip').waitFor()
  await assertAccessible(page, 'captions refused')
  await bring(Buffer.alloc(600_000, 'x'))
  await card.getByRole('alert').getByText('larger than 500 kB').waitFor()
  await bring(Buffer.from('1\n00:00:00,000 --> 00:00:04,000\nGähnt.\n', 'latin1'))
  const link = card.getByRole('link', { name: 'German' })
  const url = (await link.getAttribute('href')) ?? ''
  assert.match(await (await page.request.get(url)).text(), /^WEBVTT\n[^]*Gähnt\.\n$/)
  assert.equal(await card.getByRole('alert').count(), 0)
  const play = 'mutation { createPlaySession(titleId: "bunny-01") { captions { language } } }'
  type Played = { createPlaySession: { captions: { language: string }[] } }
  const languages = async (): Promise<string[]> =>
    (await mara.ask<Played>(play)).createPlaySession.captions.map(({ language }) => language)
  assert.deepEqual(await languages(), ['de', 'en'])
  await card.getByRole('button', { name: 'Remove German captions' }).click()
  await link.waitFor({ state: 'detached' })
  assert.deepEqual(await languages(), ['en'])
  await page.context().close()
})

test('simulated titles carry their mark among the most watched', async () => {
  const { page } = await visit(browser, platform.url, 'mara')
  await page.goto('/studio')
  const top = page.getByRole('region', { name: 'Most watched' })
  await top.getByRole('row').nth(1).waitFor()
  const simulated = top.getByRole('row').filter({ hasText: 'Simulated' })
  const { studio } = await mara.ask<{
    studio: { overview: { topTitles: { title: { simulated: boolean } }[] } }
  }>('{ studio { overview(range: days28) { topTitles(first: 8) { title { simulated } } } } }')
  const count = studio.overview.topTitles.filter(({ title }) => title.simulated).length
  assert.ok(count > 0)
  assert.equal(await simulated.count(), count)
  await page.context().close()
})

test('an upload goes on after a reload, from the byte it had, and is the same title', async () => {
  const file = largeVideo('halfway.mp4')
  const { page, problems } = await visit(browser, platform.url, 'mara')
  const offsets: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'PATCH') offsets.push(request.headers()['upload-offset'] ?? '')
  })
  await page.route('**/uploads/*', (route) =>
    route.request().method() === 'PATCH' && route.request().headers()['upload-offset'] !== '0'
      ? route.abort()
      : route.continue(),
  )
  await page.goto('/studio/upload')
  await choose(page, file)
  await eventually(
    async () => offsets,
    (seen) => seen.includes(String(CHUNK_BYTES)),
    20_000,
  )
  await page.reload()
  await page.unrouteAll()
  offsets.length = 0
  await choose(page, file)
  await page.getByText('It can go on where it stopped').waitFor()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('link', { name: 'To the title' }).waitFor({ timeout: 30_000 })
  assert.deepEqual(offsets, [String(CHUNK_BYTES)])
  assert.equal((await named('halfway')).length, 1)
  problems.splice(0, problems.findLastIndex((problem) => problem.includes('/uploads/')) + 1)
  assert.equal(await page.evaluate(() => localStorage.getItem('streamverse.uploads')), '{}')
  assert.deepEqual(problems, [])
  await page.context().close()
})

test('cancelled while the platform is still making its title, an upload leaves nothing', async () => {
  const file = path.join(folder, 'unwanted.mp4')
  copyFileSync(VIDEO, file)
  const { page } = await visit(browser, platform.url, 'mara')
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  await page.route('**/graphql', async (route) => {
    if (!(route.request().postData() ?? '').includes('createUpload')) return route.continue()
    const response = await route.fetch()
    ask()
    await answered
    return route.fulfill({ response })
  })
  await page.goto('/studio/upload')
  await choose(page, file)
  await asked
  assert.deepEqual(
    (await named('unwanted')).map(({ status }) => status),
    ['draft'],
  )
  await page.getByRole('button', { name: 'Cancel unwanted.mp4' }).click()
  answer()
  await eventually(
    () => named('unwanted'),
    (titles) => titles.every(({ status }) => status === 'removed'),
    5000,
  )
  assert.equal(await page.getByTestId('upload').count(), 0)
  await page.context().close()
})

test('a title whose file is no video takes another file, and offers no second try of the first', async () => {
  const file = path.join(folder, 'letter.mp4')
  writeFileSync(file, 'Dear Sir or Madam,\n'.repeat(500))
  const { page } = await visit(browser, platform.url, 'mara')
  await page.goto('/studio/upload')
  await choose(page, file)
  await page.getByRole('alert').waitFor({ timeout: 60_000 })
  const [title] = await named('letter')
  assert.equal(title?.status, 'failed')
  await page.goto(`/studio/titles/${title?.id}`)
  await page.getByRole('alert').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0)
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Choose another file' }).click()
  await (await chooser).setFiles(VIDEO)
  await page.getByText('Ready in every quality').waitFor({ timeout: 120_000 })
  assert.deepEqual(await named('letter'), [{ id: title?.id, status: 'ready' }])
  await page.context().close()
})

test('a transcode that fails through no fault of the file is tried again before the creator’s eyes', async () => {
  const file = path.join(folder, 'unlucky.mp4')
  copyFileSync(VIDEO, file)
  const mend = breakTranscodes()
  const { page } = await visit(browser, platform.url, 'mara')
  await page.goto('/studio/upload')
  await choose(page, file)
  const again = page.getByRole('button', { name: 'Try again' })
  await again.waitFor({ timeout: 60_000 })
  mend()
  await again.click()
  await page.getByRole('alert').waitFor({ state: 'detached', timeout: 3000 })
  await page.getByText('Ready in every quality').waitFor({ timeout: 120_000 })
  await page.context().close()
})
