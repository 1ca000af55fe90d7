/** A real browser on the "i" beside each figure: what it says is what the API says, and the SQL it hands out gives the figure. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { attachChdb } from '#storage/warehouse/chdb.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'
import { assertAccessible, eventually, LOOKS, openBrowser, visit } from '#tests/browser/browser.ts'
import { type Client, createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'

let platform: Platform
let browser: Browser
let creator: Client
let warehouse: Warehouse
let titleId: string

before(async () => {
  platform = await startPlatform({ args: ['--empty'] })
  browser = await openBrowser()
  creator = await createClient(platform.url, 'creator')
  warehouse = await attachChdb({ dir: path.join(platform.dataDir, 'warehouse') })
  type Ticket = { createUpload: { title: { id: string; tenantId: string } } }
  const { createUpload } = await creator.ask<Ticket>(
    'mutation { createUpload(input: { name: "First", fileName: "first.mp4", sizeBytes: 9 }) { title { id } } }',
  )
  titleId = createUpload.title.id
  await eventually(
    () => warehouse.query<{ n: number }>({ sql: 'SELECT count() AS n FROM catalog_events' }),
    ([row]) => (row?.n ?? 0) > 0,
    30_000,
  )
  await fill()
})
after(async () => {
  await warehouse?.close()
  await browser?.close()
  await platform?.stop()
})

/** Forty views, two a day: of them three of bots, two of the creator, one of staff; two came late. */
async function fill(): Promise<void> {
  await warehouse.command({
    sql: `INSERT INTO views (tenantId, sid, playerId, titleId, viewerKey, startedAt, firstFrameAt, endedAt, endReason, lastState,
        isPlay, startupMs, watchMs, playingMs, contentMs, watchedFrom, watchedTo, playedFrom, playedTo, surface, bot, own, staff,
        eventCount, builtBy, revision)
      SELECT tenantId, concat('view-', toString(number)), 'p', titleId, concat('viewer-', toString(number)),
        now64(3) - INTERVAL 12 * number HOUR - INTERVAL 1 HOUR AS startedAt, startedAt, startedAt + INTERVAL 20 SECOND, 'stopped', 'quit',
        true, 400 + number, 19000, 19000, 19000, [0], [19000], [0], [19000], 'watch', number < 3, number IN (3, 4), number = 5,
        3, 65535, 1
      FROM (SELECT tenantId, titleId FROM catalog_events LIMIT 1) ARRAY JOIN range(40) AS number`,
  })
  await warehouse.command({
    sql: `INSERT INTO late_views SELECT tenantId, sid, playerId, titleId, toDate(startedAt), now64(3) FROM views
      WHERE sid IN ('view-20', 'view-21')`,
  })
}
const COUNTED = 34

for (const look of LOOKS) {
  test(`how a figure is computed is told in a dialog that keys reach: ${look}`, async () => {
    const { page, context, problems } = await visit(browser, platform.url, 'creator', look)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.goto('/studio')
    const asks = page.getByRole('button', { name: 'How is Views computed?' })
    await asks.waitFor({ timeout: 30_000 })
    await page
      .getByTitle(/^2 views came late/)
      .first()
      .waitFor()
    await asks.focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Views' })
    await dialog.getByText('Attempts to play.').waitFor()
    await dialog
      .getByRole('img', {
        name: /^34 views counted, 3 left out, of bots, 2 left out, your own, 1 left out, of staff/,
      })
      .waitFor()
    await dialog.getByText('2 are restated').waitFor()
    await dialog.getByText('count(views)').waitFor()
    assert.equal(await dialog.locator('dd').first().innerText(), String(COUNTED))
    await page.waitForTimeout(300)
    await assertAccessible(page, `the dialog, ${look}`)
    await dialog.getByRole('button', { name: 'Show the SQL' }).click()
    const sql = dialog.getByRole('region', { name: 'SQL' })
    await sql.waitFor()
    await page.waitForTimeout(300)
    await assertAccessible(page, `the SQL, ${look}`)
    await dialog.getByRole('button', { name: 'Copy the SQL' }).click()
    await dialog.getByRole('button', { name: 'Copied' }).waitFor()
    const copied = String(await page.evaluate('navigator.clipboard.readText()'))
    assert.equal(copied, await sql.innerText())
    assert.deepEqual(await warehouse.query({ sql: copied }), [{ value: COUNTED }])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await eventually(() => asks.evaluate((one) => one === one.ownerDocument.activeElement), Boolean, 5000)
    assert.deepEqual(problems, [])
    await page.context().close()
  })
}

test('every figure and chart of the dashboard and of a title tells how it is computed', async () => {
  const { page, problems } = await visit(browser, platform.url, 'creator')
  for (const [at, least] of [
    ['/studio', 15],
    [`/studio/titles/${titleId}`, 35],
  ] as const) {
    await page.goto(at)
    await page.getByRole('region', { name: 'Views' }).waitFor({ timeout: 30_000 })
    const asking = page.getByRole('button', { name: /^How is .* computed\?$/ })
    await eventually(
      () => asking.count(),
      (count) => count >= least,
      20_000,
    )
    await assertAccessible(page, at)
    const names = await asking.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? ''))
    for (const name of new Set(names)) {
      await page.getByRole('button', { name, exact: true }).first().click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText('Period', { exact: true }).waitFor({ timeout: 20_000 })
      assert.equal(await dialog.getByRole('alert').count(), 0, name)
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
    }
  }
  assert.deepEqual(problems, [])
  await page.context().close()
})
