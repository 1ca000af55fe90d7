import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { plantWorld } from '#models/evaluate/planted.ts'
import { exportNcf } from '#models/ncf/export.ts'
import { fitNcf, NCF_DEFAULTS } from '#models/ncf/fit.ts'

test('the exported graph scores as the trainer does, to 1e-5', async () => {
  const { interactions } = plantWorld({ viewers: 50, titles: 70, tastes: 3, plays: 900, seed: 3 })
  const settings = { ...NCF_DEFAULTS, epochs: 4 }
  const fitted = await fitNcf({ interactions, settings, seed: 3, threads: 1 })
  const session = await InferenceSession.create(exportNcf(fitted.neumf(), settings))
  const titles = BigInt64Array.from(interactions.titles, (_, k) => BigInt(k))
  for (const viewer of [0, 7, 49]) {
    const { scores } = await session.run({
      viewer: new Tensor('int64', BigInt64Array.of(BigInt(viewer)), [1]),
      titles: new Tensor('int64', titles, [titles.length]),
    })
    const expected = fitted.scores(viewer)
    const got = scores?.data as Float32Array
    assert.equal(got.length, titles.length)
    got.forEach((score, title) => assert.ok(Math.abs(score - (expected[title] as number)) < 1e-5))
  }
  await session.release()
})
