/** The ledger of the whole platform, killed and restarted: nothing it took in is lost, doubled or without explanation. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { eventually } from '#tests/browser/browser.ts'
import { createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'
import { childrenOf } from '#tests/process-tree.ts'
import { signSession } from '#tests/signed-session.ts'
import { createBatch, send } from '#tests/views.ts'

const EVENTS_IN_BATCH = 3
let platform: Platform
after(async () => {
  await platform?.stop()
})

type Counts = Record<
  | 'accepted'
  | 'stored'
  | 'duplicate'
  | 'deadLettered'
  | 'rows'
  | 'lost'
  | 'doubled'
  | 'unexplained'
  | 'unsaid'
  | 'unsure'
  | 'openMinutes',
  number
>
type Answer = { ledger: { repeated: number; totals: Counts; steps: { state: string }[] } }
const LEDGER = `{ ledger(hours: 2) { repeated steps { state }
  totals { accepted stored duplicate deadLettered rows lost doubled unexplained unsaid unsure openMinutes } } }`

const askLedger = async (): Promise<Answer['ledger']> =>
  (await (await createClient(platform.url, 'operator')).ask<Answer>(LEDGER)).ledger

test('kill -9, lost answers, retries and a warehouse that dies: every minute balances or says why not', async () => {
  platform = await startPlatform({ args: ['--empty'] })
  const session = await signSession(platform)
  const sent: string[] = []
  let acknowledged = 0
  for (let round = 0; round < 3; round++) {
    const unanswered: string[] = []
    let going = true
    const sending = (async () => {
      for (let i = 0; going; i++) {
        const body = createBatch(session, `ledger-${round}-${i}`)
        sent.push(body)
        // What was taken and whose answer is lost looks like this to the sender, too.
        if ((await send(platform.url, body)) === 202) acknowledged++
        else unanswered.push(body)
      }
    })()
    await new Promise((resolve) => setTimeout(resolve, 1500))
    for (const child of round === 1 ? childrenOf(platform.child.pid as number, 'chdb-process') : []) {
      process.kill(child, 'SIGKILL')
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 + round * 300))
    going = false
    const gone = once(platform.child, 'exit')
    platform.child.kill('SIGKILL')
    await Promise.all([sending, gone])
    platform = await startPlatform({ dataDir: platform.dataDir, args: ['--empty'] })
    for (const body of unanswered) {
      if ((await send(platform.url, body)) === 202) acknowledged++
    }
  }
  // A sender that did not hear the answer sends once more, and is told the same.
  const last = sent.at(-1) as string
  assert.equal(await send(platform.url, last), 202)
  const closed = await eventually(
    askLedger,
    ({ steps, totals: { duplicate } }) => duplicate > 0 && steps.every(({ state }) => state !== 'open'),
    150_000,
  )

  const { totals, repeated, steps } = closed
  assert.ok(acknowledged > 50, `${acknowledged} acknowledged`)
  assert.deepEqual(
    [totals.lost, totals.doubled, totals.unexplained, totals.unsure],
    [0, 0, 0, 0],
    JSON.stringify(closed),
  )
  assert.equal(totals.accepted, totals.stored + totals.duplicate + totals.deadLettered)
  assert.equal(totals.rows, totals.stored + totals.unsaid + totals.unsure)
  assert.ok(steps.every(({ state }) => state === 'balanced' || state === 'unsaid'))
  // Of ours; the rest is what the platform itself said.
  const { stored } = await fetch(`${platform.url}/metrics`).then(async (response) =>
    readStored(await response.text()),
  )
  assert.equal(stored, totals.stored)
  assert.ok(totals.rows - repeated >= acknowledged * EVENTS_IN_BATCH)
  assert.ok(totals.duplicate >= EVENTS_IN_BATCH)

  // An orderly stop says its last word: the account is the same after it.
  assert.equal(await platform.halt(), 0)
  platform = await startPlatform({ dataDir: platform.dataDir, args: ['--empty'] })
  const after = await eventually(askLedger, ({ totals: now }) => now.openMinutes === 0, 150_000)
  assert.equal(after.totals.unsaid, totals.unsaid)
  assert.deepEqual([after.totals.lost, after.totals.doubled, after.totals.unexplained], [0, 0, 0])
})

function readStored(metrics: string): { stored: number } {
  const found = /^streamverse_ledger_events\{tenant="demo",outcome="stored"\} (\d+)$/m.exec(metrics)
  assert.ok(found !== null, metrics.slice(0, 2000))
  for (const kind of ['lost', 'doubled', 'unexplained'])
    assert.match(
      metrics,
      new RegExp(`^streamverse_ledger_imbalance_events\\{tenant="demo",kind="${kind}"\\} 0$`, 'm'),
    )
  return { stored: Number(found[1]) }
}
