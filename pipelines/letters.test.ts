import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UA } from '#pipelines/collect.fixture.ts'
import { common, NOW, openHouse } from '#pipelines/ledger.fixture.ts'
import type { Letters } from '#pipelines/letters.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const ID = '0198-aaaa-1111'
const heartbeat = (eventId: string, more: object = {}) => ({
  type: 'playback.heartbeat.sent',
  eventId,
  createdAt: NOW - 1000,
  seq: 3,
  intervalMs: 10_000,
  ...more,
})
const listAll = async (letters: Letters, filter = {}) =>
  (await letters.list('acme', filter, { first: 100, after: null })).letters
const stored = (warehouse: Warehouse) =>
  warehouse.query<{ eventId: string; at: number; titleId: string }>({
    sql: sql`SELECT eventId, toUnixTimestamp64Milli(receivedAt) AS at, titleId FROM playback_events
      WHERE tenantId = 'acme' ORDER BY eventId`,
  })

test('a letter says why, against what, where it stands, and holds the bytes as they came', async (t) => {
  const { open } = await openHouse(t)
  const { collector, send, settle, letters, close } = await open()
  const raw = '{ "type":"playback.heartbeat.sent", "eventId":"e1", "seq":-1.0, "createdAt":1 }'
  const body = (events: string) =>
    Buffer.from(
      `{"writeKey":"acme","token":"play acme","sentAt":${NOW},"common":${JSON.stringify(common)},"events":[${events}]}`,
      'latin1',
    )
  await collector.collect({ body: body(raw), userAgent: UA })
  await collector.collect({ body: body('{"type":"no\xe9"}'), userAgent: UA })
  await collector.collect({ body: Buffer.from('{"half'), writeKey: 'acme', userAgent: UA })
  await send([{ type: 'x', pad: 'p'.repeat(70_000) }])
  await settle()
  const found = await listAll(letters)
  const byReason = (reason: string) => found.filter((letter) => letter.reason === reason)
  const [invalid] = byReason('invalid-event')
  assert.deepEqual(
    [invalid?.body, invalid?.schema, invalid?.stream, invalid?.state, invalid?.isCut, invalid?.partition],
    [raw, 'playback.heartbeat.sent@1', 'playback.events.v1', 'waiting', false, 0],
  )
  assert.deepEqual([invalid?.replays, invalid?.replayedAt], [0, 0])
  const [unknown] = byReason('unknown-type')
  assert.equal(unknown?.bodyEncoding, 'base64')
  assert.equal(Buffer.from(unknown?.body ?? '', 'base64').toString('latin1'), '{"type":"no\xe9"}')
  assert.equal(unknown?.schema, null)
  assert.equal(byReason('not-json')[0]?.body, '{"half')
  const [large] = byReason('too-large')
  assert.deepEqual([large?.isCut, large?.body.length, (large?.bodyBytes ?? 0) > 70_000], [true, 65_536, true])
  assert.deepEqual(
    found.map(({ offset }) => offset).sort((a, b) => a - b),
    [0, 1, 2, 3],
  )
  assert.equal(await letters.one('other', invalid?.id ?? ''), null)
  assert.deepEqual(
    (await letters.count('acme', {})).map(({ count }) => count),
    [1, 1, 1, 1],
  )
  await close()
})

test('after a fix a letter is stored as of when it came, once, however often it is replayed', async (t) => {
  const { open, clock, warehouse } = await openHouse(t)
  const strict = await open({ lateMs: HOUR })
  const late = heartbeat(ID, { createdAt: NOW - 5 * HOUR })
  const { deadLettered } = await strict.send([late, heartbeat('0198-bbbb-2222', { seq: -1 })])
  assert.deepEqual(
    deadLettered.map(({ reason }) => reason),
    ['outside-window', 'invalid-event'],
  )
  await strict.settle()
  const waiting = (await listAll(strict.letters)).map(({ id }) => id)
  const before = await strict.letters.replay('acme', waiting, 'operator')
  assert.deepEqual(
    before.map(({ outcome }) => outcome),
    ['failed', 'failed'],
  )
  await strict.close()

  clock.set(NOW + 10 * MINUTE)
  const fixed = await open()
  const [first, again] = await Promise.all([
    fixed.letters.replay('acme', waiting, 'operator'),
    fixed.letters.replay('acme', waiting, 'another'),
  ])
  assert.deepEqual(first.map(({ outcome }) => outcome).sort(), ['failed', 'stored'])
  assert.deepEqual(again.map(({ outcome }) => outcome).sort(), ['failed', 'present'])
  const rows = await stored(warehouse)
  assert.deepEqual(
    rows.map(({ eventId, titleId }) => [eventId, titleId]),
    [[ID, 't']],
  )
  assert.ok((rows[0]?.at ?? 0) < NOW + MINUTE)
  const left = await listAll(fixed.letters, { state: 'waiting' })
  assert.deepEqual(
    left.map(({ reason, replays }) => [reason, replays]),
    [['invalid-event', 3]],
  )

  // The replayed event is accepted anew in the minute it was received in; the letter stays one.
  await fixed.settle()
  clock.set(NOW + 20 * MINUTE)
  const [minute] = await fixed.ledger.minutes('acme', NOW, NOW)
  assert.deepEqual(
    [minute?.accepted, minute?.stored, minute?.rows, minute?.deadLettered, minute?.letters, minute?.state],
    [5, 3, 3, 2, 2, 'balanced'],
  )
  await fixed.close()
})

test('killed between the event and the record of it, the next replay finds the event and adds nothing', async (t) => {
  const { open, warehouse } = await openHouse(t)
  const strict = await open({ lateMs: HOUR })
  await strict.send([heartbeat(ID, { createdAt: NOW - 5 * HOUR })])
  await strict.settle()
  const ids = (await listAll(strict.letters)).map(({ id }) => id)
  await strict.close()
  const dying = await open({
    through: (log) => ({
      append: async (stream, run) => {
        if (stream.name === 'collector.dlq.v1') throw new Error('killed')
        await log.append(stream, run)
      },
    }),
  })
  await assert.rejects(dying.letters.replay('acme', ids, 'operator'), /killed/)
  await dying.leave()
  const next = await open()
  assert.deepEqual(
    (await next.letters.replay('acme', ids, 'operator')).map(({ outcome }) => outcome),
    ['present'],
  )
  assert.equal((await stored(warehouse)).length, 1)
  assert.deepEqual(
    (await listAll(next.letters)).map(({ state }) => state),
    ['present'],
  )
  await next.close()
})

test('what fails for another reason now says so; what was cut or has lost its context stays', async (t) => {
  const { open } = await openHouse(t)
  const tight = await open({ limits: { eventBytes: 300 } })
  await tight.send([heartbeat('e1', { playerName: 'n'.repeat(301) }), heartbeat('e2')])
  await tight.send([{ type: 'x', pad: 'p'.repeat(70_000) }])
  await tight.send([{ type: 'y' }], 'acme', { common: { ...common, playerName: 'n'.repeat(9000) } })
  await tight.settle()
  const all = await listAll(tight.letters)
  assert.deepEqual(all.map(({ firstReason }) => firstReason).sort(), [
    'too-large',
    'too-large',
    'unknown-type',
  ])
  await tight.close()
  const { letters, close } = await open()
  await letters.replay(
    'acme',
    all.map(({ id }) => id),
    'operator',
  )
  const now = await listAll(letters)
  assert.deepEqual(
    now.map(({ firstReason, reason, detail }) => `${firstReason} > ${reason}: ${detail}`).sort(),
    [
      'too-large > invalid-event: playerName must not have more than 80 characters',
      'too-large > too-large: only a part of it was kept',
      'unknown-type > unknown-type: what its batch said of it was not kept',
    ],
  )
  assert.deepEqual(
    (await letters.list('acme', { reason: 'invalid-event' }, { first: 10, after: null })).letters.length,
    1,
  )
  await close()
})

test('pages go from newest to oldest without gaps, and filters narrow them', async (t) => {
  const { open, clock } = await openHouse(t)
  const { send, settle, letters, close } = await open()
  for (let n = 0; n < 7; n++) await send([{ type: `t${n % 2}` }])
  await settle()
  const seen: string[] = []
  let after: { at: number; id: string } | null = null
  for (;;) {
    const page: Awaited<ReturnType<Letters['list']>> = await letters.list('acme', {}, { first: 3, after })
    seen.push(...page.letters.map(({ id }) => id))
    const last = page.letters.at(-1)
    if (!page.hasNextPage || last === undefined) break
    after = { at: last.receivedAt, id: last.id }
  }
  assert.equal(new Set(seen).size, 7)
  assert.deepEqual(
    seen,
    (await listAll(letters)).map(({ id }) => id),
  )
  assert.equal((await listAll(letters, { type: 't1' })).length, 3)
  assert.equal((await listAll(letters, { since: clock.now() + MINUTE })).length, 0)
  await close()
})
