import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeInteractions } from '#features/interactions.ts'
import { coverageOf, giniOf, miscalibrationOf, noveltyOf } from '#models/evaluate/beyond.ts'
import { bootstrap } from '#models/evaluate/bootstrap.ts'
import { evaluate } from '#models/evaluate/evaluate.ts'
import { judge } from '#models/evaluate/ranking.ts'
import { judgedViewers, momentAt, splitAtMoment } from '#models/evaluate/split.ts'

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}`)
const play = (viewerKey: string, titleId: string, at: number) => ({ viewerKey, titleId, at, strength: 1 })

test('figures of one ranking are those worked out by hand', () => {
  // Ranking without title 4: 2, 0, 3, 1. Relevant: 0 (second) and 1 (fourth).
  const ranked = judge(
    [0.8, 0.1, 0.9, 0.5, 7],
    { viewer: 0, seen: new Set([4]), relevant: new Set([0, 1]) },
    3,
  )
  assert.deepEqual(ranked.top, [2, 0, 3])
  near(ranked.recall, 1 / 2)
  near(ranked.mrr, 1 / 2)
  near(ranked.ndcg, 1 / Math.log2(3) / (1 + 1 / Math.log2(3)))
})

test('equal scores go by title index', () => {
  assert.deepEqual(judge([1, 1, 1], { viewer: 0, seen: new Set(), relevant: new Set([2]) }, 2).top, [0, 1])
})

test('the split judges known viewers on known titles that are new to them', () => {
  const split = splitAtMoment(
    encodeInteractions([
      play('ann', 'a', 1),
      play('bob', 'b', 2),
      play('ann', 'b', 10),
      play('ann', 'new', 11),
      play('bob', 'b', 12),
      play('cat', 'a', 13),
    ]),
    10,
  )
  assert.deepEqual(split.before.viewers, ['ann', 'bob'])
  assert.deepEqual(judgedViewers(split), [{ viewer: 0, seen: new Set([0]), relevant: new Set([1]) }])
})

test('the moment of a share leaves that share before it', () => {
  const rows = Array.from({ length: 10 }, (_, k) => play('ann', `t${k}`, k * 10))
  const split = splitAtMoment(encodeInteractions(rows), momentAt(encodeInteractions(rows), 0.8))
  assert.equal(split.before.viewer.length, 8)
})

test('a model that knows beats popularity, by exactly the difference of their means', () => {
  const rows = [play('z', 'hit', 0), play('y', 'hit', 0), play('z', 'niche', 0), play('y', 'other', 0)]
  const viewers = Array.from({ length: 30 }, (_, k) => `v${k}`)
  for (const viewer of viewers) rows.push(play(viewer, 'seed', 1), play(viewer, 'niche', 10))
  const split = splitAtMoment(encodeInteractions(rows), 5)
  const at = (id: string): number => split.before.titles.indexOf(id)
  const knows = split.before.titles.map((_, title) => (title === at('niche') ? 1 : 0))
  const popular = split.before.titles.map(
    (_, title) => [at('hit'), at('niche'), at('other')].indexOf(title) * -1,
  )
  const { metrics, judgedViewers: judged } = evaluate({
    split,
    model: () => knows,
    baselines: { popularity: () => popular },
    seed: 1,
  })
  assert.equal(judged, 30)
  const ndcg = metrics.find(({ name }) => name === 'ndcg@10')
  assert.equal(ndcg?.value, 1)
  assert.equal(ndcg?.against, 'popularity')
  assert.ok((ndcg?.differenceLow ?? 0) > 0)
})

test('the bootstrap is seeded and covers the mean', () => {
  const values = Array.from({ length: 200 }, (_, k) => (k % 10) / 10)
  const interval = bootstrap(values, 3)
  assert.deepEqual(bootstrap(values, 3), interval)
  near(interval.value, 0.45)
  // Standard error 0.287 / sqrt(200) = 0.0203: the interval is about four of them wide.
  assert.ok(interval.low > 0.39 && interval.low < 0.43 && interval.high > 0.47 && interval.high < 0.51)
})

test('how evenly and how new a list is, by hand', () => {
  // Four titles shown 0, 0, 1 and 3 times: sum of (2k - 5) n = (1)(1) + (3)(3) = 10, over 4 * 4.
  near(giniOf([[3], [3], [3], [2]], 4), 10 / 16)
  near(giniOf([[0, 1, 2, 3]], 4), 0)
  near(coverageOf([[0, 1], [1]], 4), 1 / 2)
  // Watched by 1 and by 4 of 8 viewers: 3 bits and 1 bit.
  near(noveltyOf([0, 1], [1, 4], 8), 2)
})

test('a list with the viewer’s own mix of genres is calibrated, one without it is not', () => {
  const genres = [['drama'], ['comedy'], ['drama'], ['comedy'], ['horror']]
  const genresOf = (title: number): readonly string[] => genres[title] ?? []
  const viewer = { viewer: 0, seen: new Set([0, 1]), relevant: new Set([2]) }
  near(miscalibrationOf([2, 3], viewer, genresOf) ?? 1, 0)
  const half = 0.5 * Math.log(0.5 / (0.99 + 0.005)) + 0.5 * Math.log(0.5 / 0.005)
  near(miscalibrationOf([2], viewer, genresOf) ?? 1, half)
  assert.equal(
    miscalibrationOf([2], viewer, () => []),
    null,
  )
})

test('a group of viewers is told of apart when it is large enough', () => {
  const rows = Array.from({ length: 60 }, (_, v) =>
    Array.from({ length: v < 30 ? 2 : 9 }, (_, k) => play(`v${v}`, `t${k}`, k)).concat(
      play(`v${v}`, `t${9}`, 100),
    ),
  ).flat()
  rows.push(play('x', 't9', 0))
  const split = splitAtMoment(encodeInteractions(rows.sort((a, b) => a.at - b.at)), 50)
  const devices = new Map(split.before.viewers.map((key, k) => [key, k % 2 === 0 ? 'tv' : 'phone']))
  const scores = split.before.titles.map(() => 0)
  const { slices } = evaluate({
    split,
    model: () => scores,
    baselines: {},
    seed: 1,
    facts: { genres: new Map(), devices },
  })
  assert.deepEqual(
    slices.map(({ name, viewers }) => `${name}: ${viewers}`),
    [
      'new viewers (up to 3 plays): 30',
      'light viewers (below the median): 30',
      'heavy viewers (from the median up): 30',
      'on phone: 30',
      'on tv: 30',
    ],
  )
})
