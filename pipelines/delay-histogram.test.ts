import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createManualClock } from '#base/clock.ts'
import { bucketOf, createDelayHistogram } from '#pipelines/delay-histogram.ts'

const delays = fc.array(
  fc.record({ ms: fc.oneof(fc.nat(3000), fc.nat(86_400_000)), count: fc.integer({ min: 1, max: 50 }) }),
  { minLength: 1, maxLength: 200 },
)

test('a quantile is in the bucket of the exact one, or at its edge', () => {
  fc.assert(
    fc.property(delays, fc.constantFrom(0, 0.5, 0.9, 0.99, 1), (recorded, q) => {
      const histogram = createDelayHistogram(createManualClock(1_700_000_000_000))
      for (const { ms, count } of recorded) histogram.record(ms, count)
      const exact = recorded.flatMap(({ ms, count }) => Array<number>(count).fill(ms)).sort((a, b) => a - b)
      const rank = Math.max(1, Math.ceil(q * exact.length))
      const found = histogram.quantile(q) as number
      assert.equal(histogram.count(), exact.length)
      const apart = Math.abs(bucketOf(found) - bucketOf(exact[rank - 1] as number))
      assert.ok(apart <= 1, `${found} for ${exact[rank - 1]}`)
    }),
  )
})

test('what is older than five minutes is forgotten, and nothing is said of nothing', () => {
  const clock = createManualClock(1_700_000_000_000)
  const histogram = createDelayHistogram(clock)
  assert.deepEqual([histogram.quantile(0.5), histogram.count()], [null, 0])
  histogram.record(60_000, 10)
  clock.advance(200_000)
  histogram.record(100, 10)
  assert.equal(histogram.count(), 20)
  assert.ok((histogram.quantile(0.99) as number) >= 60_000)
  clock.advance(100_000)
  assert.equal(histogram.count(), 10)
  assert.ok((histogram.quantile(0.99) as number) <= 110)
  clock.advance(86_400_000)
  assert.deepEqual([histogram.quantile(0.99), histogram.count()], [null, 0])
})

test('a clock that is set back, and durations below zero and above a day, do no harm', () => {
  const clock = createManualClock(1_700_000_000_000)
  const histogram = createDelayHistogram(clock)
  histogram.record(-5000, 1)
  clock.advance(-3_600_000)
  histogram.record(10 * 86_400_000, 1)
  assert.equal(histogram.count(), 2)
  assert.equal(histogram.quantile(0.5), 1)
  assert.ok((histogram.quantile(1) as number) >= 86_400_000)
})
