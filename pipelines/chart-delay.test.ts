import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { playbackEvents } from '#events/playback.ts'
import { createDelayBook } from '#pipelines/chart-delay.ts'
import { beat, begin, insert, NOW, trace, viewOf, warehouse } from '#pipelines/views.fixture.ts'
import { openViews } from '#pipelines/views.ts'
import type { LogBatch } from '#storage/event-log/event-log.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const isAbout = (found: number | null, exact: number): boolean =>
  found !== null && found >= exact / 1.1 && found <= exact * 1.1

test('what waits for long is told in a bounded list, and ends once', () => {
  const clock = createManualClock(NOW)
  const book = createDelayBook({ clock, sinkCaughtUpTo: () => clock.now() })
  let waits = book.begin(undefined, NOW)
  for (let n = 1; n < 1000; n++) {
    clock.advance(1000)
    waits = book.begin(waits, clock.now())
  }
  assert.ok(waits !== undefined && waits.length <= 32)
  assert.equal(book.read().oldestWaitingMs, 999_000)
  const more = book.begin(undefined, clock.now())
  const both = book.join(waits, more)
  book.end(both)
  book.end(both)
  const { events, oldestWaitingMs } = book.read()
  assert.deepEqual({ events, oldestWaitingMs }, { events: 1001, oldestWaitingMs: 0 })
})

test('history that says when it was received is left out, and what the warehouse lacks waits', () => {
  const clock = createManualClock(NOW)
  let caughtUpTo = NOW
  const book = createDelayBook({ clock, sinkCaughtUpTo: () => caughtUpTo })
  assert.equal(book.begin(undefined, NOW - 7 * 86_400_000), undefined)
  clock.advance(90_000)
  assert.equal(book.read().oldestWaitingMs, 90_000)
  // The warehouse is back: what was received meanwhile counts, however old it is.
  book.end(book.begin(undefined, NOW + 1000))
  caughtUpTo = clock.now()
  const { p99Ms, events, oldestWaitingMs } = book.read()
  assert.ok(isAbout(p99Ms, 89_000), String(p99Ms))
  assert.deepEqual({ events, oldestWaitingMs }, { events: 1, oldestWaitingMs: 0 })
})

test('the delay of an event ends when its view can be queried; while views fail it grows', async () => {
  const clock = createManualClock(NOW)
  const log = silentLog
  let fails = false
  let buildMs = 0
  const slow: Warehouse = {
    ...warehouse,
    command: async (statement, options) => {
      if (statement.sql.startsWith('INSERT INTO views') && fails) throw new Error('away')
      await warehouse.command(statement, options)
      if (statement.sql.startsWith('INSERT INTO views')) clock.advance(buildMs)
    },
  }
  const sinkCaughtUpTo = () => clock.now()
  const views = await openViews({ warehouse: slow, clock, log, sinkCaughtUpTo, everyMs: 3_600_000 })
  const events = trace('delayed', [...begin, beat(5, 5), beat(10, 10)]).map((event) => ({
    ...event,
    receivedAt: NOW - 400,
  }))
  const batch: LogBatch = {
    stream: playbackEvents,
    partition: 0,
    firstOffset: 0,
    lastOffset: events.length - 1,
    count: events.length,
    takenOver: false,
    events: () => events,
    native: () => [],
  }
  try {
    await views.caughtUp()
    assert.deepEqual(views.delay(), { p50Ms: null, p99Ms: null, events: 0, oldestWaitingMs: 0 })
    await insert(events)
    views.touched(batch)
    assert.equal(views.delay().oldestWaitingMs, 400)
    fails = true
    clock.advance(20_000)
    await assert.rejects(views.caughtUp(), /away/)
    clock.advance(20_000)
    await assert.rejects(views.caughtUp(), /away/)
    assert.deepEqual(views.delay(), { p50Ms: null, p99Ms: null, events: 0, oldestWaitingMs: 40_400 })
    fails = false
    buildMs = 1600
    await views.caughtUp()
    const { p50Ms, p99Ms, events: shown, oldestWaitingMs } = views.delay()
    assert.ok(isAbout(p50Ms, 42_000) && p50Ms === p99Ms, String(p50Ms))
    assert.deepEqual({ shown, oldestWaitingMs }, { shown: events.length, oldestWaitingMs: 0 })
    assert.equal((await viewOf('delayed'))['eventCount'], events.length)
  } finally {
    await views.close()
  }
})
