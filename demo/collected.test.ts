import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { openDemo, type WorldState } from '#demo/open.ts'
import { duplicates, HISTORY_DAYS, lateBatch } from '#demo/truths.ts'
import type { StoredEvent } from '#events/define.ts'
import type { Grant } from '#events/grants.ts'
import { playbackEvents } from '#events/playback.ts'
import { streams } from '#events/registry.ts'
import { createCollector } from '#pipelines/collect.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'

const DAY_MS = 86_400_000
const folder = mkdtempSync(path.join(tmpdir(), 'collected-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('the whole history passes the collector’s own door, the planted retries once, the late batch late', async () => {
  const clock = createManualClock(Date.UTC(2026, 10, 1))
  const eventLog = await openSegmentLog({ dir: folder, streams, clock, log: silentLog })
  after(() => eventLog.close())
  const grants = new Map<string, Grant>()
  const collector = createCollector({
    eventLog,
    readGrant: async (token) => grants.get(token) ?? null,
    findTenantByWriteKey: async (key) => (key === 'key' ? { id: 'demo' } : null),
    clock,
    log: silentLog,
  })
  let state: WorldState | null = null
  const demo = await openDemo({
    tenantId: 'demo',
    writeKey: 'key',
    clock,
    log: silentLog,
    issueGrant: async (grant) => {
      grants.set(grant.kind, grant)
      return grant.kind
    },
    collect: (input) => collector.collect(input),
    readState: async () => state,
    writeState: async (next) => {
      state = next
    },
    ensurePerson: async () => {},
    ensureCreator: async () => {},
    ensureTitles: async () => {},
    putImage: async () => {},
    imageUrl: (key) => key,
    viewerKey: (personId) => personId,
    importClip: async () => {},
    onProgress: () => {},
  })
  await demo.seeded
  await demo.close()

  const startAt = (state as WorldState | null)?.startAt ?? 0
  const late: StoredEvent[] = []
  let playbackCount = 0
  for (let partition = 0; partition < playbackEvents.partitions; partition++) {
    for (let offset = 0; ; ) {
      const batch = await eventLog.read(playbackEvents, partition, offset, 20_000)
      if (batch === null) break
      playbackCount += batch.count
      late.push(...batch.events().filter((event) => event.receivedAt - event.derivedAt > DAY_MS))
      offset = batch.lastOffset + 1
    }
  }
  const counts = collector.snapshot().tenants['demo']
  assert.equal(
    Object.values(counts?.deadLettered ?? {}).reduce((sum, count) => sum + count, 0),
    0,
  )
  // The collector remembers only so much: a retry it stores again is caught where views are built.
  const distinct = new Set(late.map((event) => event.eventId)).size
  assert.equal(late.length + (counts?.duplicate ?? 0), duplicates.batches * distinct)
  assert.ok((counts?.duplicate ?? 0) >= (duplicates.batches - 1) * distinct * 0.95)
  assert.ok(playbackCount > 150_000 && playbackCount < 280_000, `${playbackCount} playback events`)
  assert.equal(new Set(late.map((event) => event['sid'])).size, lateBatch.views)
  for (const event of late) {
    assert.equal(event.receivedAt, startAt + lateBatch.receivedMs)
    assert.equal(Math.floor((event.derivedAt - startAt) / DAY_MS), lateBatch.happenedMs / DAY_MS)
  }
  assert.equal(startAt + HISTORY_DAYS * DAY_MS, clock.now())
})
