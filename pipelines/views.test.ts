import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { silentLog } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { playbackEvents } from '#events/playback.ts'
import { findEvent, problemWith, streamColumns } from '#events/registry.ts'
import { rebuildViews } from '#pipelines/views-sql.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { createBlockEncoder } from '#storage/warehouse/native.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const root = mkdtempSync(path.join(tmpdir(), 'views-'))
const NOW = Math.floor(Date.now() / 1000) * 1000
const START = NOW - 20 * 3_600_000
let warehouse: Warehouse
let offset = 0
before(async () => {
  warehouse = await openChdb({ dir: root, log: silentLog })
  await ensureStreamTables(warehouse, [playbackEvents])
  await ensureViewTables(warehouse)
})
after(async () => {
  await warehouse.close()
  rmSync(root, { recursive: true, force: true })
})

/** A step of a trace: seconds since the intent, what happened, the state after it, the playhead in seconds. */
type Step = readonly [at: number, type: string, state: string, playhead: number, more?: object]

function trace(sid: string, steps: readonly Step[]): StoredEvent[] {
  return steps.map(([at, type, state, playhead, more], seq) => {
    const createdAt = START + Math.round(at * 1000)
    const event: StoredEvent = {
      eventId: `${sid}-${seq}`,
      type: `playback.${type}`,
      version: 1,
      tenantId: 'demo',
      createdAt,
      sentAt: createdAt,
      receivedAt: createdAt + 100,
      derivedAt: createdAt,
      sourceFormat: 'native',
      sid,
      playerId: 'p',
      seq,
      viewerKey: 'v',
      titleId: 't',
      state,
      playheadMs: Math.round(playhead * 1000),
      rate: 1,
      visible: true,
      deviceKind: 'desktop',
      playerName: 'n',
      playerVersion: '1',
      surface: 'watch',
      experiments: [],
      bot: false,
      kids: false,
      ...more,
    }
    const definition = findEvent(event.type, 1)
    assert.ok(definition)
    assert.equal(problemWith(definition, event), null)
    return event
  })
}

async function insert(events: readonly StoredEvent[]): Promise<void> {
  const block = createBlockEncoder(streamColumns(playbackEvents)).encode(events, 0, offset)
  offset += events.length
  await warehouse.insertNative('playback_events', [block], {})
}
type ViewRow = { [column: string]: unknown }
async function viewOf(sid: string): Promise<ViewRow> {
  const rows = await warehouse.query<ViewRow>({
    sql: 'SELECT * FROM views FINAL WHERE sid = {sid:String}',
    params: { sid },
  })
  assert.equal(rows.length, 1)
  return rows[0] as ViewRow
}
async function build(sid: string, steps: readonly Step[], now = NOW): Promise<ViewRow> {
  await insert(trace(sid, steps))
  await warehouse.command(rebuildViews([{ tenantId: 'demo', sid }], now))
  return viewOf(sid)
}
const pick = (row: ViewRow, ...names: string[]) => Object.fromEntries(names.map((name) => [name, row[name]]))

const begin: Step[] = [
  [0, 'view.requested', 'joining', 0, { intent: 'click' }],
  [0.4, 'view.started', 'playing', 0],
]
const beat = (at: number, playhead: number, state = 'playing'): Step => [
  at,
  'heartbeat.sent',
  state,
  playhead,
  { intervalMs: 5000 },
]

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
    [3.4, 'state.changed', 'rebuffering', 3],
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

test('shuffled, tripled, split and delayed events give the same bytes', async () => {
  const kinds = ['state.changed', 'heartbeat.sent', 'seek.started', 'seek.ended', 'rendition.changed']
  const states = ['playing', 'paused', 'rebuffering', 'seeking']
  const step = fc.record({
    gap: fc.integer({ min: 0, max: 9000 }),
    kind: fc.constantFrom(...kinds),
    state: fc.constantFrom(...states),
    move: fc.integer({ min: -3000, max: 9000 }),
  })
  let round = 0
  const dump = async (sid: string): Promise<string> => {
    const { sid: _, ...row } = await viewOf(sid)
    return JSON.stringify(row)
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 14 }),
      fc.infiniteStream(fc.nat()),
      fc.integer({ min: 0, max: 90_000_000 }),
      async (steps, order, delay) => {
        const draw = (): number => order.next().value as number
        let at = 0.4
        let playhead = 0
        const made = steps.map(({ gap, kind, state, move }): Step => {
          at += gap / 1000
          playhead = Math.max(0, playhead + move / 1000)
          return [at, kind, state, playhead, kind === 'heartbeat.sent' ? { intervalMs: 5000 } : {}]
        })
        const sid = `prop-${round++}`
        const straight = trace(sid, [...begin, ...made])
        await insert(straight)
        await warehouse.command(rebuildViews([{ tenantId: 'demo', sid }], NOW))
        const mixedSid = `${sid}-mixed`
        const mixed = [...straight, ...straight, ...straight].map((event) => ({
          ...event,
          sid: mixedSid,
          receivedAt: event.receivedAt + (draw() % (delay + 1)),
        }))
        mixed.sort(() => (draw() % 3) - 1)
        for (let from = 0; from < mixed.length; from += 7) {
          await insert(mixed.slice(from, from + 7))
          if (draw() % 4 === 0)
            await warehouse.command(rebuildViews([{ tenantId: 'demo', sid: mixedSid }], NOW))
        }
        await warehouse.command(rebuildViews([{ tenantId: 'demo', sid: mixedSid }], NOW))
        assert.equal(await dump(mixedSid), await dump(sid))
      },
    ),
    { numRuns: 12 },
  )
})
