import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import {
  common,
  grants,
  HOUR,
  heartbeat,
  impression,
  NOW,
  openCollector,
  play,
  refusedWith,
  UA,
} from '#pipelines/collect.fixture.ts'
import { createCollector } from '#pipelines/collect.ts'

test('refuses a batch as a whole, and counts it', async () => {
  const { send, collector, clock } = openCollector()
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
  const { send, of } = openCollector()
  await send([heartbeat('wrong', { createdAt: 5000 })], { sentAt: 9000 })
  await send([heartbeat('right', { createdAt: NOW - 60_000 })], { sentAt: NOW - 4 * 60_000 })
  const [wrong, right] = of('playback.heartbeat.sent')
  assert.equal(wrong?.derivedAt, NOW - 4000)
  assert.equal(wrong?.createdAt, 5000)
  assert.equal(right?.derivedAt, NOW - 60_000)
})

test('takes events of an offline player after the token ran out, when they happened before', async () => {
  const { send, clock, collector } = openCollector()
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
  const { send, of } = openCollector()
  await send([heartbeat('e1')], {}, { userAgent: 'Googlebot/2.1 (+http://www.google.com/bot.html)' })
  await send([heartbeat('e2')], {}, { userAgent: 'curl/8.0' })
  await send([heartbeat('e3')])
  assert.deepEqual(
    of('playback.heartbeat.sent').map((event) => event['bot']),
    [true, true, false],
  )
})

test('counts an event sent twice as a duplicate, and keeps another payload under an id of its own', async () => {
  const { send, stored, collector } = openCollector()
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
  const { send, of } = openCollector()
  await send([impression('i1')], { token: 'viewer' })
  await send([impression('i2')], { token: 'kids' })
  assert.deepEqual(
    of('discovery.impression.seen').map((event) => event['viewerKey']),
    ['viewer-1', null],
  )
})

test('an import may say anything of its tenant, at any past time, and when it was received', async () => {
  const { send, of } = openCollector()
  const receivedAt = Date.UTC(2026, 1)
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

test('an import older than its stream is kept is set aside', async () => {
  const { send, of } = openCollector()
  const at = NOW - 370 * 24 * HOUR
  const own = { viewerKey: 'viewer-7', titleId: 'title-7', createdAt: at }
  const { deadLettered } = await send([heartbeat('e1', own)], { token: 'import', receivedAt: at, sentAt: at })
  assert.deepEqual(
    deadLettered.map(({ reason, detail }) => [reason, detail]),
    [['outside-window', 'older than such events are kept']],
  )
  assert.equal(of('playback.heartbeat.sent').length, 0)
})

test('a play token brings a bounded number of events', async () => {
  const { send } = openCollector({ perPlay: 3 })
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
  const { collector, send, stored } = openCollector()
  await send([heartbeat('e1')])
  const said = { ...(stored[0] as StoredEvent), eventId: 'e2', sourceFormat: 'server' as const }
  await collector.say([said])
  assert.equal(stored.length, 2)
  await assert.rejects(collector.say([{ ...said, seq: -1 }]), { name: 'Bug' })
})
