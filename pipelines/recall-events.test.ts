import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { streams } from '#events/registry.ts'
import { heartbeat, openCollector } from '#pipelines/collect.fixture.ts'
import { recallEvents } from '#pipelines/recall-events.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'

const dir = mkdtempSync(path.join(tmpdir(), 'recall-'))
after(() => rmSync(dir, { recursive: true, force: true }))
const open = () => openSegmentLog({ dir, streams, clock: systemClock, log: silentLog })

const BATCHES = 30
const EVENTS = 1000

/** Events of several views, so that they go to every partition. */
const eventsOf = (batch: number): object[] =>
  Array.from({ length: EVENTS }, (_, i) => heartbeat(`${batch}-${i}`, { sid: `sid-${i % 7}`, seq: i }))

test('what was stored before a start is a duplicate after it, the first of 30,000 events as the last', async () => {
  const limits = { perPlay: 1e6, perViewerHour: 1e6 }

  const before = await open()
  const { send } = openCollector(limits, before)
  for (let batch = 0; batch < BATCHES; batch++) await send(eventsOf(batch))
  await before.close()

  const then = await open()
  const again = openCollector(limits, then)
  await recallEvents(then, again.collector)
  let duplicates = 0
  for (let batch = 0; batch < BATCHES; batch++) duplicates += (await again.send(eventsOf(batch))).duplicates
  assert.equal(duplicates, BATCHES * EVENTS)
  assert.equal((await again.send([heartbeat('new')])).duplicates, 0)
  await then.close()
})
