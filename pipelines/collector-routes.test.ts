import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fastify from 'fastify'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { deadLetterEvents } from '#events/dead-letters.ts'
import type { StoredEvent, StreamDefinition } from '#events/define.ts'
import { playbackEvents } from '#events/playback.ts'
import { streams } from '#events/registry.ts'
import { type Collector, createCollector } from '#pipelines/collect.ts'
import { registerCollector } from '#pipelines/collector-routes.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'

/** As long as a real token. */
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.'.padEnd(700, 'x')
const app = fastify()
let dir: string
let eventLog: EventLog
let collector: Collector
let url: string

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'streamverse-routes-'))
  eventLog = await openSegmentLog({ dir, streams, clock: systemClock, log: silentLog })
  const issuedAt = Date.now() - 60_000
  collector = createCollector({
    eventLog,
    readGrant: async (token) =>
      token === TOKEN
        ? {
            kind: 'play',
            tenantId: 'acme',
            playId: 'play-1',
            titleId: 'title-1',
            viewerKey: null,
            kids: true,
            recommendationId: null,
            issuedAt,
            expiresAt: issuedAt + 3_600_000,
          }
        : null,
    findTenantByWriteKey: async (key) => (key === 'key' ? { id: 'acme' } : null),
    clock: systemClock,
    log: silentLog,
    limits: { unparsedPerMinute: 1 },
  })
  registerCollector(app, collector)
  app.post('/other', async (request) => ({ got: request.body }))
  url = await app.listen({ port: 0, host: '127.0.0.1' })
})
after(async () => {
  await app.close()
  await eventLog.close()
  await rm(dir, { recursive: true, force: true })
})

async function stored(stream: StreamDefinition): Promise<StoredEvent[]> {
  const all: StoredEvent[] = []
  const ends = await eventLog.ends(stream)
  for (let partition = 0; partition < stream.partitions; partition++) {
    for (let offset = 0; offset < (ends[partition] as number); ) {
      const batch = await eventLog.read(stream, partition, offset, 1000)
      if (batch === null) break
      all.push(...batch.events())
      offset = batch.lastOffset + 1
    }
  }
  return all
}
const batch = (events: readonly object[]) =>
  JSON.stringify({
    writeKey: 'key',
    token: TOKEN,
    sentAt: Date.now(),
    common: {
      sid: 'sid-1',
      playerId: 'player-1',
      state: 'joining',
      playheadMs: 0,
      rate: 1,
      visible: true,
      deviceKind: 'desktop',
      playerName: 'test',
      playerVersion: '1',
      surface: 'watch',
    },
    events,
  })
const requested = (eventId: string) => ({
  type: 'playback.view.requested',
  eventId,
  createdAt: Date.now(),
  seq: 0,
  intent: 'click',
})
const post = (address: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${url}${address}`, { method: 'POST', body, headers })

test('what is answered with 202 is in the log, as a beacon from any page sends it', async () => {
  const response = await post('/events', batch([requested('e1'), { type: 'nonsense' }]), {
    'content-type': 'text/plain;charset=UTF-8',
    origin: 'https://elsewhere.example',
  })
  assert.equal(response.status, 202)
  assert.equal(response.headers.get('access-control-allow-origin'), '*')
  assert.deepEqual(await response.json(), {
    accepted: 2,
    duplicates: 0,
    deadLettered: [{ index: 1, reason: 'unknown-type', detail: 'no event nonsense version 1' }],
  })
  assert.deepEqual(
    (await stored(playbackEvents)).map((event) => event.eventId),
    ['e1'],
  )
  assert.deepEqual(
    (await stored(deadLetterEvents)).map((event) => event['body']),
    ['{"type":"nonsense"}'],
  )
})

test('a browser may ask first', async () => {
  for (const address of ['/events', `/cmcd/${TOKEN}`]) {
    const response = await fetch(`${url}${address}`, { method: 'OPTIONS' })
    assert.equal(response.status, 204)
    assert.match(response.headers.get('access-control-allow-headers') ?? '', /x-streamverse-key/)
    assert.equal(response.headers.get('access-control-allow-credentials'), null)
  }
})

test('refusals say what to do', async () => {
  const json = { 'content-type': 'application/json' }
  const large = await post('/events', ' '.repeat(1024 * 1024 + 1), json)
  assert.equal(large.status, 413)
  assert.equal(((await large.json()) as { code: string }).code, 'SV_BODY_TOO_LARGE')
  const nobody = await post('/events', '{"events":[]}', json)
  assert.equal(nobody.status, 401)
  const key = { ...json, 'x-streamverse-key': 'key' }
  assert.equal((await post('/events', 'not json', key)).status, 202)
  const again = await post('/events', 'not json', key)
  assert.equal(again.status, 429)
  assert.equal(again.headers.get('retry-after'), '2')
  assert.equal((await post('/events', '')).status, 400)
  const { refused } = collector.snapshot()
  assert.equal(refused['SV_BODY_TOO_LARGE'], 1)
  assert.equal(refused['SV_TOO_MANY_EVENTS'], 1)
})

test('takes CMCD with a token of full length in the address, and 410 ends a player', async () => {
  const at = Date.now()
  const body = `e=ps,sta=d,ts=${at - 10}\ne=ps,sta=s,ts=${at}\n`
  const type = { 'content-type': 'application/cmcd' }
  assert.equal((await post(`/cmcd/${TOKEN}`, body, type)).status, 204)
  const events = (await stored(playbackEvents)).filter((event) => event.sourceFormat === 'cmcd2')
  assert.deepEqual(
    events.map((event) => [event.type, event['kids']]),
    [
      ['playback.report.heard', true],
      ['playback.report.heard', true],
    ],
  )
  assert.equal((await post('/cmcd/forged', body, type)).status, 410)
})

test('routes beside the collector keep their own parsers', async () => {
  const response = await post('/other', '{"a":1}', { 'content-type': 'application/json' })
  assert.deepEqual(await response.json(), { got: { a: 1 } })
})
