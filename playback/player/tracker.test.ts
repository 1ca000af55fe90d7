import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTracker, type TrackedEvent } from '#playback/player/tracker.ts'

function track() {
  const said: TrackedEvent[] = []
  let playheadMs = 0
  const tracker = createTracker({
    read: () => ({ playheadMs, rate: 1, visible: true }),
    say: (event) => said.push(event),
  })
  return {
    tracker,
    at: (ms: number) => {
      playheadMs = ms
    },
    words: () =>
      said.map(
        (event) =>
          `${event.type.replace('playback.', '')}:${String(event['state'])}@${String(event['playheadMs'])}`,
      ),
  }
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

test('waiting counts only after the first frame, and not while seeking or paused', () => {
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

test('a seek while paused ends paused; nothing beats while paused', () => {
  const { tracker, words } = track()
  tracker.requested('click')
  tracker.frameShown()
  tracker.paused()
  tracker.beat()
  tracker.seeking(1000)
  tracker.seeked()
  assert.deepEqual(words().slice(-3), [
    'state.changed:paused@0',
    'seek.started:seeking@1000',
    'seek.ended:paused@0',
  ])
})

test('a fatal error ends the view once; leaving before the first frame is said', () => {
  const one = track()
  one.tracker.requested('click')
  one.tracker.failed({ code: 'E', fatal: true })
  one.tracker.left('stopped')
  assert.deepEqual(one.words(), ['view.requested:joining@0', 'error.raised:failed@0', 'view.ended:failed@0'])
  const two = track()
  two.tracker.left('stopped')
  two.tracker.requested('click')
  two.tracker.left('stopped')
  assert.deepEqual(two.words(), ['view.requested:joining@0', 'view.ended:quit@0'])
})
