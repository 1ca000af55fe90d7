/**
 * The edge rules of a view, one test each. Every trace is read twice: by the SQL that builds views and by the reference,
 * and the two rows must be the same in every column.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredEvent } from '#events/define.ts'
import { audienceCounts, inSteps } from '#metrics/audience.ts'
import { figures } from '#metrics/figures.ts'
import { wilson } from '#metrics/interval.ts'
import { differences, heardOf, unread } from '#metrics/reference/compare.ts'
import { type ReferenceView, viewOf as referenceOf } from '#metrics/reference/view.ts'
import { noteLateViews } from '#pipelines/late-views.ts'
import {
  beat,
  begin,
  insert,
  NOW,
  START,
  type Step,
  trace,
  viewOf,
  warehouse,
} from '#pipelines/views.fixture.ts'
import { rebuildViews } from '#pipelines/views-sql.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'

/** Builds the view of the events and reads it both ways. */
async function both(sid: string, events: readonly StoredEvent[], now = NOW): Promise<ReferenceView> {
  await insert(events)
  await warehouse.command(rebuildViews([{ tenantId: 'demo', sid }], now))
  const row = await viewOf(sid)
  const view = referenceOf(events.map(heardOf), now)
  assert.ok(view)
  assert.deepEqual(differences(row, view), [])
  assert.deepEqual(unread(row, view), ['tenantId', 'sid', 'playerId', 'builtBy', 'revision'])
  return view
}
const told = (sid: string, steps: readonly Step[], now = NOW) => both(sid, trace(sid, steps), now)
const stop = (at: number, playhead: number): Step => [
  at,
  'view.ended',
  'quit',
  playhead,
  { endReason: 'stopped' },
]
const expects = (view: ReferenceView, expected: Partial<ReferenceView>): void =>
  assert.deepEqual(
    Object.fromEntries(Object.keys(expected).map((name) => [name, view[name as keyof ReferenceView]])),
    expected,
  )

test('1: lost reports are credited up to the wall, the playhead and twice the interval; without an end it is dropped', async () => {
  const view = await told('r1', [...begin, beat(5.4, 5), beat(305.4, 6), beat(605.4, 306)])
  expects(view, { playingMs: 5000 + 3000 + 10_000, endReason: 'dropped', lastState: 'playing' })
  assert.equal(view.endedAt, START + 605_400)
})

test('2: an hour without a word closes a view; until then its figures only grow', async () => {
  const steps = [...begin, beat(5.4, 5), beat(10.4, 10), stop(3 * 3600, 12)]
  let watched = 0
  for (let n = 3; n <= steps.length; n++) {
    const { endReason, watchMs } = await told(`r2-${n}`, steps.slice(0, n), START + 3_604_000)
    assert.equal(endReason, n < steps.length ? 'open' : 'stopped')
    assert.ok(watchMs >= watched)
    watched = watchMs
  }
  expects(await told('r2-idle', steps.slice(0, 4), START + 3_610_401), { endReason: 'dropped' })
})

test('3: seeks cut the parts; the old position is at their begin; scrubs less than 250 ms apart are one seek', async () => {
  const view = await told('r3', [
    ...begin,
    [10.4, 'seek.started', 'seeking', 10],
    [10.8, 'seek.ended', 'playing', 100],
    [11, 'seek.started', 'seeking', 100.2],
    [11.4, 'seek.ended', 'playing', 200],
    [21.4, 'seek.started', 'seeking', 210],
    [22.4, 'seek.ended', 'playing', 50],
    stop(32.4, 60),
  ])
  expects(view, { seekCount: 2, seekMs: 400 + 400 + 1000, watchedFrom: [0, 50_000, 100_000, 200_000] })
  expects(view, { watchedTo: [10_000, 60_000, 100_200, 210_000], contentMs: 30_200 })
})

test('4: buffering while paused, or while the playhead moves, is no rebuffering; the background is watched, not seen', async () => {
  const hidden = { visible: false }
  const view = await told('r4', [
    ...begin,
    [5.4, 'state.changed', 'paused', 5],
    [6.4, 'state.changed', 'rebuffering', 5],
    [9.4, 'state.changed', 'playing', 5],
    [14.4, 'heartbeat.sent', 'playing', 10, { intervalMs: 5000, ...hidden }],
    [19.4, 'heartbeat.sent', 'playing', 15, { intervalMs: 5000 }],
    [20.4, 'state.changed', 'rebuffering', 16],
    [25.4, 'heartbeat.sent', 'playing', 20, { intervalMs: 5000 }],
    [26.4, 'state.changed', 'rebuffering', 21],
    stop(28.4, 21),
  ])
  expects(view, { rebufferCount: 1, rebufferMs: 2000, watchMs: 5000 + 17_000 + 2000 })
  assert.equal(view.watchMs - view.visibleMs, 5000)
})

test('5: at any rate from 0.25 to 16 watch time is of the wall and content of the playhead', async () => {
  for (const rate of [0.25, 1.5, 16]) {
    const at = { rate, intervalMs: 10_000 }
    const view = await told(`r5-${rate}`, [
      [0, 'view.requested', 'joining', 0, { intent: 'click', rate }],
      [1, 'view.started', 'playing', 0, { rate }],
      [9, 'heartbeat.sent', 'playing', 8 * rate, at],
      [17, 'view.ended', 'ended', 16 * rate, { endReason: 'completed', rate }],
    ])
    expects(view, { watchMs: 16_000, contentMs: 16_000 * rate })
  }
})

test('6: clocks of 1970 and 2099 are put right, one set anew within a view is followed batch by batch', async () => {
  const steps = [...begin, beat(5.4, 5), beat(10.4, 10), stop(12.4, 12)]
  for (const [name, year] of [
    ['1970', 5000],
    ['2099', Date.UTC(2099, 0, 1)],
  ] as const) {
    const wrongBy = year - START
    const events = trace(`r6-${name}`, steps).map((event) => ({
      ...event,
      createdAt: event.createdAt + wrongBy,
      sentAt: event.sentAt + wrongBy,
    }))
    const view = await both(`r6-${name}`, events)
    expects(view, { watchMs: 12_000, startedAt: START + 100 })
  }
  const anew = trace('r6-anew', steps).map((event, i) => {
    const wrongBy = i < 3 ? 0 : 3_600_000
    return { ...event, createdAt: event.createdAt + wrongBy, sentAt: event.sentAt + wrongBy }
  })
  expects(await both('r6-anew', anew), { watchMs: 12_000, endedAt: START + 12_500 })
})

const LATER = 3 * 86_400_000

test('7: what comes when its day is settled changes the view, and the day is restated', async () => {
  await ensureStreamTables(warehouse)
  const events = trace('r7', [...begin, beat(5.4, 5), stop(12.4, 12)])
  const late = events.map((event, i) =>
    i < 2 ? event : { ...event, sentAt: event.sentAt + LATER, receivedAt: event.receivedAt + LATER },
  )
  expects(await both('r7-on-time', trace('r7-on-time', [...begin])), { watchMs: 0 })
  expects(await both('r7', late), { watchMs: 12_000 })
  for (const sid of ['r7', 'r7-on-time']) await warehouse.command(noteLateViews([{ tenantId: 'demo', sid }]))
  const restated = async (from: number, to: number): Promise<number | undefined> =>
    (await warehouse.query(figures({ tenantId: 'demo', titleId: 't' }, { from, to })))[0]?.restatedViews
  assert.equal(await restated(START - 1000, NOW), 1)
  assert.equal(await restated(START - 9 * 86_400_000, START - 2 * 86_400_000), 0)
})

test('8: the same id and payload is one event; the same id with another payload is another, and counted', async () => {
  const events = trace('r8', [...begin, beat(5.4, 5), stop(10.4, 10)])
  const [first] = events.slice(2) as [StoredEvent]
  const other = { ...first, createdAt: first.createdAt + 2000, playheadMs: 7000 }
  const again = { ...first, receivedAt: first.receivedAt + 90_000 }
  // As the collector names it, and as it comes when the collector has forgotten the first.
  const view = await both('r8', [...events, again, other])
  expects(view, { eventCount: 5, reusedIds: 1, watchMs: 10_000 })
  const named = { ...other, eventId: `${other.eventId}~1x2y3z` }
  await insert([named])
  await warehouse.command(rebuildViews([{ tenantId: 'demo', sid: 'r8' }], NOW))
  assert.deepEqual(differences(await viewOf('r8'), view), [])
})

test('9: gaps in the count say how much was lost', async () => {
  const events = trace('r9', [...begin, beat(5.4, 5), beat(10.4, 10), beat(15.4, 15), stop(16.4, 16)])
  const view = await both(
    'r9',
    events.filter((_, i) => i !== 3 && i !== 4),
  )
  expects(view, { eventCount: 4, lostCount: 2 })
  const liar = trace('r9-liar', [...begin]).map((event, i) => ({ ...event, seq: i * 4_000_000_000 }))
  expects(await both('r9-liar', liar), { lostCount: 20_000 })
})

test('10: two players on one id are two views, and what a preview says is none of them', async () => {
  const events = trace('r10', [...begin, stop(5.4, 5)])
  const other = events.map((event) => ({ ...event, eventId: `${event.eventId}-q`, playerId: 'q' }))
  const preview = events.map((event) => ({ ...event, eventId: `${event.eventId}-p`, surface: 'preview' }))
  await insert([...events, ...other, ...preview])
  await warehouse.command(rebuildViews([{ tenantId: 'demo', sid: 'r10' }], NOW))
  const rows = await warehouse.query<Record<string, unknown>>({
    sql: "SELECT * FROM views FINAL WHERE sid = 'r10' ORDER BY playerId",
  })
  assert.deepEqual(
    rows.map((row) => row['playerId']),
    ['p', 'q'],
  )
  const view = referenceOf([...events, ...preview].map(heardOf), NOW)
  assert.ok(view)
  for (const row of rows) assert.deepEqual(differences(row, view), [])
})

test('11: programs, and views longer than time passed, are flagged bots and kept', async () => {
  const events = trace('r11', [...begin, stop(5.4, 5)])
  expects(
    await both(
      'r11',
      events.map((event, i) => ({ ...event, bot: i === 1 })),
    ),
    { bot: true, program: true },
  )
  // Between beats of one minute the clock goes back by one: the wall never gets further.
  const steps = Array.from({ length: 9 }, (_, i) => beat(i % 2 === 0 ? 60.4 : 0.4, i * 60))
  const views = await both(
    'r11-zigzag',
    trace('r11-zigzag', [...begin, ...steps]).map((event) => ({ ...event, intervalMs: 60_000 })),
  )
  expects(views, { bot: true, program: false, impossible: true })
  const flags = trace('r11-own', [...begin]).map((event) => ({ ...event, own: true, staff: true }))
  expects(await both('r11-own', flags), { own: true, staff: true, bot: false })
})

test('12: ads stop the content clock; waiting for them is apart; content startup is without them', async () => {
  const view = await told('r12', [
    [0, 'view.requested', 'joining', 0, { intent: 'click' }],
    [0.5, 'view.started', 'ad', 0],
    [10.5, 'state.changed', 'rebuffering', 0],
    [12.5, 'state.changed', 'ad', 0],
    [15.5, 'state.changed', 'playing', 0],
    [20.5, 'state.changed', 'ad', 5],
    [25.5, 'state.changed', 'playing', 5],
    stop(30.5, 10),
  ])
  expects(view, {
    adMs: 18_000,
    adRebufferMs: 2000,
    rebufferMs: 0,
    rebufferCount: 0,
    watchMs: 10_000,
    contentMs: 10_000,
  })
  expects(view, { startupMs: 500, contentStartupMs: 500 })
})

test('13: live content goes with the wall; few views come with n, an interval and no groups a difference could tell', async () => {
  const live = { liveLatencyMs: 8000 }
  const view = await told('r13', [
    [0, 'view.requested', 'joining', 0, { intent: 'click', ...live }],
    [1, 'view.started', 'playing', 50, live],
    [6, 'heartbeat.sent', 'playing', 50, { intervalMs: 5000, liveLatencyMs: 10_000 }],
    [11, 'heartbeat.sent', 'playing', 20, { intervalMs: 5000, liveLatencyMs: 400_000 }],
    stop(16, 20),
  ])
  expects(view, {
    live: true,
    playingMs: 15_000,
    liveMs: 10_000,
    liveLatencyTime: 8000 * 5000 + 10_000 * 5000,
  })
  const share = wilson(3, 3)
  assert.ok(
    share !== null && Math.abs(share.low - 0.4385) < 0.0001 && share.high > 0.9999999,
    JSON.stringify(share),
  )
  // Whatever group one more viewer joins, the answers say the same or five more.
  const answers = Array.from({ length: 30 }, (_, n) => inSteps(n))
  assert.deepEqual(answers.slice(0, 5), [null, null, null, null, null])
  assert.ok(answers.slice(5).every((answer, i) => answer === 5 * Math.floor((i + 5) / 5)))
})

test('14: kids have no key; they count in sums and in no list of viewers', async () => {
  const events = trace('r14', [...begin, stop(5.4, 5)]).map((event) => ({
    ...event,
    viewerKey: null,
    kids: true,
    titleId: 'for-kids',
  }))
  expects(await both('r14', events), { kids: true, viewerKey: null, watchMs: 5000 })
  const scope = { tenantId: 'demo', titleId: 'for-kids' }
  const [sums] = await warehouse.query(figures(scope, { from: 0, to: NOW }))
  assert.deepEqual([sums?.views, sums?.watchTimeMs, sums?.uniqueViewers], [1, 5000, 0])
  assert.equal((await warehouse.query(audienceCounts(scope, NOW)))[0]?.monthlyViewers, 0)
})
