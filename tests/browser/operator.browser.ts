/** A real browser on the operator's pages: the ledger balances in words, dead letters are found, read and replayed. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { assertAccessible, eventually, LOOKS, openBrowser, visit } from '#tests/browser/browser.ts'
import { createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'
import { signSession } from '#tests/signed-session.ts'
import { createBatch, send } from '#tests/views.ts'

let platform: Platform
let browser: Browser
before(async () => {
  platform = await startPlatform({ args: ['--empty'] })
  browser = await openBrowser()
})
after(async () => {
  await browser?.close()
  await platform?.stop()
})

test('before anything came, both pages say so', async () => {
  const { page, problems } = await visit(browser, platform.url, 'operator')
  await page.goto('/studio/ledger')
  await page.getByText('Nothing came in this time').waitFor({ timeout: 30_000 })
  await page.getByRole('link', { name: 'Dead letters' }).click()
  await page.getByText('No dead letters').waitFor({ timeout: 30_000 })
  assert.deepEqual(problems, [])
  await page.context().close()
})

test('what came balances in words, and a letter is read and replayed', async () => {
  const session = await signSession(platform)
  for (let n = 0; n < 8; n++) await send(platform.url, createBatch(session, `view-${n}`))
  const again = createBatch(session, 'view-again')
  await send(platform.url, again)
  await send(platform.url, again)
  const broken = JSON.parse(createBatch(session, 'view-broken'))
  broken.events = [
    { ...broken.events[0], seq: -7 },
    { type: 'playback.view.dreamt', eventId: 'a-1' },
  ]
  assert.equal(await send(platform.url, JSON.stringify(broken)), 202)

  const { page, problems } = await visit(browser, platform.url, 'operator')
  await page.goto('/studio/ledger')
  const equation = page.getByTestId('equation')
  await eventually(
    () => equation.innerText(),
    (text) => text === '32 accepted = 27 stored + 3 duplicate + 2 dead-lettered',
    30_000,
  )
  await page.getByRole('img').first().waitFor()
  await page.getByRole('link', { name: 'unknown-type' }).click()
  const letters = page.getByTestId('letter')
  await eventually(
    () => letters.count(),
    (count) => count === 1,
    10_000,
  )
  await page.getByText(/unknown-type 1/).click()
  await eventually(
    () => letters.count(),
    (count) => count === 2,
    10_000,
  )
  const invalid = letters.filter({ hasText: 'seq must be >= 0' })
  await invalid.getByRole('button', { expanded: false }).click()
  await invalid.getByText('playback.view.requested@1').waitFor()
  await invalid.getByText('"seq": -7').waitFor()
  await invalid.getByRole('button', { name: /^Replay/ }).click()
  await page
    .getByRole('status')
    .filter({ hasText: '1 failed again: invalid-event, seq must be >= 0.' })
    .waitFor({ timeout: 20_000 })
  assert.deepEqual(problems, [])
  await page.context().close()
})

for (const look of LOOKS) {
  test(`the pages are accessible and fit the screen: ${look}`, async () => {
    const { page, problems } = await visit(browser, platform.url, 'operator', look)
    for (const at of ['/studio/ledger', '/studio/letters']) {
      await page.goto(at)
      await page
        .getByTestId(at === '/studio/ledger' ? 'equation' : 'letter')
        .first()
        .waitFor({ timeout: 20_000 })
      if (at === '/studio/letters') await page.getByRole('button', { expanded: false }).last().click()
      await page.waitForTimeout(600)
      await assertAccessible(page, `${look} ${at}`)
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      assert.ok((overflow as number) <= 1, `${look} ${at} is wider than the screen by ${String(overflow)} px`)
      const folder = process.env['SHOTS']
      if (folder !== undefined)
        await page.screenshot({ path: `${folder}/${look}${at.replaceAll('/', '-')}.png`, fullPage: true })
    }
    assert.deepEqual(problems, [])
    await page.context().close()
  })
}

test('others are told that the pages are not for them', async () => {
  const creator = await createClient(platform.url, 'creator')
  await assert.rejects(creator.ask('{ ledger { totals { accepted } } }'), /may not do this/)
  const { page } = await visit(browser, platform.url, 'creator')
  await page.goto('/studio/ledger')
  await page.getByText('Creator may not do this.').waitFor({ timeout: 20_000 })
  assert.equal(await page.getByRole('link', { name: 'Ledger' }).count(), 0)
  await page.context().close()
})
