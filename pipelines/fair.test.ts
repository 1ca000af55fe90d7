/** Two tenants at one door over real HTTP, one sending fifty times as much: the other does not notice. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import fastify from 'fastify'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { playbackEvents } from '#events/playback.ts'
import { streams } from '#events/registry.ts'
import { createCollector } from '#pipelines/collect.ts'
import { registerCollector } from '#pipelines/collector-routes.ts'
import { createInFlight } from '#pipelines/in-flight.ts'
import { common } from '#pipelines/ledger.fixture.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'

const FLOOD = 50
const QUIET_BATCHES = 20

test('a tenant that floods is told to wait; another one’s batches all pass, and none is dropped in silence', async (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'fair-'))
  const eventLog = await openSegmentLog({ dir, streams, clock: systemClock, log: silentLog })
  const collector = createCollector({
    // A slow disk: what comes in meanwhile has to be held.
    eventLog: {
      append: async (...of) => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        await eventLog.append(...of)
      },
    },
    readGrant: async (token) => ({ kind: 'import', tenantId: token, issuedAt: 0, expiresAt: 9e12 }),
    findTenantByWriteKey: async (key) => ({ id: key }),
    clock: systemClock,
    log: silentLog,
    limits: { inFlightBytes: 40_000 },
  })
  const app = fastify()
  registerCollector(app, collector)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const agent = new Agent({ keepAlive: true, maxSockets: FLOOD + 1 })
  t.after(async () => {
    agent.destroy()
    await app.close()
    await eventLog.close()
    rmSync(dir, { recursive: true, force: true })
  })
  let made = 0
  const bodyOf = (tenant: string): string =>
    JSON.stringify({
      writeKey: tenant,
      token: tenant,
      sentAt: Date.now(),
      common: { ...common, viewerKey: 'v', titleId: 't' },
      events: Array.from({ length: 10 }, (_, seq) => ({
        type: 'playback.heartbeat.sent',
        eventId: `${tenant}-${made++}-${seq * 7919}`,
        createdAt: Date.now(),
        seq,
        intervalMs: 1000,
      })),
    })
  const post = (tenant: string): Promise<{ status: number; retryAfter: string | undefined }> =>
    new Promise((resolve, reject) => {
      const outgoing = request(`${url}/events`, { method: 'POST', agent }, (answer) => {
        const { statusCode = 0, headers } = answer
        answer.resume().once('end', () => resolve({ status: statusCode, retryAfter: headers['retry-after'] }))
      })
      outgoing.once('error', reject)
      outgoing.end(bodyOf(tenant))
    })

  let going = true
  const flooding = Array.from({ length: FLOOD }, async () => {
    const answers: Awaited<ReturnType<typeof post>>[] = []
    while (going) answers.push(await post('loud'))
    return answers
  })
  const quiet: number[] = []
  for (let n = 0; n < QUIET_BATCHES; n++) quiet.push((await post('quiet')).status)
  going = false
  const loud = (await Promise.all(flooding)).flat()
  assert.deepEqual(new Set(quiet), new Set([202]))
  const taken = loud.filter(({ status }) => status === 202).length
  const refused = loud.filter(({ status }) => status === 429 || status === 503)
  assert.equal(taken + refused.length, loud.length)
  assert.ok(refused.length > 0 && taken > 0, `${taken} taken, ${refused.length} refused`)
  assert.ok(refused.every(({ retryAfter }) => Number(retryAfter) > 0))
  const counts = collector.snapshot()
  assert.equal(
    Object.values(counts.refused).reduce((sum, count) => sum + count, 0),
    refused.length,
  )
  assert.equal(counts.inFlightBytes, 0)
  const ends = await eventLog.ends(playbackEvents)
  assert.equal(
    ends.reduce((sum, end) => sum + end, 0),
    (taken + QUIET_BATCHES) * 10,
  )
})

test('whoever comes finds room, however many hold on to all they may', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 20, max: 200 }), (tenants, bytes) => {
      const limit = 100_000
      const inFlight = createInFlight(limit)
      const fill = (tenant: string): number => {
        for (let held = 0; ; held += bytes) {
          try {
            inFlight.enter(tenant, bytes)
          } catch {
            return held
          }
        }
      }
      const held = Array.from({ length: tenants }, (_, n) => fill(`tenant-${n}`))
      assert.ok(held.every((one) => one > 0))
      assert.ok((held[0] as number) <= limit / 2)
      assert.ok(inFlight.bytes() <= limit)
    }),
  )
})
