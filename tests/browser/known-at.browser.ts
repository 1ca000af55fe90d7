/** A real browser on the studio's look back: the page shows what the API knew then, says so, and leads back to now. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { assertAccessible, eventually, LOOKS, openBrowser, visit } from '#tests/browser/browser.ts'
import { type Client, createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'

type Now = { realtime: { watermarkAt: number } }
type Then = {
  studio: {
    overview: { current: { views: number; uniqueViewers: number } }
    concurrency: { peakViewers: number }
    audience: { monthlyViewers: number }
  }
}
let platform: Platform
let browser: Browser
let mara: Client

before(async () => {
  platform = await startPlatform()
  browser = await openBrowser()
  mara = await createClient(platform.url, 'mara')
  await eventually(
    async () => known(await settled()),
    ({ studio }) => studio.overview.current.views > 1000,
    120_000,
  )
})
after(async () => {
  await browser?.close()
  await platform?.stop()
})

const known = (at: number): Promise<Then> =>
  mara.ask(
    `query($at: Instant) { studio(knownAt: $at) { overview(range: days28) { current { views uniqueViewers } }
      concurrency(range: days28) { peakViewers } audience { monthlyViewers } } }`,
    { at },
  )
/** The last full second of which all that was received is in the figures: the seed came in shortly before. */
const settled = async (): Promise<number> => {
  const { realtime } = await mara.first<Now>('subscription { realtime { watermarkAt } }')
  return Math.floor(realtime.watermarkAt / 1000) * 1000
}
const figure = (page: Page, label: string): Promise<string> =>
  page.getByRole('group', { name: label, exact: true }).innerText()
const local = (at: number): string =>
  new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19)

for (const look of LOOKS) {
  test(`figures as they were known at a moment, and back: ${look}`, async () => {
    const { page, problems } = await visit(browser, platform.url, 'mara', look)
    await page.goto('/studio')
    const ask = page.getByRole('button', { name: 'As of now' })
    await ask.waitFor({ timeout: 30_000 })
    await page.getByRole('region', { name: 'Right now' }).waitFor()
    await ask.focus()
    await page.keyboard.press('Enter')
    const moment = page.getByLabel('Moment')
    await moment.waitFor()
    await page.waitForTimeout(300)
    await assertAccessible(page, `the moment, ${look}`)
    await moment.fill(local(Date.now() + 86_400_000))
    await page.getByText('That is yet to come.').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Show', exact: true }).isDisabled(), true)

    const at = await settled()
    await moment.fill(local(at))
    await page.keyboard.press('Enter')
    await page
      .getByRole('alert')
      .getByText(/^As known on /)
      .waitFor()
    await page.getByTestId('monthly').waitFor({ timeout: 60_000 })
    const { studio } = await known(at)
    assert.ok(studio.overview.current.views > 1000)
    const words = (count: number): string => count.toLocaleString('en')
    assert.match(await figure(page, 'Views'), new RegExp(`\\b${words(studio.overview.current.views)}\\b`))
    assert.equal(await page.getByTestId('peak').innerText(), words(studio.concurrency.peakViewers))
    assert.equal(await page.getByTestId('monthly').innerText(), words(studio.audience.monthlyViewers))
    assert.equal(await page.getByRole('region', { name: 'Right now' }).count(), 0)
    await page.waitForTimeout(500)
    await assertAccessible(page, `what was known, ${look}`)

    await page.getByRole('button', { name: 'How is Views computed?' }).first().click()
    await page
      .getByRole('dialog')
      .getByText(/As known at /)
      .waitFor({ timeout: 30_000 })
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Back to now' }).click()
    await page.getByRole('region', { name: 'Right now' }).waitFor()
    assert.equal(await page.getByRole('alert').count(), 0)
    assert.deepEqual(problems, [])
    await page.context().close()
  })
}

test('a look back before anything was received is empty, and a title has one too', async () => {
  const { page, problems } = await visit(browser, platform.url, 'mara')
  await page.goto('/studio')
  await page.getByRole('button', { name: 'As of now' }).click()
  await page.getByRole('button', { name: 'A week ago' }).click()
  await page.getByText('Nobody watched in this period.').waitFor({ timeout: 30_000 })
  await page.getByText('Nobody has come yet.').waitFor()
  await page.getByRole('button', { name: 'Back to now' }).click()
  await page.getByRole('table').getByRole('link').first().click()
  // The dashboard has the same button: not before the title's page is there.
  await page.getByRole('link', { name: 'As viewers see it' }).waitFor()
  await page.getByRole('button', { name: 'As of now' }).click()
  await page.getByRole('button', { name: 'An hour ago' }).click()
  await page.getByText('Nobody watched in this period.').waitFor({ timeout: 30_000 })
  assert.deepEqual(problems, [])
  await page.context().close()
})
