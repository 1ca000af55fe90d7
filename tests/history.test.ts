/** What was known, and everything again from the log: by the command line and the API, on a platform as users start it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { after, test } from 'node:test'
import { eventually } from '#tests/browser/browser.ts'
import { type Client, type Platform, startPlatform } from '#tests/browser/platform.ts'
import { openNeighbour } from '#tests/neighbour.ts'
import { createBatch, type Session, send } from '#tests/views.ts'

const CLI = path.join(import.meta.dirname, '../app/cli.ts')
const TITLE = 'sim-001'
let platform: Platform
after(async () => {
  await platform?.stop()
})

type Ran = { readonly code: number; readonly out: string; readonly problems: string }
const cli = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const all = [CLI, ...args, '--data-dir', platform.dataDir]
    execFile(process.execPath, all, { cwd: platform.dataDir, maxBuffer: 2 ** 26 }, (error, out, problems) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, problems })
    })
  })
type Report = {
  current: { views: number; watchTimeMs: number }
  previous: object
  series: object
  topTitles: object
}
async function report(at: number): Promise<Report> {
  const known = new Date(at).toISOString()
  const { code, out, problems } = await cli(
    'report',
    '--json',
    '--title',
    TITLE,
    '--tenant',
    'other',
    '--as-known-at',
    known,
  )
  assert.equal(code, 0, problems)
  return JSON.parse(out) as Report
}
type Answer = {
  title: { analytics: { figures: { views: number; watchTimeMs: number }; watermarkAt: number } }
}
async function figures(mads: Client, knownAt?: number) {
  const as = knownAt === undefined ? '' : `, knownAt: ${knownAt}`
  const { title } = await mads.ask<Answer>(
    `{ title(id: "${TITLE}") { analytics(range: days28${as}) { figures { views watchTimeMs } watermarkAt } } }`,
  )
  return title.analytics
}
async function watch(session: Session, names: readonly string[]): Promise<void> {
  for (const sid of names) assert.equal(await send(platform.url, createBatch(session, sid)), 202)
}
const named = (prefix: string): string[] => Array.from({ length: 6 }, (_, i) => `${prefix}-${i}`)

test('a report is the same whenever it is asked for; all tables come out of the log as they were', async () => {
  platform = await startPlatform()
  const { mads, session } = await openNeighbour(platform)
  await watch(await session(TITLE), named('first'))
  await eventually(
    () => figures(mads),
    ({ figures: { views } }) => views === 6,
    30_000,
  )
  const at = Date.now()
  const before = await report(at)
  assert.deepEqual([before.current.views, before.current.watchTimeMs], [6, 18_000])

  await watch(await session(TITLE), named('later'))
  // More of views that were known: said again, and what came late.
  await watch(await session(TITLE), named('first'))
  await eventually(
    () => figures(mads),
    ({ figures: { views }, watermarkAt }) => views === 12 && watermarkAt > at,
    180_000,
  )
  assert.deepEqual(await report(at), before)
  const known = await figures(mads, at)
  assert.deepEqual(known, { figures: { views: 6, watchTimeMs: 18_000 }, watermarkAt: at })
  const now = await figures(mads)
  await assert.rejects(figures(mads, Date.now() + 60_000), /not all in the figures/)

  const running = await cli('replay', '--from', '0')
  assert.deepEqual([running.code, /SV_PLATFORM_RUNS/.test(running.problems)], [1, true])

  // The demo world is seeded to its end first: what is stopped in between goes on at the next start.
  await platform.halt()
  const checked = await cli('replay', '--from', '0', '--check')
  assert.match(checked.out, /Nothing differs\.$/m)
  assert.deepEqual([checked.code, checked.problems], [0, ''])
  const replayed = await cli('replay', '--from', '0')
  assert.deepEqual([replayed.code, replayed.problems], [0, ''])
  assert.deepEqual(await report(at), before)

  platform = await startPlatform({ dataDir: platform.dataDir })
  const again = await eventually(
    () => openNeighbour(platform).then((one) => figures(one.mads)),
    ({ watermarkAt }) => watermarkAt > now.watermarkAt,
    60_000,
  )
  assert.deepEqual(again.figures, now.figures)
})

test('what cannot be meant is told in words', async () => {
  for (const [args, words] of [
    [['replay'], /--from 0/],
    [['replay', '--from', '7'], /built whole/],
    [['report', '--range', '3 weeks'], /24h, 7d, 28d, all/],
    [['report', '--as-known-at', 'yesterday'], /an instant such as/],
    [['report', '--as-known-at', '2999-01-01'], /that is over/],
  ] as const) {
    const { code, problems } = await cli(...args)
    assert.equal(code, 1)
    assert.match(problems, words)
  }
})
