import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '#events/dead-letters.ts'
import type { StoredEvent } from '#events/define.ts'
import type { Grant } from '#events/grants.ts'
import { createCmcdReader } from '#pipelines/cmcd.ts'
import { type CollectInput, createCollector } from '#pipelines/collect.ts'
import type { CollectorLimits } from '#pipelines/collector-limits.ts'

const NOW = Date.UTC(2026, 5, 1, 12)
const HOUR = 3_600_000
const UA = 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0'
const play: Grant = {
  kind: 'play',
  tenantId: 'acme',
  playId: 'play-1',
  titleId: 'title-1',
  viewerKey: 'viewer-1',
  kids: false,
  recommendationId: null,
  issuedAt: NOW - HOUR,
  expiresAt: NOW + HOUR,
}
const grants: Record<string, Grant> = {
  play,
  kids: { ...play, viewerKey: null, kids: true },
  viewer: {
    kind: 'viewer',
    tenantId: 'acme',
    viewerKey: 'viewer-1',
    issuedAt: NOW - HOUR,
    expiresAt: NOW + HOUR,
  },
  import: { kind: 'import', tenantId: 'acme', issuedAt: NOW - HOUR, expiresAt: NOW + HOUR },
  foreign: { ...play, tenantId: 'other' },
  old: { ...play, issuedAt: NOW - 20 * 24 * HOUR, expiresAt: NOW - 10 * 24 * HOUR },
}
const common = {
  sid: 'sid-1',
  playerId: 'player-1',
  state: 'playing',
  playheadMs: 1000,
  rate: 1,
  visible: true,
  deviceKind: 'desktop',
  playerName: 'test',
  playerVersion: '1',
  surface: 'watch',
}
const heartbeat = (eventId: string, more: object = {}) => ({
  type: 'playback.heartbeat.sent',
  eventId,
  createdAt: NOW - 1000,
  seq: 3,
  intervalMs: 10_000,
  ...more,
})
const impression = (eventId: string, more: object = {}) => ({
  type: 'discovery.impression.seen',
  eventId,
  createdAt: NOW - 1000,
  slateId: 'slate-1',
  surface: 'home',
  titleId: 'title-9',
  rowKey: 'for-you',
  position: 0,
  ...more,
})

function open(limits: Partial<CollectorLimits> = {}) {
  const stored: StoredEvent[] = []
  const clock = createManualClock(NOW)
  const collector = createCollector({
    eventLog: {
      append: async (_stream, events) => {
        stored.push(...events)
      },
    },
    readGrant: async (token) => grants[token] ?? null,
    findTenantByWriteKey: async (key) => (key === 'key-acme' ? { id: 'acme' } : null),
    clock,
    log: silentLog,
    limits,
  })
  const send = (events: readonly unknown[], batch: object = {}, input: Partial<CollectInput> = {}) =>
    collector.collect({
      body: Buffer.from(
        JSON.stringify({ writeKey: 'key-acme', token: 'play', sentAt: NOW, common, events, ...batch }),
      ),
      userAgent: UA,
      ...input,
    })
  const of = (type: string): StoredEvent[] => stored.filter((event) => event.type === type)
  return { collector, stored, clock, send, of }
}
const refusedWith = (code: string) => (error: unknown) => (error as { code?: string }).code === code

test('completes an event from its batch and its grant', async () => {
  const { send, stored, collector } = open()
  const answer = await send([heartbeat('e1')])
  assert.deepEqual(answer, { accepted: 1, duplicates: 0, deadLettered: [] })
  assert.deepEqual(stored, [
    {
      ...common,
      eventId: 'e1',
      type: 'playback.heartbeat.sent',
      version: 1,
      seq: 3,
      intervalMs: 10_000,
      tenantId: 'acme',
      titleId: 'title-1',
      viewerKey: 'viewer-1',
      recommendationId: null,
      kids: false,
      bot: false,
      experiments: [],
      bitrateKbps: null,
      bufferMs: null,
      playerHeightPx: null,
      videoHeightPx: null,
      createdAt: NOW - 1000,
      sentAt: NOW,
      receivedAt: NOW,
      derivedAt: NOW - 1000,
      sourceFormat: 'native',
    },
  ])
  assert.equal(collector.snapshot().tenants['acme']?.stored, 1)
})

/** One batch per reason: what is sent, and what the letter must say. */
const damages: readonly [DeadLetterReason, unknown, RegExp, object?][] = [
  ['unknown-type', heartbeat('x', { type: 'playback.view.dreamt' }), /no event playback\.view\.dreamt/],
  ['unknown-type', heartbeat('x', { version: 2 }), /version 2/],
  ['invalid-event', heartbeat('x', { intervalMs: -1 }), /intervalMs/],
  ['invalid-event', heartbeat('x', { surprise: 1 }), /./],
  ['invalid-event', heartbeat('x', { createdAt: '2026' }), /createdAt/],
  ['invalid-event', 'text', /object/],
  ['invalid-event', null, /object/],
  ['not-allowed', { ...impression('x'), type: 'discovery.slate.served' }, /play token may not say/],
  ['not-allowed', heartbeat('x'), /viewer token may not say/, { token: 'viewer' }],
  ['token-mismatch', heartbeat('x', { titleId: 'title-2' }), /titleId/],
  ['token-mismatch', heartbeat('x', { tenantId: 'other' }), /tenantId/],
  ['token-mismatch', heartbeat('x', { viewerKey: 'viewer-2' }), /viewerKey/],
  ['token-mismatch', heartbeat('x', { kids: true }), /kids/],
  ['token-mismatch', heartbeat('x', { recommendationId: 'slate-x' }), /recommendationId/],
  ['token-mismatch', heartbeat('x', { viewerKey: 'viewer-1' }), /viewerKey/, { token: 'kids' }],
  ['outside-window', heartbeat('x', { createdAt: NOW + 6 * 60_000 }), /future/],
  ['outside-window', heartbeat('x', { createdAt: 1000 }), /late/],
  ['outside-window', heartbeat('x', { createdAt: Date.UTC(2099, 1) }), /future/],
  ['outside-window', heartbeat('x', { createdAt: NOW - HOUR - 6 * 60_000 }), /before the token/],
  ['too-large', heartbeat('x', { playerName: 'n'.repeat(70_000) }), /over 65536/],
]
for (const [reason, event, detail, batch] of damages) {
  test(`sets one event aside as ${reason} (${String(detail)}) and keeps the rest`, async () => {
    const { send, of, collector } = open()
    const good = batch === undefined ? heartbeat('good') : impression('good')
    const answer = await send([event, good], batch)
    assert.equal(answer.accepted, 2)
    assert.deepEqual(
      answer.deadLettered.map((letter) => [letter.index, letter.reason]),
      [[0, reason]],
    )
    const [letter] = of('collector.letter.dead')
    assert.equal(letter?.['reason'], reason)
    assert.match(String(letter?.['detail']), detail)
    const raw = typeof event === 'string' ? event : JSON.stringify(event)
    assert.ok(String(letter?.['body']).startsWith(raw.slice(0, 1000)))
    const counts = collector.snapshot().tenants['acme']
    assert.equal(counts?.stored, 1)
    assert.equal(counts?.deadLettered[reason], 1)
  })
}

test('sets text that is not JSON aside when a header names the tenant, a bounded number of times', async () => {
  const { collector, of } = open({ unparsedPerMinute: 1 })
  const body = Buffer.from('{"events": [')
  const answer = await collector.collect({ body, writeKey: 'key-acme', userAgent: UA })
  assert.equal(answer.deadLettered[0]?.reason, 'not-json')
  assert.equal(of('collector.letter.dead')[0]?.['body'], '{"events": [')
  await assert.rejects(
    collector.collect({ body, writeKey: 'key-acme', userAgent: UA }),
    refusedWith('SV_TOO_MANY_EVENTS'),
  )
  await assert.rejects(collector.collect({ body, userAgent: UA }), refusedWith('SV_BATCH_UNREADABLE'))
})

test('sets a line of CMCD aside that cannot be read', async () => {
  const { collector, of } = open()
  const body = createCmcdReader().read(Buffer.from('"\n'))
  await collector.collect({ body, token: 'play', userAgent: UA })
  assert.equal(of('collector.letter.dead')[0]?.['reason'], 'unreadable-cmcd')
})

test('each reason of a dead letter has a test', () => {
  const tested = new Set([...damages.map(([reason]) => reason), 'not-json', 'unreadable-cmcd'])
  assert.deepEqual([...tested].sort(), [...DEAD_LETTER_REASONS].sort())
})

test('refuses a batch as a whole, and counts it', async () => {
  const { send, collector, clock } = open()
  const wrong: [string, Promise<unknown>][] = [
    ['SV_WRITE_KEY_UNKNOWN', send([], { writeKey: 'nobody' })],
    ['SV_WRITE_KEY_UNKNOWN', send([], { writeKey: undefined })],
    ['SV_TOKEN_MISSING', send([], { token: undefined })],
    ['SV_TOKEN_REFUSED', send([], { token: 'forged' })],
    ['SV_TOKEN_REFUSED', send([], { token: 'foreign' })],
    ['SV_TOKEN_OVER', (clock.set(NOW), send([], { token: 'old' }))],
    ['SV_BATCH_UNREADABLE', send([], { events: {} })],
    ['SV_BATCH_UNREADABLE', send([], { sentAt: 'now' })],
    ['SV_BATCH_UNREADABLE', send([], { common: [] })],
    ['SV_BODY_TOO_LARGE', send(Array.from({ length: 1001 }, () => 1))],
    ['SV_BODY_TOO_LARGE', send([heartbeat('x', { playerName: 'n'.repeat(1024 * 1024) })])],
  ]
  for (const [code, sending] of wrong) await assert.rejects(sending, refusedWith(code))
  const { refused, tenants } = collector.snapshot()
  assert.equal(
    Object.values(refused).reduce((a, b) => a + b, 0),
    wrong.length,
  )
  assert.deepEqual(tenants, {})
})

test('corrects a clock that is wrong by more than five minutes, and no other', async () => {
  const { send, of } = open()
  await send([heartbeat('wrong', { createdAt: 5000 })], { sentAt: 9000 })
  await send([heartbeat('right', { createdAt: NOW - 60_000 })], { sentAt: NOW - 4 * 60_000 })
  const [wrong, right] = of('playback.heartbeat.sent')
  assert.equal(wrong?.derivedAt, NOW - 4000)
  assert.equal(wrong?.createdAt, 5000)
  assert.equal(right?.derivedAt, NOW - 60_000)
})

test('takes events of an offline player after the token ran out, when they happened before', async () => {
  const { send, clock, collector } = open()
  clock.set(NOW + 3 * 24 * HOUR)
  const answer = await send([heartbeat('late'), heartbeat('after', { createdAt: NOW + 2 * HOUR })], {
    sentAt: clock.now(),
  })
  assert.deepEqual(
    answer.deadLettered.map(({ index, reason }) => [index, reason]),
    [[1, 'outside-window']],
  )
  assert.equal(collector.snapshot().tenants['acme']?.stored, 1)
})

test('flags events of programs and keeps them', async () => {
  const { send, of } = open()
  await send([heartbeat('e1')], {}, { userAgent: 'Googlebot/2.1 (+http://www.google.com/bot.html)' })
  await send([heartbeat('e2')], {}, { userAgent: 'curl/8.0' })
  await send([heartbeat('e3')])
  assert.deepEqual(
    of('playback.heartbeat.sent').map((event) => event['bot']),
    [true, true, false],
  )
})

test('counts an event sent twice as a duplicate, and keeps another payload under an id of its own', async () => {
  const { send, stored, collector } = open()
  await send([heartbeat('e1'), heartbeat('e1')])
  const answer = await send([heartbeat('e1'), heartbeat('e1', { seq: 4 }), heartbeat('e1', { seq: 4 })])
  assert.equal(answer.duplicates, 2)
  assert.equal(stored.length, 2)
  assert.match(stored[1]?.eventId ?? '', /^e1~/)
  const counts = collector.snapshot().tenants['acme']
  assert.deepEqual([counts?.accepted, counts?.stored, counts?.duplicate, counts?.reusedId], [5, 2, 3, 1])
})

test('an event is not taken for stored before it is durable', async () => {
  let fail = true
  const collector = createCollector({
    eventLog: {
      append: async () => {
        if (fail) throw new Error('disk full')
      },
    },
    readGrant: async () => play,
    findTenantByWriteKey: async () => ({ id: 'acme' }),
    clock: createManualClock(NOW),
    log: silentLog,
  })
  const body = Buffer.from(
    JSON.stringify({ writeKey: 'k', token: 'play', sentAt: NOW, common, events: [heartbeat('e1')] }),
  )
  await assert.rejects(collector.collect({ body, userAgent: UA }))
  fail = false
  assert.equal((await collector.collect({ body, userAgent: UA })).duplicates, 0)
  assert.equal(collector.snapshot().tenants['acme']?.stored, 1)
})

test('what a viewer token says is bound to its viewer; a title of an impression is free', async () => {
  const { send, of } = open()
  await send([impression('i1')], { token: 'viewer' })
  await send([impression('i2')], { token: 'kids' })
  assert.deepEqual(
    of('discovery.impression.seen').map((event) => event['viewerKey']),
    ['viewer-1', null],
  )
})

test('an import may say anything of its tenant, at any past time, and when it was received', async () => {
  const { send, of } = open()
  const receivedAt = Date.UTC(2025, 1)
  const own = { viewerKey: 'viewer-7', titleId: 'title-7', createdAt: receivedAt - 5000, bot: true }
  const batch = { token: 'import', receivedAt, sentAt: receivedAt }
  const answer = await send([heartbeat('e1', own), heartbeat('e2', { ...own, tenantId: 'other' })], batch)
  assert.deepEqual(
    answer.deadLettered.map((letter) => letter.reason),
    ['token-mismatch'],
  )
  const [event] = of('playback.heartbeat.sent')
  assert.deepEqual(
    [event?.receivedAt, event?.derivedAt, event?.['viewerKey'], event?.['bot'], event?.sourceFormat],
    [receivedAt, receivedAt - 5000, 'viewer-7', true, 'import'],
  )
})

test('a play token brings a bounded number of events', async () => {
  const { send } = open({ perPlay: 3 })
  await send([heartbeat('e1'), heartbeat('e2')])
  await assert.rejects(send([heartbeat('e3'), heartbeat('e4')]), refusedWith('SV_TOKEN_OVER'))
  await send([heartbeat('e3')])
})

test('turns batches away while too much is in hand', async () => {
  const gate = Promise.withResolvers<void>()
  const collector = createCollector({
    eventLog: { append: () => gate.promise },
    readGrant: async (token) => grants[token] ?? null,
    findTenantByWriteKey: async (key) => ({ id: key }),
    clock: createManualClock(NOW),
    log: silentLog,
    limits: { inFlightBytes: 2000 },
  })
  const send = (id: string, writeKey: string, token: string) =>
    collector.collect({
      body: Buffer.from(
        JSON.stringify({ writeKey, token, sentAt: NOW, common, events: [heartbeat(id)] }).padEnd(800),
      ),
      userAgent: UA,
    })
  const first = send('e1', 'acme', 'play')
  await new Promise((resolve) => setImmediate(resolve))
  await assert.rejects(send('e2', 'acme', 'play'), refusedWith('SV_TOO_MANY_EVENTS'))
  const second = send('e3', 'other', 'foreign')
  await new Promise((resolve) => setImmediate(resolve))
  await assert.rejects(send('e4', 'other', 'foreign'), refusedWith('SV_COLLECTOR_BUSY'))
  gate.resolve()
  await Promise.all([first, second])
  assert.equal(collector.snapshot().inFlightBytes, 0)
  await send('e2', 'acme', 'play')
})

test('says events of our own parts, and an invalid one is a bug', async () => {
  const { collector, send, stored } = open()
  await send([heartbeat('e1')])
  const said = { ...(stored[0] as StoredEvent), eventId: 'e2', sourceFormat: 'server' as const }
  await collector.say([said])
  assert.equal(stored.length, 2)
  await assert.rejects(collector.say([{ ...said, seq: -1 }]), { name: 'Bug' })
})
