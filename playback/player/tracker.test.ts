import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTracker, HEARTBEAT_MS, IDLE_MS, type TrackedEvent } from '#playback/player/tracker.ts'

function track() {
  const said: TrackedEvent[] = []
  let playheadMs = 0
  let now = 1_000_000
  const tracker = createTracker({
    read: () => ({ playheadMs, rate: 1, visible: true }),
    say: (event) => said.push(event),
    now: () => now,
  })
  return {
    tracker,
    said,
    at: (ms: number) => {
      playheadMs = ms
    },
    pass: (ms: number) => {
      now += ms
    },
    words: () =>
      said.map(
        (event) =>
          `${event.type.replace('playback.', '')}:${String(event['state'])}@${String(event['playheadMs'])}`,
      ),
  }
}
type Tracked = ReturnType<typeof track>
const begun = (): Tracked => {
  const tracked = track()
  tracked.tracker.requested('click')
  tracked.tracker.frameShown()
  tracked.said.length = 0
  return tracked
}

test('a plain play: request, first frame, heartbeats, end', () => {
  const { tracker, at, words } = track()
  tracker.requested('click')
  tracker.frameShown()
  tracker.playing()
  at(5000)
  tracker.beat()
  at(8000)
  tracker.ended()
  tracker.left('unloaded')
  assert.deepEqual(words(), [
    'view.requested:joining@0',
    'view.started:playing@0',
    'heartbeat.sent:playing@5000',
    'view.ended:ended@8000',
  ])
})

test('startup is counted from the intent, also from one before there was a player', () => {
  const { tracker, said, pass } = track()
  tracker.requested('click', 1_000_000 - 200)
  pass(150)
  tracker.frameShown()
  assert.deepEqual([said[0]?.['createdAt'], said[1]?.['startupMs']], [999_800, 350])
})

test('nothing is said before the intent, and a second intent changes nothing', () => {
  const { tracker, said } = track()
  tracker.playing()
  tracker.waiting()
  tracker.beat()
  tracker.left('stopped')
  assert.equal(said.length, 0)
  tracker.requested('autoplay')
  tracker.requested('click')
  assert.deepEqual(
    said.map((event) => event['intent']),
    ['autoplay'],
  )
})

test('waiting is rebuffering only after the first frame, and not while seeking or paused', () => {
  const { tracker, at, words } = track()
  tracker.requested('click')
  tracker.waiting()
  tracker.frameShown()
  tracker.waiting()
  tracker.playing()
  tracker.paused()
  tracker.waiting()
  tracker.playing()
  at(30_000)
  tracker.seeking(9000)
  tracker.waiting()
  tracker.playing()
  tracker.seeked()
  assert.deepEqual(words(), [
    'view.requested:joining@0',
    'view.started:playing@0',
    'state.changed:rebuffering@0',
    'state.changed:playing@0',
    'state.changed:paused@0',
    'state.changed:playing@0',
    'seek.started:seeking@9000',
    'seek.ended:playing@30000',
  ])
})

test('a scrub is one seek from where it began to where it came to rest', () => {
  const { tracker, at, words } = begun()
  at(12_000)
  tracker.seeking(3000)
  at(20_000)
  tracker.seeking(12_000)
  tracker.seeked()
  assert.deepEqual(words(), ['seek.started:seeking@3000', 'seek.ended:playing@20000'])
})

test('a seek while paused ends paused, and a pause in a seek holds after it', () => {
  const { tracker, words } = begun()
  tracker.paused()
  tracker.seeking(1000)
  tracker.seeked()
  tracker.playing()
  tracker.seeking(2000)
  tracker.paused()
  tracker.seeked()
  assert.deepEqual(words(), [
    'state.changed:paused@0',
    'seek.started:seeking@1000',
    'seek.ended:paused@0',
    'state.changed:playing@0',
    'seek.started:seeking@2000',
    'seek.ended:paused@0',
  ])
})

test('nothing beats while paused, and an hour of it ends the view', () => {
  const { tracker, pass, words } = begun()
  tracker.paused()
  pass(IDLE_MS - 1)
  tracker.beat()
  assert.equal(tracker.over, false)
  pass(1)
  tracker.beat()
  tracker.beat()
  assert.deepEqual(words(), ['state.changed:paused@0', 'view.ended:quit@0'])
})

test('a change of speed or visibility is told at once while playing', () => {
  const { tracker, said } = begun()
  tracker.conditionsChanged()
  tracker.paused()
  tracker.conditionsChanged()
  assert.deepEqual(
    said.map((event) => [event.type, event['intervalMs']]),
    [
      ['playback.heartbeat.sent', HEARTBEAT_MS],
      ['playback.state.changed', undefined],
    ],
  )
})

test('a fatal error ends the view once; errors it survived are told, a bounded number of times', () => {
  const one = track()
  one.tracker.requested('click')
  one.tracker.failed({ code: 'E', fatal: true })
  one.tracker.left('stopped')
  assert.deepEqual(one.words(), ['view.requested:joining@0', 'error.raised:failed@0', 'view.ended:failed@0'])
  const two = begun()
  for (let i = 0; i < 30; i++) two.tracker.failed({ code: 'stalled', fatal: false })
  assert.equal(two.said.length, 10)
  assert.equal(two.tracker.state, 'playing')
})

test('who leaves or pauses before the first frame has left', () => {
  const one = track()
  one.tracker.requested('click')
  one.tracker.left('stopped')
  assert.deepEqual(one.words(), ['view.requested:joining@0', 'view.ended:quit@0'])
  const two = track()
  two.tracker.requested('click')
  two.tracker.paused()
  two.tracker.frameShown()
  assert.deepEqual(two.words(), ['view.requested:joining@0', 'view.ended:quit@0'])
  assert.equal(two.tracker.over, true)
})
