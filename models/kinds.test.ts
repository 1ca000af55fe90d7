import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { encodeInteractions } from '#features/interactions.ts'
import { als } from '#models/als/als.ts'
import { writeIndex } from '#models/artifact.ts'
import { blendScores, chooseWeights } from '#models/blend/blend.ts'
import { ease } from '#models/ease/ease.ts'
import { plantWorld } from '#models/evaluate/planted.ts'
import { expectSampled, judgeSampled } from '#models/evaluate/sampled.ts'
import { judgedViewers, leaveOneOut } from '#models/evaluate/split.ts'
import { itemKnn } from '#models/item-knn/item-knn.ts'
import type { ModelKind } from '#models/model.ts'
import { gmf, mlp, ncf } from '#models/ncf/fit.ts'
import { openNcfSession, titlesTensor } from '#models/ncf/session.ts'
import { findNeighbours } from '#models/neighbours.ts'
import { bpr } from '#models/pairs/pairs.ts'
import { countViewers } from '#models/popularity/popularity.ts'
import { chooseSettings, judgeBy } from '#models/search.ts'

const { interactions } = plantWorld({
  viewers: 300,
  titles: 200,
  tastes: 8,
  plays: 8000,
  seed: 7,
  loyalty: 0.95,
})
const split = leaveOneOut(interactions)
const value = judgeBy(split)

/** Few epochs of each: enough to learn what is planted. */
const KINDS: readonly [ModelKind<object>, object][] = [
  [itemKnn, {}],
  [ease, { penalty: 50 }],
  [als, { width: 16, unobserved: 0.2, penalty: 0.01 }],
  [bpr, { width: 16, epochs: 20 }],
  [gmf, { epochs: 12 }],
  [mlp, { epochs: 12 }],
  [ncf, { epochs: 12 }],
]
const fit = (kind: ModelKind<object>, settings: object, threads = 1, seed = 1) =>
  kind.fit({ interactions: split.before, settings: { ...kind.defaults, ...settings }, seed, threads })
const bytesOf = (weights: readonly ArrayBufferView[]): Buffer =>
  Buffer.concat(
    weights.map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(new Uint8Array(buffer, byteOffset, byteLength)),
    ),
  )

suite('every kind', () => {
  for (const [kind, settings] of KINDS) {
    test(`${kind.name} finds planted tastes that popularity does not`, async () => {
      const popularity = countViewers(split.before)
      const { scores } = await fit(kind, settings)
      assert.ok(
        value(scores) > 1.3 * value(() => popularity),
        `${value(scores)} against ${value(() => popularity)}`,
      )
    })
    test(`${kind.name} has the same weights with one, two and three threads`, async () => {
      const [one, two, three] = await Promise.all([1, 2, 3].map((threads) => fit(kind, settings, threads)))
      const bytes = bytesOf(one?.weights() ?? [])
      assert.ok(bytes.length > 0)
      assert.ok(bytes.equals(bytesOf(two?.weights() ?? [])))
      assert.ok(bytes.equals(bytesOf(three?.weights() ?? [])))
    })
  }
})

suite('what serves is what was learned', () => {
  for (const [kind, settings] of KINDS) {
    test(`${kind.name} scores the same in its graph as where it was trained`, async () => {
      const { graph, scores } = await fit(kind, settings)
      const index = writeIndex({ ...split.before, neighbours: findNeighbours(split.before), knowsUntil: 0 })
      const session = await openNcfSession({ onnx: graph(), index })
      const titles = [0, 7, 3, 199]
      for (const viewer of [0, 17, 299]) {
        const own = scores(viewer)
        const served = await session.score(viewer, titlesTensor(titles))
        titles.forEach((title, k) => {
          const apart = Math.abs((served[k] as number) - (own[title] as number))
          assert.ok(apart < 1e-5, `viewer ${viewer}, title ${title}: ${served[k]} and ${own[title]}`)
        })
      }
      await session.close()
    })
  }
})

test('ease is the closed form: off the diagonal -P / diag P of the inverted counts, on it zero', async () => {
  const penalty = 3
  const small = encodeInteractions(
    [0, 1, 2, 3, 2, 3, 1, 0, 3].map((title, k) => ({
      viewerKey: `v${k % 4}`,
      titleId: `t${title}`,
      at: k,
      strength: 1,
    })),
  )
  const n = small.titles.length
  const rows = small.viewers.map((_, viewer) =>
    small.titles.map((_, title) =>
      Number(small.viewer.some((v, k) => v === viewer && small.title[k] === title)),
    ),
  )
  const gram = small.titles.map((_, a) =>
    small.titles.map((_, b) =>
      rows.reduce((sum, row) => sum + (row[a] ?? 0) * (row[b] ?? 0), a === b ? penalty : 0),
    ),
  )
  const inverse = invert(gram)
  const { scores } = await ease.fit({
    interactions: small,
    settings: { ...ease.defaults, penalty },
    seed: 1,
    threads: 2,
  })
  for (const [viewer, row] of rows.entries()) {
    const got = scores(viewer)
    for (let title = 0; title < n; title++) {
      const expected = row.reduce((sum, watched, other) => {
        const weight = other === title ? 0 : -(inverse[other]?.[title] ?? 0) / (inverse[title]?.[title] ?? 1)
        return sum + watched * weight
      }, 0)
      assert.ok(Math.abs((got[title] ?? 0) - expected) < 1e-6, `${got[title]} against ${expected}`)
    }
  }
})

/** Gauss and Jordan; for matrices that need no pivot. */
function invert(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length
  const rows = matrix.map((row, k) => [...row, ...row.map((_, j) => Number(j === k))])
  for (let k = 0; k < n; k++) {
    const pivot = rows[k]?.[k] as number
    rows[k] = (rows[k] ?? []).map((x) => x / pivot)
    for (let other = 0; other < n; other++) {
      const factor = rows[other]?.[k] as number
      if (other !== k) rows[other] = (rows[other] ?? []).map((x, j) => x - factor * (rows[k]?.[j] as number))
    }
  }
  return rows.map((row) => row.slice(n))
}

test('a search keeps the settings that did best on the held-out part, the defaults among the tried', async () => {
  const inner = leaveOneOut(split.before)
  const chosen = await chooseSettings(ease, inner, { seed: 5, threads: 1, tries: 4 })
  assert.equal(chosen.trials.length, 4)
  assert.deepEqual(chosen.trials[0]?.settings, ease.defaults)
  assert.equal(chosen.value, Math.max(...chosen.trials.map((trial) => trial.value)))
})

test('learning stops when the held-out part no longer gains, and the best epoch is what stays', async () => {
  const inner = leaveOneOut(split.before)
  const judge = judgeBy(inner)
  const settings = { ...ncf.defaults, epochs: 60 }
  const task = { interactions: inner.before, settings, seed: 1, threads: 1 }
  const fitted = await ncf.fit({ ...task, stopBy: { judge, patience: 3 } })
  const best = Math.max(...fitted.validation)
  assert.ok(fitted.validation.length < 60)
  assert.equal(fitted.validation[fitted.epochs - 1], best)
  assert.equal(judge(fitted.scores), best)
})

test('a blend is at least as good on the held-out part as each of its parts', async () => {
  const inner = leaveOneOut(split.before)
  const parts = {
    ease: (await ease.fit({ interactions: inner.before, settings: ease.defaults, seed: 1, threads: 1 }))
      .scores,
    knn: (await itemKnn.fit({ interactions: inner.before, settings: itemKnn.defaults, seed: 1, threads: 1 }))
      .scores,
  }
  const weights = chooseWeights(parts, inner)
  assert.ok(Math.abs(Object.values(weights).reduce((a, b) => a + b, 0) - 1) < 1e-9)
  const seen = new Map(judgedViewers(inner).map((one) => [one.viewer, one.seen]))
  const blended = blendScores(parts, weights, (viewer) => seen.get(viewer) ?? new Set())
  const judge = judgeBy(inner)
  for (const scores of Object.values(parts)) assert.ok(judge(blended) >= judge(scores) - 1e-12)
})

test('among sampled titles an oracle is always right and a scorer that knows nothing about one time in ten', () => {
  const judged = judgedViewers(split)
  const relevant = new Map(judged.map((one) => [one.viewer, one.relevant]))
  const options = { titles: split.before.titles.length, seed: 3, negatives: 49, top: 5 }
  const oracle = judgeSampled(
    (viewer) => split.before.titles.map((_, title) => Number(relevant.get(viewer)?.has(title) === true)),
    judged,
    options,
  )
  assert.deepEqual(oracle, { hitRate: 1, ndcg: 1 })
  const flat = split.before.titles.map(() => 0)
  assert.equal(judgeSampled(() => flat, judged, options).hitRate, 0)
})

test('the expected figures are those of many draws', async () => {
  const judged = judgedViewers(split)
  const { scores } = await fit(itemKnn, {})
  const options = { titles: split.before.titles.length, negatives: 49, top: 5 }
  const draws = Array.from({ length: 200 }, (_, seed) => judgeSampled(scores, judged, { ...options, seed }))
  const expected = expectSampled(scores, judged, options)
  for (const what of ['hitRate', 'ndcg'] as const) {
    const drawn = draws.reduce((sum, one) => sum + one[what], 0) / draws.length
    assert.ok(Math.abs(drawn - expected[what]) < 0.004, `${what}: ${drawn} drawn, ${expected[what]} expected`)
  }
})
