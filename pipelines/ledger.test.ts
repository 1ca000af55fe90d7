import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ratingGiven } from '#events/feedback.ts'
import { playbackEvents } from '#events/playback.ts'
import { serverEvent } from '#events/registry.ts'
import { runOf } from '#events/run.ts'
import { common, NOW, openHouse } from '#pipelines/ledger.fixture.ts'
import type { LedgerMinute } from '#pipelines/ledger-judgement.ts'
import { totalsOf } from '#pipelines/ledger-page.ts'
import { playbackEvent } from '#storage/event-log/event-log.suite.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

const MINUTE = 60_000
const heartbeat = (eventId: string, more: object = {}) => ({
  type: 'playback.heartbeat.sent',
  eventId,
  createdAt: NOW - 1000,
  seq: 3,
  intervalMs: 10_000,
  ...more,
})
/** Told apart by more than their last letters, as real ids are. */
const idOf = (n: number): string => `${n * 7919}-${n}-${n * 104729}`
const beats = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => heartbeat(idOf(from + n)))
const short = ({ at, accepted, stored, duplicate, deadLettered, rows, letters, state }: LedgerMinute) => [
  (at - (NOW - (NOW % MINUTE))) / MINUTE,
  { accepted, stored, duplicate, deadLettered, rows, letters, state },
]

test('each minute balances by tenant, with duplicates, dead letters and what our own parts say', async (t) => {
  const { clock, open } = await openHouse(t)
  const { send, settle, ledger, collector, close } = await open()
  await send([...beats(0, 5), { type: 'nonsense' }, heartbeat('bad', { seq: -1 })])
  await send(beats(0, 3))
  await send(beats(0, 2), 'other')
  await collector.say([
    serverEvent(ratingGiven, clock.now(), 'r1', { tenantId: 'acme', viewerKey: 'v', titleId: 't', stars: 4 }),
  ])
  clock.set(NOW + MINUTE)
  await send(beats(10, 4))
  assert.deepEqual(
    (await ledger.minutes('acme', NOW, NOW + MINUTE))
      .map(({ state }) => state)
      .filter((state) => state !== 'open'),
    [],
  )
  await settle()
  clock.set(NOW + 2 * MINUTE)
  const minutes = await ledger.minutes('acme', NOW, NOW + 2 * MINUTE)
  assert.deepEqual(minutes.map(short), [
    [0, { accepted: 11, stored: 6, duplicate: 3, deadLettered: 2, rows: 6, letters: 2, state: 'balanced' }],
    [1, { accepted: 4, stored: 4, duplicate: 0, deadLettered: 0, rows: 4, letters: 0, state: 'balanced' }],
  ])
  assert.deepEqual(totalsOf(minutes).deadLetteredBy, { 'unknown-type': 1, 'invalid-event': 1 })
  const totals = await ledger.totals()
  assert.deepEqual([...totals.keys()].sort(), ['acme', 'other'])
  assert.deepEqual([totals.get('acme')?.accepted, totals.get('acme')?.lost], [15, 0])
  await close()
})

test('words are cumulative: said again and again they count once, and no other run counts with them', async (t) => {
  const { clock, open } = await openHouse(t)
  const first = await open()
  for (let n = 0; n < 3; n++) {
    await first.send(beats(n * 10, 2))
    await first.words.say()
  }
  await first.close()
  const second = await open()
  await second.send(beats(100, 2))
  await second.settle()
  clock.set(NOW + MINUTE)
  const [minute] = await second.ledger.minutes('acme', NOW, NOW)
  assert.deepEqual([minute?.accepted, minute?.rows, minute?.state], [8, 8, 'balanced'])
  assert.equal((await second.ledger.totals()).get('acme')?.accepted, 8)
  await second.close()
})

test('an import counts in the minutes it names, however often it comes back to them', async (t) => {
  const { clock, open } = await openHouse(t)
  const { collector, settle, ledger, close } = await open()
  const then = NOW - 3 * 86_400_000
  const send = (eventId: string) => {
    const event = heartbeat(eventId, { createdAt: then, viewerKey: 'v', titleId: 't' })
    const batch = {
      writeKey: 'acme',
      token: 'import acme',
      sentAt: then,
      receivedAt: then,
      common,
      events: [event],
    }
    return collector.collect({ body: Buffer.from(JSON.stringify(batch)), userAgent: 'importer' })
  }
  for (let n = 0; n < 3; n++) {
    assert.deepEqual((await send(`e${n}`)).deadLettered, [])
    await settle()
    clock.set(NOW + n * MINUTE)
    const [minute] = await ledger.minutes('acme', then, then)
    assert.deepEqual([minute?.accepted, minute?.rows, minute?.state], [n + 1, n + 1, 'balanced'])
  }
  const totals = await ledger.totals()
  assert.equal(totals.get('acme')?.accepted, 3)
  await close()
})

test('a collector that is killed leaves at most what it had not said, told apart from loss', async (t) => {
  const { clock, open } = await openHouse(t)
  const killed = await open()
  await killed.send(beats(0, 3))
  await killed.words.say()
  await killed.send(beats(10, 2))
  await killed.leave()
  clock.set(NOW + MINUTE)
  const next = await open()
  await next.settle()
  const [minute] = await next.ledger.minutes('acme', NOW, NOW)
  assert.deepEqual([minute?.stored, minute?.rows, minute?.state], [3, 5, 'unsaid'])
  const total = (await next.ledger.totals()).get('acme')
  assert.deepEqual([total?.unsaid, total?.lost, total?.unexplained], [2, 0, 0])

  // The same surplus after a run that ended in order has no such excuse.
  await next.send(beats(20, 1))
  await next.settle()
  const later = clock.now()
  await next.close()
  clock.set(later + 10 * MINUTE)
  const third = await open()
  await third.eventLog.append(
    playbackEvents,
    runOf([
      {
        ...playbackEvent('x', 's'),
        tenantId: 'acme',
        receivedAt: later + 5 * MINUTE,
        derivedAt: later + 5 * MINUTE,
      },
    ]),
  )
  await third.settle()
  const minutes = await third.ledger.minutes('acme', later + 5 * MINUTE, later + 5 * MINUTE)
  assert.deepEqual(
    minutes.map(({ state, surplus }) => [state, surplus]),
    [['unexplained', 1]],
  )
  await third.close()
})

test('rows that are gone are a loss, rows that are there twice are doubled', async (t) => {
  const { clock, open, warehouse } = await openHouse(t)
  const { send, settle, ledger, close } = await open()
  await send(beats(0, 5))
  await settle()
  clock.set(NOW + MINUTE)
  await send(beats(10, 5))
  await settle()
  clock.set(NOW + 2 * MINUTE)
  await warehouse.command({
    sql: sql`ALTER TABLE playback_events DELETE WHERE eventId = '${idOf(3)}' SETTINGS mutations_sync = 2`,
  })
  await warehouse.command({
    sql: sql`INSERT INTO playback_events SELECT * FROM playback_events WHERE eventId = '${idOf(12)}'`,
  })
  const minutes = await ledger.minutes('acme', NOW, NOW + MINUTE)
  assert.deepEqual(
    minutes.map(({ state, lost, doubled }) => [state, lost, doubled]),
    [
      ['lost', 1, 0],
      ['doubled', 0, 1],
    ],
  )
  const total = (await ledger.totals()).get('acme')
  assert.deepEqual([total?.lost, total?.doubled], [1, 1])
  await close()
})

test('a batch refused while the log wrote it is unsure; sent again it is a repeat, and counted apart', async (t) => {
  const { clock, open } = await openHouse(t)
  let fails = 1
  const { send, settle, ledger, close } = await open({
    through: (log) => ({
      append: async (...of) => {
        await log.append(...of)
        if (fails-- > 0) throw new Error('written, and then the disk failed')
      },
    }),
  })
  await assert.rejects(send(beats(0, 3)))
  await send(beats(0, 3))
  await settle()
  clock.set(NOW + MINUTE)
  const [minute] = await ledger.minutes('acme', NOW, NOW)
  assert.deepEqual(
    [minute?.accepted, minute?.stored, minute?.rows, minute?.unsure, minute?.state],
    [3, 3, 6, 3, 'unsure'],
  )
  assert.equal(await ledger.repeated('acme', NOW, NOW), 3)
  await close()
})

test('a word that the log did not take is said with the next', async (t) => {
  const { clock, open } = await openHouse(t)
  const parts = await open()
  const { append } = parts.eventLog
  await parts.words.say()
  await parts.send(beats(0, 2))
  const log = parts.eventLog as { append: typeof append }
  log.append = () => Promise.reject(new Error('no space'))
  await assert.rejects(parts.words.say())
  log.append = append
  clock.set(NOW + MINUTE)
  await parts.sink.caughtUp()
  assert.equal((await parts.ledger.minutes('acme', NOW, NOW))[0]?.state, 'open')
  await parts.settle()
  const [minute] = await parts.ledger.minutes('acme', NOW, NOW)
  assert.deepEqual([minute?.stored, minute?.rows, minute?.state], [2, 2, 'balanced'])
  await parts.close()
})
