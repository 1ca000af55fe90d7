/** What a running platform served is what its warehouse says, by the command line a data scientist uses beside it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { readSecret } from '#domains/identity/index.ts'
import { createTokens } from '#domains/identity/tokens.ts'
import { eventually } from '#tests/browser/browser.ts'
import { type Platform, startPlatform } from '#tests/browser/platform.ts'
import { openNeighbour } from '#tests/neighbour.ts'
import { createBatch, send } from '#tests/views.ts'

const CLI = path.join(import.meta.dirname, '../app/cli.ts')
const EARLIER_MS = 600_000
const TITLES = ['sim-001', 'sim-002', 'sim-003']
let platform: Platform
after(async () => {
  await platform?.stop()
})

type Ran = { readonly code: number; readonly out: string; readonly problems: string }
const cli = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const all = [CLI, ...args, '--tenant', 'other', '--data-dir', platform.dataDir]
    execFile(process.execPath, all, { cwd: platform.dataDir, maxBuffer: 2 ** 26 }, (error, out, problems) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, problems })
    })
  })
type Check = { online: { mismatches: number; compared: { history?: number } }; right: boolean }

/** The batch as a player says it that was cut off for ten minutes. */
function earlier(batch: string): string {
  const said = JSON.parse(batch) as { events: { createdAt: number }[] }
  const events = said.events.map((event) => ({ ...event, createdAt: event.createdAt - EARLIER_MS }))
  return JSON.stringify({ ...said, events })
}

test('beside a running platform: no served value differs from the recomputed one; a set without plays is refused', async () => {
  platform = await startPlatform()
  const { session } = await openNeighbour(platform)
  const tokens = createTokens(readSecret(path.join(platform.dataDir, 'secret')), systemClock, 0)
  const issuedAt = Date.now() - 2 * EARLIER_MS
  for (const titleId of TITLES) {
    const token = await tokens.issueGrant({
      kind: 'play',
      playId: `play-${titleId}`,
      tenantId: 'other',
      titleId,
      viewerKey: 'v_next_door',
      kids: false,
      recommendationId: null,
      issuedAt,
      expiresAt: issuedAt + 6 * EARLIER_MS,
    })
    const { writeKey } = await session(titleId)
    const batch = earlier(createBatch({ token, writeKey }, `view-of-${titleId}`))
    assert.equal(await send(platform.url, batch), 202)
  }
  const check = await eventually(
    async () => {
      const { out, problems } = await cli('features', '--check', '--json')
      assert.notEqual(out, '', problems)
      return JSON.parse(out) as Check
    },
    ({ online }) => online.compared.history === TITLES.length,
    60_000,
  )
  assert.deepEqual([check.online.mismatches, check.right], [0, true])
  const { code, problems } = await cli('dataset')
  assert.equal(code, 1)
  assert.match(problems, /\(SV_NOTHING_TO_LEARN\)/)
})
