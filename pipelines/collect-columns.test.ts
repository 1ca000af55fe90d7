/** The short way stores what the long way would, says the same of it, and knows the same duplicates. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { playbackEvents } from '#events/playback.ts'
import { streams } from '#events/registry.ts'
import { common, grants, HOUR, heartbeat, NOW, UA } from '#pipelines/collect.fixture.ts'
import { type Collector, createCollector } from '#pipelines/collect.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { decodeRows } from '#storage/warehouse/native.ts'

const TOGETHER = 25
const root = mkdtempSync(path.join(tmpdir(), 'columns-'))
after(() => rmSync(root, { recursive: true, force: true }))

type Side = { readonly log: EventLog; readonly collector: Collector; readonly columns: () => number }
async function open(name: string, isShort: boolean): Promise<Side> {
  const clock = createManualClock(NOW)
  const log = await openSegmentLog({ dir: path.join(root, name), streams, clock, log: silentLog })
  let columns = 0
  const append: EventLog['append'] = (stream, run) => log.append(stream, run)
  const appendColumns: EventLog['appendColumns'] = (stream, run) => {
    columns++
    return log.appendColumns?.(stream, run) ?? Promise.reject(new Error('no columns'))
  }
  let ids = 0
  const collector = createCollector({
    eventLog: isShort ? { append, appendColumns } : { append },
    readGrant: async (token) => grants[token] ?? null,
    findTenantByWriteKey: async () => ({ id: 'acme' }),
    clock,
    ids: () => `letter-${ids++}`,
    log: silentLog,
    limits: { perPlay: Number.POSITIVE_INFINITY },
  })
  return { log, collector, columns: () => columns }
}

async function stored({ log }: Side): Promise<StoredEvent[]> {
  const all: StoredEvent[] = []
  for (const stream of streams) {
    const ends = await log.ends(stream)
    for (const [partition, end] of ends.entries()) {
      for (let at = 0; at < end; ) {
        const batch = await log.read(stream, partition, at, 10_000)
        assert.ok(batch)
        for (const event of batch.native().flatMap((block) => decodeRows<StoredEvent>(block)))
          all.push({ ...event, logId: '' })
        at = batch.lastOffset + 1
      }
    }
  }
  return all
}

const odd = fc.oneof(
  { weight: 80, arbitrary: fc.constant(undefined) },
  fc.constantFrom(null, -1, 1.5, 0.1, 1e21, 2 ** 32, 4294967295, '', 'playing', 'nonsense', true, [], {}),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string(),
  fc.constantFrom('é', 'a"b', 'a\\b', 'tab\there', 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(81)),
)
const event = fc
  .record({
    type: fc.constantFrom('playback.heartbeat.sent', 'playback.state.changed', 'playback.view.ended'),
    id: fc.integer({ min: 0, max: 20_000 }),
    ago: fc.oneof(
      { weight: 60, arbitrary: fc.integer({ min: 0, max: 3_600_000 }) },
      fc.constantFrom(8 * 24 * HOUR, -HOUR, 0.5),
    ),
    state: fc.constantFrom('playing', 'paused', 'rebuffering'),
    rate: fc.constantFrom(1, 1.25, 0.5, 2),
    bitrate: fc.constantFrom(800, 2400, null),
    field: fc.constantFrom(
      'seq',
      'rate',
      'state',
      'playheadMs',
      'visible',
      'playerName',
      'errorCode',
      'bufferMs',
    ),
    odd,
  })
  .map(({ type, id, ago, state, rate, bitrate, field, odd: value }) => ({
    type,
    eventId: `event-${id}`,
    createdAt: NOW - ago,
    seq: id,
    state,
    playheadMs: id * 250,
    rate,
    bitrateKbps: bitrate,
    ...(type === 'playback.heartbeat.sent' ? { intervalMs: 10_000 } : {}),
    ...(type === 'playback.view.ended' ? { endReason: 'stopped' } : {}),
    ...(value === undefined ? {} : { [field]: value }),
  }))
const batch = fc.record({
  events: fc.array(event, { minLength: 1, maxLength: 12 }),
  token: fc.constantFrom('play', 'play', 'play', 'play', 'play', 'viewer', 'import'),
  sentAt: fc.constantFrom(NOW, NOW - 1000, NOW - 2 * HOUR),
  sid: fc.constantFrom('sid-1', 'sid-2', 'sid-3'),
  spaced: fc.constantFrom(true, false, false, false),
})

test('any batch is stored, counted and answered the same both ways', async () => {
  const short = await open('short', true)
  const long = await open('long', false)
  const bodies = fc
    .sample(batch, { numRuns: 1000, seed: 7 })
    .map(({ events, token, sentAt, sid, spaced }) => {
      const said = { writeKey: 'key', token, sentAt, common: { ...common, sid, titleId: 'title-1' }, events }
      return Buffer.from(JSON.stringify(said, null, spaced ? 1 : 0))
    })
  // Batches that come together are written together.
  for (let at = 0; at < bodies.length; at += TOGETHER) {
    const some = bodies.slice(at, at + TOGETHER)
    const [answers, others] = await Promise.all(
      [short, long].map(({ collector }) =>
        Promise.all(some.map((body) => collector.collect({ body, userAgent: UA }))),
      ),
    )
    assert.deepEqual(answers, others)
  }
  assert.ok(short.columns() > 120, `${short.columns()} batches went the short way`)
  assert.deepEqual(short.collector.snapshot(), long.collector.snapshot())
  const [one, other] = [await stored(short), await stored(long)]
  assert.equal(one.length, other.length)
  for (const [i, event] of one.entries()) assert.deepEqual(event, other[i])
  await short.log.close()
  await long.log.close()
})

test('an event that came one way is known the other way', async () => {
  const side = await open('ways', true)
  const send = (spaces: number, more: object = {}) => {
    const events = [1, 2, 3].map((n) => heartbeat(`e-${n}`, { rate: 1.5, bitrateKbps: null, ...more }))
    const body = Buffer.from(JSON.stringify({ writeKey: 'key', token: 'play', common, events }, null, spaces))
    return side.collector.collect({ body, userAgent: UA })
  }
  assert.equal((await send(1, { eventId: 'first' })).duplicates, 2)
  const before = side.columns()
  assert.equal((await send(0)).duplicates, 0)
  assert.equal(side.columns(), before + 1)
  assert.equal((await send(1)).duplicates, 3)
  assert.equal((await send(0)).duplicates, 3)
  assert.equal((await stored(side)).filter(({ eventId }) => eventId.startsWith('e-')).length, 3)
  await side.log.close()
})

test('what the log refused is not taken for a duplicate when it is sent again', async () => {
  const side = await open('refused', true)
  let isFull = false
  const collector = createCollector({
    eventLog: {
      append: (stream, run) => side.log.append(stream, run),
      appendColumns: (stream, run) =>
        isFull
          ? Promise.reject(new Error('full'))
          : (side.log.appendColumns?.(stream, run) ?? Promise.reject()),
    },
    readGrant: async (token) => grants[token] ?? null,
    findTenantByWriteKey: async () => ({ id: 'acme' }),
    clock: createManualClock(NOW),
    log: silentLog,
  })
  const send = (eventId: string) =>
    collector.collect({
      body: Buffer.from(
        JSON.stringify({ writeKey: 'key', token: 'play', common, events: [heartbeat(eventId)] }),
      ),
      userAgent: UA,
    })
  await send('teaches')
  isFull = true
  await assert.rejects(send('again'), /full/)
  isFull = false
  assert.deepEqual(await send('again'), { accepted: 1, duplicates: 0, deadLettered: [] })
  assert.equal(
    (await side.log.ends(playbackEvents)).reduce((sum, end) => sum + end, 0),
    2,
  )
  await side.log.close()
})
