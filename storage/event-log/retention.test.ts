import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import type { StreamDefinition } from '#events/define.ts'
import { ratingGiven } from '#events/feedback.ts'
import { runOf } from '#events/run.ts'
import { ratingEvent } from '#storage/event-log/event-log.suite.ts'
import { removable } from '#storage/event-log/retention.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'

const DAY = 24 * 3_600_000
const root = mkdtempSync(path.join(tmpdir(), 'retention-'))
after(() => rmSync(root, { recursive: true, force: true }))

const clock = createManualClock(Date.now())
const stream: StreamDefinition = { ...ratingGiven.stream, retentionDays: 10 }
const openAt = (name: string, of: StreamDefinition = stream) =>
  openSegmentLog({
    dir: path.join(root, name),
    streams: [of],
    clock,
    log: silentLog,
    segmentMs: DAY / 2,
  })
type Log = Awaited<ReturnType<typeof openAt>>
const filesOf = (name: string): string[] => readdirSync(path.join(root, name, stream.name, '0')).sort()
/** One event a day, each in a segment of its own. */
async function appendDays(log: Log, from: number, days: number, of = stream): Promise<void> {
  for (let day = from; day < from + days; day++) {
    clock.advance(DAY)
    await log.append(of, runOf([ratingEvent(`day-${day}`)]))
  }
}
async function idsFrom(log: Log, offset: number, of = stream): Promise<string[]> {
  const batch = await log.read(of, 0, offset, 1000)
  return batch?.events().map((event) => event.eventId) ?? []
}

test('segments past their time go whole; offsets go on, and a restart agrees', async () => {
  const first = await openAt('time')
  await appendDays(first, 0, 15)
  assert.equal(filesOf('time').length, 15)
  await first.sweep()
  const kept = Array.from({ length: 11 }, (_, i) => `day-${4 + i}`)
  assert.equal(filesOf('time')[0], '0000000000000004.log')
  assert.deepEqual(await idsFrom(first, 0), kept)
  assert.equal((await first.read(stream, 0, 0, 1))?.firstOffset, 4)
  await first.close()
  const second = await openAt('time')
  assert.deepEqual(await idsFrom(second, 0), kept)
  assert.deepEqual(await second.ends(stream), [15])
  const seen: string[] = []
  const consumer = second.consume({ group: 'new', stream, from: 'start' }, async (batch) => {
    seen.push(...batch.events().map((event) => event.eventId))
  })
  await consumer.caughtUp()
  assert.deepEqual(seen, kept)
  await second.close()
})

test('the last segment stays however old it is', async () => {
  const log = await openAt('last')
  await appendDays(log, 0, 1)
  clock.advance(100 * DAY)
  await log.sweep()
  assert.deepEqual(await idsFrom(log, 0), ['day-0'])
  await log.close()
})

test('a group that lags behind holds what it needs for 30 days after it was last heard of', async () => {
  const log = await openAt('lagging')
  const consume = () => {
    const seen: string[] = []
    const consumer = log.consume({ group: 'slow', stream, from: 'start' }, async (batch) => {
      seen.push(...batch.events().map((event) => event.eventId))
    })
    return { seen, consumer }
  }
  await appendDays(log, 0, 2)
  const before = consume()
  await before.consumer.caughtUp()
  await before.consumer.close()
  await appendDays(log, 2, 20)
  await log.sweep()
  assert.equal((await idsFrom(log, 0))[0], 'day-2')
  const again = consume()
  await again.consumer.caughtUp()
  assert.equal(again.seen.length, 20)
  await again.consumer.close()
  await appendDays(log, 22, 31)
  await log.sweep()
  // Forgotten: it goes on at the first event that is kept.
  const late = consume()
  await late.consumer.caughtUp()
  assert.deepEqual([late.seen[0], late.seen.length], ['day-42', 11])
  await log.close()
})

test('a group that is stuck in a batch holds it however long it takes', async () => {
  const log = await openAt('stuck')
  await appendDays(log, 0, 3)
  const stuck = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const consumer = log.consume({ group: 'stuck', stream, from: 'start', maxEvents: 1 }, async (batch) => {
    if (batch.firstOffset !== 1) return
    begun.resolve()
    await stuck.promise
  })
  await begun.promise
  await appendDays(log, 3, 90)
  await log.sweep()
  assert.equal((await idsFrom(log, 0))[0], 'day-1')
  stuck.resolve()
  await consumer.caughtUp()
  await log.sweep()
  assert.equal((await idsFrom(log, 0))[0], 'day-82')
  await log.close()
})

test('a bound in bytes lets the oldest go, and a group still holds them', () => {
  const segments = Array.from({ length: 5 }, (_, i) => ({
    bytes: 100,
    endOffset: (i + 1) * 10,
    events: 10,
    writtenAt: 0,
  }))
  const rule = { retentionDays: 'forever', retentionBytes: 300 } as const
  const nobody = Number.POSITIVE_INFINITY
  assert.deepEqual(removable(segments, 50, rule, { now: DAY, needed: nobody }), { count: 3, held: 0 })
  assert.deepEqual(removable(segments, 50, rule, { now: DAY, needed: 15 }), { count: 1, held: 2 })
  const forever = { retentionDays: 'forever' } as const
  assert.deepEqual(removable(segments, 50, forever, { now: 9999 * DAY, needed: nobody }), {
    count: 0,
    held: 0,
  })
})
