import assert from 'node:assert/strict'
import { test } from 'node:test'
import { qualityScore, smoothnessScore, startupScore, svx1 } from '#metrics/reference/scores.ts'

const near = (value: number, expected: number): void =>
  assert.ok(Math.abs(value - expected) < 0.05, `${value} is not ${expected}`)

test('three examples a vendor works out do not follow from its own formulas; ours do', () => {
  const examples = [
    { said: 85, formula: 87.0, value: smoothnessScore(1, 5 / (5 * 60)) },
    { said: 54, formula: 52.7, value: smoothnessScore(4, (4 * 15) / (20 * 60)) },
    { said: 92, formula: 89.3, value: qualityScore(2, (2 * 30) / (30 + 20 * 60)) },
  ]
  for (const { said, formula, value } of examples) {
    near(value, formula)
    assert.notEqual(Math.round(value), said)
  }
})

test('a startup of eight seconds is half as good as none', () => {
  assert.deepEqual([startupScore(0), startupScore(8), startupScore(24)], [100, 50, 25])
})

test('svx-1 weighs what a view has, and leaves out what it has not', () => {
  const all = { success: 100, smoothness: 80, startup: 60, picture: 40 }
  near(svx1(all) as number, 0.45 * 80 + 0.35 * 60 + 0.2 * 40)
  near(svx1({ ...all, picture: null }) as number, (0.45 * 80 + 0.35 * 60) / 0.8)
  near(svx1({ success: 100, smoothness: null, startup: null, picture: 40 }) as number, 40)
  const left = { smoothness: null, startup: null, picture: null }
  assert.deepEqual(
    [0, 50, null].map((success) => svx1({ ...left, success })),
    [0, 50, null],
  )
  assert.equal(svx1({ ...all, success: 0 }), 0)
})
