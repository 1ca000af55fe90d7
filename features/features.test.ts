import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { StoredEvent } from '#events/define.ts'
import { cover, coveredMs } from '#features/covered.ts'
import type { Feature } from '#features/define.ts'
import { viewerFeedback } from '#features/viewer-feedback.ts'
import { viewerHistory } from '#features/viewer-history.ts'

const playback = (more: object): StoredEvent =>
  ({
    type: 'playback.heartbeat.sent',
    tenantId: 'acme',
    viewerKey: 'viewer-1',
    titleId: 'title-1',
    sid: 'sid-1',
    surface: 'watch',
    state: 'playing',
    kids: false,
    bot: false,
    rate: 1,
    intervalMs: 10_000,
    playheadMs: 20_000,
    derivedAt: 1000,
    ...more,
  }) as unknown as StoredEvent
const said = (type: string, derivedAt: number, more: object = {}): StoredEvent =>
  ({ type, derivedAt, viewerKey: 'viewer-1', titleId: 'title-1', ...more }) as unknown as StoredEvent

function foldAll<S>(
  feature: Feature<S>,
  events: readonly StoredEvent[],
  durationMs: number | null = 100_000,
) {
  return events
    .filter((event) => feature.keyOf(event) !== null)
    .reduce<S | null>((state, event) => feature.fold(state, event, { durationMs }), null)
}

test('goes on where the newest report stood', () => {
  const state = foldAll(viewerHistory, [
    playback({ playheadMs: 40_000, derivedAt: 3000, sid: 'sid-2' }),
    playback({ playheadMs: 20_000, derivedAt: 2000 }),
  ])
  assert.equal(state?.positionMs, 40_000)
  assert.equal(state?.lastSid, 'sid-2')
  assert.equal(state?.contentMs, 20_000)
  assert.equal(state?.completed, false)
})

test('starts over once 95 % was reached, and goes on again when watched again', () => {
  const done = [playback({ playheadMs: 96_000 })]
  assert.deepEqual(
    [foldAll(viewerHistory, done)?.positionMs, foldAll(viewerHistory, done)?.completed],
    [0, true],
  )
  const again = foldAll(viewerHistory, [...done, playback({ playheadMs: 5000, derivedAt: 9000 })])
  assert.deepEqual([again?.positionMs, again?.completed], [5000, false])
  const unknownLength = foldAll(viewerHistory, [playback({ playheadMs: 96_000, state: 'ended' })], null)
  assert.equal(unknownLength?.completed, true)
})

test('keeps nothing of kids, visitors, previews, bots, and of a player that only opened', () => {
  for (const more of [
    { viewerKey: null },
    { kids: true },
    { surface: 'preview' },
    { bot: true },
    { playheadMs: 0 },
    { state: 'joining' },
    { type: 'playback.view.requested' },
  ]) {
    assert.equal(viewerHistory.keyOf(playback(more)), null)
  }
})

test('the newest word on stars, list and interest counts, each for itself', () => {
  const state = foldAll(viewerFeedback, [
    said('feedback.rating.given', 5, { stars: 4 }),
    said('feedback.rating.given', 3, { stars: 1 }),
    said('feedback.list.added', 4),
    said('feedback.list.removed', 6),
    said('discovery.item.dismissed', 7),
    said('feedback.title.restored', 8),
    said('feedback.search.made', 9),
  ])
  assert.deepEqual([state?.stars, state?.inMyList, state?.dismissed], [4, false, false])
  const taken = foldAll(viewerFeedback, [
    said('feedback.rating.given', 6, { stars: 0 }),
    said('feedback.rating.given', 5, { stars: 4 }),
  ])
  assert.equal(taken?.stars, null)
})

const someHistory = fc.array(
  fc
    .record({
      playheadMs: fc.integer({ min: 1000, max: 100_000 }),
      derivedAt: fc.integer({ min: 1, max: 20 }),
      sid: fc.constantFrom('a', 'b'),
      state: fc.constantFrom('playing', 'paused', 'ended'),
      type: fc.constantFrom('playback.heartbeat.sent', 'playback.state.changed'),
    })
    .map(playback),
  { maxLength: 12 },
)
const someFeedback = fc.array(
  fc
    .tuple(
      fc.constantFrom(
        'feedback.rating.given',
        'feedback.list.added',
        'feedback.list.removed',
        'feedback.title.dismissed',
        'feedback.title.restored',
      ),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 5 }),
    )
    .map(([type, at, stars]) => said(type, at, { stars })),
  { maxLength: 12 },
)
const shuffled = <T>(events: readonly T[]) =>
  fc.shuffledSubarray([...events, ...events, ...events], { minLength: events.length * 3 })

test('events shuffled and tripled give the same state', () => {
  for (const [feature, some] of [
    [viewerHistory, someHistory],
    [viewerFeedback, someFeedback],
  ] as unknown as [Feature<unknown>, fc.Arbitrary<StoredEvent[]>][]) {
    fc.assert(
      fc.property(
        some.chain((events) => fc.tuple(fc.constant(events), shuffled(events))),
        ([events, again]) => {
          assert.deepEqual(foldAll(feature, again), foldAll(feature, events))
        },
      ),
      { seed: 7, numRuns: 200 },
    )
  }
})

test('what was covered is the union of its spans, in a bounded number of them', () => {
  let spans: readonly number[] = []
  for (const [from, to] of [
    [0, 10_000],
    [30_000, 40_000],
    [10_200, 20_000],
    [35_000, 36_000],
    [5000, 5000],
  ] as const) {
    spans = cover(spans, from, to)
  }
  assert.deepEqual(spans, [0, 20_000, 30_000, 40_000])
  assert.equal(coveredMs(spans), 30_000)
  for (let i = 0; i < 200; i++) spans = cover(spans, i * 100_000, i * 100_000 + 1000)
  assert.ok(spans.length <= 48)
})
