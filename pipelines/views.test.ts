import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  beat,
  begin,
  build,
  insert,
  NOW,
  pick,
  START,
  type Step,
  trace,
  type ViewRow,
  viewOf,
  warehouse,
} from '#pipelines/views.fixture.ts'
import { rebuildViews } from '#pipelines/views-sql.ts'

test('a plain view: startup, playing time, content, completed', async () => {
  const row = await build('plain', [
    ...begin,
    beat(5.4, 5),
    beat(10.4, 10),
    [12.4, 'view.ended', 'ended', 12, { endReason: 'completed' }],
  ])
  assert.deepEqual(
    pick(
      row,
      'isPlay',
      'startupMs',
      'watchMs',
      'playingMs',
      'contentMs',
      'endReason',
      'rebufferCount',
      'eventCount',
    ),
    {
      isPlay: true,
      startupMs: 400,
      watchMs: 12_000,
      playingMs: 12_000,
      contentMs: 12_000,
      endReason: 'completed',
      rebufferCount: 0,
      eventCount: 5,
    },
  )
  assert.deepEqual([row['watchedFrom'], row['watchedTo']], [[0], [12_000]])
})

test('waiting counts as rebuffering where it was, not while paused or seeking or joining', async () => {
  const row = await build('stalls', [
    ...begin,
    [3.4, 'state.changed', 'rebuffering', 3, { videoHeightPx: 480 }],
    [5.4, 'state.changed', 'playing', 3],
    [7.4, 'state.changed', 'paused', 5],
    [8, 'state.changed', 'rebuffering', 5],
    [20, 'state.changed', 'playing', 5],
    [21, 'seek.started', 'seeking', 6],
    [21.5, 'state.changed', 'rebuffering', 30],
    [22, 'seek.ended', 'playing', 30],
    [25, 'view.ended', 'quit', 33, { endReason: 'stopped' }],
  ])
  assert.deepEqual(
    pick(
      row,
      'rebufferMs',
      'rebufferCount',
      'stallAtMs',
      'stallMs',
      'stallHeightPx',
      'seekCount',
      'seekMs',
      'playingMs',
      'watchMs',
      'contentMs',
    ),
    {
      rebufferMs: 2000,
      rebufferCount: 1,
      stallAtMs: [3000],
      stallMs: [2000],
      stallHeightPx: [480],
      seekCount: 1,
      seekMs: 1000,
      playingMs: 9000,
      watchMs: 12_000,
      contentMs: 9000,
    },
  )
  assert.deepEqual(
    [row['watchedFrom'], row['watchedTo']],
    [
      [0, 30_000],
      [6000, 33_000],
    ],
  )
})

test('a part watched again is content once and played twice', async () => {
  const row = await build('again', [
    ...begin,
    [10.4, 'seek.started', 'seeking', 10],
    [10.5, 'seek.ended', 'playing', 2],
    [16.5, 'view.ended', 'quit', 8, { endReason: 'stopped' }],
  ])
  assert.deepEqual(pick(row, 'contentMs', 'watchedFrom', 'watchedTo', 'playedFrom', 'playedTo'), {
    contentMs: 10_000,
    watchedFrom: [0],
    watchedTo: [10_000],
    playedFrom: [0, 2000],
    playedTo: [10_000, 8000],
  })
})

test('lost reports are credited no further than the playhead and twice the interval', async () => {
  const slept = await build('slept', [
    ...begin,
    beat(5.4, 5),
    beat(305.4, 6),
    [306.4, 'view.ended', 'quit', 7, { endReason: 'stopped' }],
  ])
  assert.equal(slept['playingMs'], 5000 + 3000 + 1000)
  const lost = await build('lost', [
    ...begin,
    beat(5.4, 5),
    beat(305.4, 305),
    [306.4, 'view.ended', 'quit', 306, { endReason: 'stopped' }],
  ])
  assert.equal(lost['playingMs'], 5000 + 10_000 + 1000)
  assert.equal(lost['contentMs'], 16_000)
})

test('at double speed watch time is wall time and content is playhead', async () => {
  const fast = { rate: 2 }
  const row = await build('fast', [
    [0, 'view.requested', 'joining', 0, { intent: 'click', ...fast }],
    [1, 'view.started', 'playing', 0, fast],
    [6, 'heartbeat.sent', 'playing', 10, { intervalMs: 5000, ...fast }],
    [11, 'view.ended', 'ended', 20, { endReason: 'completed', ...fast }],
  ])
  assert.deepEqual(pick(row, 'playingMs', 'contentMs'), { playingMs: 10_000, contentMs: 20_000 })
})

test('a view that never started is a failure, an exit, a rule or dropped: exactly one', async () => {
  const failure = { errorCode: 'E', fatal: true, business: false }
  const asked: Step = [0, 'view.requested', 'joining', 0, { intent: 'click' }]
  const ended: Step = [3, 'view.ended', 'quit', 0, { endReason: 'stopped' }]
  const flags = ['isPlay', 'startFailure', 'exitBeforeStart', 'businessFailure', 'droppedBeforeStart']
  const cases: [string, Step[], string][] = [
    ['vsf', [asked, [2, 'error.raised', 'failed', 0, failure]], 'startFailure'],
    ['ebvs', [asked, ended], 'exitBeforeStart'],
    ['rule', [asked, [1, 'error.raised', 'failed', 0, { ...failure, business: true }]], 'businessFailure'],
    ['gone', [asked], 'droppedBeforeStart'],
    ['play', [...begin, ended], 'isPlay'],
  ]
  for (const [sid, steps, expected] of cases) {
    const row = await build(`split-${sid}`, steps)
    assert.deepEqual(
      flags.filter((flag) => row[flag] === true),
      [expected],
      sid,
    )
  }
  assert.equal((await viewOf('split-ebvs'))['exitWaitMs'], 3000)
})

test('random views fall into exactly one of play, failure, exit, rule and dropped', async () => {
  const said = fc.constantFrom<Step>(
    [1, 'view.started', 'playing', 0],
    [2, 'error.raised', 'failed', 0, { errorCode: 'E', fatal: true, business: false }],
    [2, 'error.raised', 'failed', 0, { errorCode: 'B', fatal: true, business: true }],
    [2, 'error.raised', 'joining', 0, { errorCode: 'W', fatal: false, business: false }],
    [3, 'view.ended', 'quit', 0, { endReason: 'stopped' }],
    [3, 'heartbeat.sent', 'joining', 0, { intervalMs: 5000 }],
  )
  const traces = fc.sample(fc.array(said, { maxLength: 5 }), { numRuns: 200, seed: 5 })
  const asked: Step = [0, 'view.requested', 'joining', 0, { intent: 'click' }]
  await insert(traces.flatMap((steps, i) => trace(`identity-${i}`, [asked, ...steps])))
  const keys = traces.map((_, i) => ({ tenantId: 'demo', sid: `identity-${i}` }))
  await warehouse.command(rebuildViews(keys, NOW))
  const [sums] = await warehouse.query<Record<string, number>>({
    sql: `SELECT count() AS attempts, countIf(isPlay) AS plays, countIf(startFailure) AS failures,
        countIf(exitBeforeStart) AS exits, countIf(businessFailure AND NOT isPlay AND NOT startFailure) AS rules,
        countIf(droppedBeforeStart) AS dropped, countIf(playbackFailure) AS anyFailure
      FROM views FINAL WHERE startsWith(sid, 'identity-')`,
  })
  assert.ok(sums)
  const { attempts = 0, plays = 0, failures = 0, exits = 0, rules = 0, dropped = 0 } = sums
  assert.equal(attempts, 200)
  assert.equal(plays + failures + exits + rules + dropped, attempts)
  assert.ok([plays, failures, exits, rules, dropped].every((count) => count > 0))
  assert.ok((sums['anyFailure'] ?? 0) > failures)
})

test('a failure after the first frame is a playback failure, not a start failure', async () => {
  const row = await build('late-failure', [
    ...begin,
    [4.4, 'error.raised', 'failed', 4, { errorCode: 'E', fatal: true, business: false }],
  ])
  assert.deepEqual(pick(row, 'startFailure', 'playbackFailure', 'endReason', 'playingMs'), {
    startFailure: false,
    playbackFailure: true,
    endReason: 'failed',
    playingMs: 4000,
  })
})

test('an open view is dropped after an hour without a sign of life', async () => {
  const lastAt = START + 5400
  assert.equal((await build('idle', [...begin, beat(5.4, 5)], lastAt + 3_599_000))['endReason'], 'open')
  await warehouse.command(rebuildViews([{ tenantId: 'demo', sid: 'idle' }], lastAt + 3_601_000))
  assert.equal((await viewOf('idle'))['endReason'], 'dropped')
})

test('two players on one view id are two views; a preview is none', async () => {
  const events = trace('shared', [...begin, [5.4, 'view.ended', 'quit', 5, { endReason: 'stopped' }]])
  const other = events.map((event) => ({ ...event, eventId: `${event.eventId}-q`, playerId: 'q' }))
  const preview = events.map((event) => ({
    ...event,
    eventId: `${event.eventId}-r`,
    playerId: 'r',
    surface: 'preview',
  }))
  await insert([...events, ...other, ...preview])
  await warehouse.command(rebuildViews([{ tenantId: 'demo', sid: 'shared' }], NOW))
  const rows = await warehouse.query<ViewRow>({
    sql: "SELECT playerId FROM views FINAL WHERE sid = 'shared' ORDER BY playerId",
  })
  assert.deepEqual(
    rows.map((row) => row['playerId']),
    ['p', 'q'],
  )
})
