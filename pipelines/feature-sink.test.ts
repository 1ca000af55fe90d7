import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import { silentLog } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { discoveryEvents, itemDismissed } from '#events/discovery.ts'
import { feedbackEvents, listAdded, ratingGiven } from '#events/feedback.ts'
import { playbackEvents } from '#events/playback.ts'
import { serverEvent, streams } from '#events/registry.ts'
import { runOf } from '#events/run.ts'
import { readFeedback } from '#features/viewer-feedback.ts'
import { readHistory } from '#features/viewer-history.ts'
import { openFeatureSink } from '#pipelines/feature-sink.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { openLmdb } from '#storage/online-store/lmdb.ts'
import type { OnlineStore } from '#storage/online-store/online-store.ts'

const AT = Date.UTC(2026, 5, 1)
let dir: string
let eventLog: EventLog
let online: OnlineStore

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'streamverse-features-'))
  eventLog = await openSegmentLog({ dir: path.join(dir, 'log'), streams, clock: systemClock, log: silentLog })
  online = openLmdb({ dir: path.join(dir, 'online') })
})
after(async () => {
  await eventLog.close()
  await online.close()
  await rm(dir, { recursive: true, force: true })
})

const heartbeat = (sid: string, second: number, more: object = {}): StoredEvent => ({
  eventId: uuidv7(),
  type: 'playback.heartbeat.sent',
  version: 1,
  tenantId: 'acme',
  createdAt: AT + second * 1000,
  sentAt: AT,
  receivedAt: AT,
  derivedAt: AT + second * 1000,
  sourceFormat: 'native',
  sid,
  playerId: sid,
  seq: second,
  viewerKey: 'viewer-1',
  titleId: 'title-1',
  state: 'playing',
  playheadMs: second * 1000,
  rate: 1,
  visible: true,
  deviceKind: 'desktop',
  playerName: 'test',
  playerVersion: '1',
  surface: 'watch',
  bitrateKbps: null,
  videoHeightPx: null,
  playerHeightPx: null,
  bufferMs: null,
  recommendationId: null,
  experiments: [],
  bot: false,
  kids: false,
  intervalMs: 10_000,
  ...more,
})
const openSink = () =>
  openFeatureSink({
    eventLog,
    online,
    durationOf: async (_, titleId) => (titleId === 'title-1' ? 100_000 : null),
    log: silentLog,
  })

test('what a viewer watches is readable within a second, across partitions, once', async () => {
  const sink = openSink()
  const views = ['a', 'b', 'c', 'd'].flatMap((sid, i) => [
    heartbeat(sid, 10 + i * 20),
    heartbeat(sid, 20 + i * 20, { kids: i === 3, viewerKey: i === 3 ? null : 'viewer-1' }),
  ])
  const start = performance.now()
  await Promise.all(views.map((event) => eventLog.append(playbackEvents, runOf([event]))))
  await sink.caughtUp()
  assert.ok(performance.now() - start < 1000)
  const history = await readHistory(online, 'acme', 'viewer-1')
  assert.deepEqual([...history.keys()], ['title-1'])
  assert.equal(history.get('title-1')?.positionMs, 70_000)
  assert.equal(history.get('title-1')?.contentMs, 70_000)
  assert.deepEqual(await readHistory(online, 'other', 'viewer-1'), new Map())
  assert.equal(await sink.lag(), 0)
  await sink.close()
})

test('a late event adds to what was watched and moves nobody back; starting over changes nothing', async () => {
  const sink = openSink()
  const past = { viewerKey: 'viewer-2', titleId: 'title-2' }
  await eventLog.append(playbackEvents, runOf([heartbeat('e', 60, past)]))
  await sink.caughtUp()
  await eventLog.append(playbackEvents, runOf([heartbeat('f', 30, past)]))
  await sink.caughtUp()
  await sink.close()
  const before = (await readHistory(online, 'acme', 'viewer-2')).get('title-2')
  assert.equal(before?.positionMs, 60_000)
  assert.equal(before?.contentMs, 20_000)
  await eventLog.seek('feature-sink', playbackEvents, [0, 0])
  const again = openSink()
  await again.caughtUp()
  assert.deepEqual((await readHistory(online, 'acme', 'viewer-2')).get('title-2'), before)
  await again.close()
})

test('stars, list and "not interested" arrive from both of their streams', async () => {
  const sink = openSink()
  const said = { tenantId: 'acme', viewerKey: 'viewer-3', titleId: 'title-1' }
  const slot = { ...said, slateId: 's', surface: 'home', experiments: [], rowKey: 'new', position: 0 }
  const given = serverEvent(ratingGiven as never, AT, uuidv7(), { ...said, stars: 4 })
  const added = serverEvent(listAdded as never, AT, uuidv7(), said)
  await eventLog.append(feedbackEvents, runOf([given, added]))
  await eventLog.append(discoveryEvents, runOf([serverEvent(itemDismissed as never, AT, uuidv7(), slot)]))
  await sink.caughtUp()
  const feedback = (await readFeedback(online, 'acme', 'viewer-3')).get('title-1')
  assert.deepEqual([feedback?.stars, feedback?.inMyList, feedback?.dismissed], [4, true, true])
  await sink.close()
})
