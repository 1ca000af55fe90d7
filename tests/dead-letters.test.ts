/** Dead letters from the command line, beside a running platform and without one: what a fix lets pass is stored once. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { after, test } from 'node:test'
import { DEMO_TENANT } from '#app/tenants.ts'
import { systemClock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import { silentLog } from '#base/log.ts'
import { deadLetterEvents } from '#events/dead-letters.ts'
import type { Grant } from '#events/grants.ts'
import { streams } from '#events/registry.ts'
import { runOf } from '#events/run.ts'
import { contextText, createDeadLetter } from '#pipelines/dead-letters.ts'
import { common } from '#pipelines/ledger.fixture.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { eventually } from '#tests/browser/browser.ts'
import { createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'

const CLI = path.join(import.meta.dirname, '../app/cli.ts')
let platform: Platform
after(async () => {
  await platform?.stop()
})

type Ran = { readonly code: number; readonly out: string; readonly problems: string }
const cli = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const all = [CLI, 'dead-letters', ...args, '--data-dir', platform.dataDir]
    execFile(process.execPath, all, { cwd: platform.dataDir }, (error, out, problems) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, problems })
    })
  })

const now = Date.now()
const grant: Grant = {
  kind: 'play',
  tenantId: DEMO_TENANT,
  playId: 'p',
  titleId: 't',
  viewerKey: null,
  kids: false,
  recommendationId: null,
  issuedAt: now - 3_600_000,
  expiresAt: now + 3_600_000,
}
const heartbeat = (eventId: string, more: object = {}) => ({
  type: 'playback.heartbeat.sent',
  eventId,
  createdAt: now - 1000,
  seq: 1,
  intervalMs: 10_000,
  ...more,
})
/** As an earlier version set it aside. */
const letterOf = (raw: unknown) =>
  createDeadLetter(
    {
      index: 0,
      raw,
      problem: { reason: 'invalid-event', detail: 'an earlier version could not take it' },
      context: contextText({ grant, common, sentAt: now, bot: false }),
    },
    { tenantId: DEMO_TENANT, receivedAt: now, sourceFormat: 'native', eventId: uuidv7(now) },
  )

async function putLetters(raws: readonly unknown[]): Promise<string[]> {
  const dir = path.join(platform.dataDir, 'event-log')
  const eventLog = await openSegmentLog({ dir, streams, clock: systemClock, log: silentLog })
  const letters = raws.map(letterOf)
  await eventLog.append(deadLetterEvents, runOf(letters))
  await eventLog.close()
  return letters.map(({ eventId }) => eventId)
}
const eventsOf = async (id: string): Promise<number> => {
  const operator = await createClient(platform.url, 'operator')
  const { deadLetter } = await operator.ask<{ deadLetter: { state: string; replays: number } | null }>(
    `{ deadLetter(id: "${id}") { state replays } }`,
  )
  return deadLetter?.state === 'stored' ? 1 : 0
}

test('list, show and replay beside a running platform, killed in between, and once more without one', async () => {
  platform = await startPlatform({ args: ['--empty'] })
  const { dataDir } = platform
  assert.match((await cli('list')).out, /^No dead letters/)
  assert.equal(await platform.halt(), 0)
  const events = Array.from({ length: 5 }, (_, n) => heartbeat(uuidv7(now + n)))
  const ids = await putLetters([...events, heartbeat(uuidv7(now), { seq: -7 })])
  const bad = ids[5] as string

  platform = await startPlatform({ dataDir, args: ['--empty'] })
  const listed = await eventually(
    () => cli('list', '--limit', '3'),
    ({ out }) => /3 of 6/.test(out),
    30_000,
  )
  assert.match(listed.out, /3 of 6: 6 invalid-event/)
  const shown = await cli('show', bad)
  assert.match(
    shown.out,
    /waiting[^]*schema {4}playback\.heartbeat\.sent@1, playback\.events\.v1[^]*"seq": -7/,
  )

  const first = await cli('replay', ids[0] as string)
  assert.deepEqual([first.code, first.out], [0, '1 stored, 0 there already, 0 failed again.\n'])
  assert.equal(await eventsOf(ids[0] as string), 1)
  // Killed while the rest is on its way: whatever was stored is not stored again.
  const replaying = cli('replay')
  const gone = once(platform.child, 'exit')
  await new Promise((resolve) => setTimeout(resolve, 700))
  platform.child.kill('SIGKILL')
  await Promise.all([gone, replaying])

  const alone = await cli('replay', '--reason', 'invalid-event')
  assert.equal(alone.code, 1, alone.problems)
  assert.match(alone.out, /seq must be >= 0/)
  assert.match(alone.out, /\d there already, 1 failed again/)
  platform = await startPlatform({ dataDir, args: ['--empty'] })
  const again = await cli('replay', ...ids)
  assert.match(
    again.out,
    /^\S+ {2}invalid-event: seq must be >= 0\n0 stored, 5 there already, 1 failed again\.\n$/,
  )

  const operator = await createClient(platform.url, 'operator')
  type Answer = {
    ledger: { repeated: number; totals: { stored: number; rows: number; lost: number; doubled: number } }
  }
  const { ledger } = await eventually(
    () => operator.ask<Answer>('{ ledger(hours: 2) { repeated totals { stored rows lost doubled } } }'),
    ({ ledger: { totals } }) => totals.rows > 0,
    30_000,
  )
  assert.deepEqual([ledger.repeated, ledger.totals.lost, ledger.totals.doubled], [0, 0, 0])
})

test('mistakes are told in words', async () => {
  for (const [args, words] of [
    [['forget'], /takes list, show or replay/],
    [['list', '--limit', 'many'], /--limit takes a whole number/],
    [['list', '--since', 'lately'], /--since takes 90m, 24h/],
    [['list', '--colour'], /Unknown option '--colour'/],
  ] as const) {
    const { code, problems } = await cli(...args)
    assert.equal(code, 1)
    assert.match(problems, words)
    assert.doesNotMatch(problems, /\n {4}at /)
  }
  const { code, out } = await cli('show', 'nobody')
  assert.deepEqual([code, out], [1, 'demo has no dead letter nobody.\n'])
})
