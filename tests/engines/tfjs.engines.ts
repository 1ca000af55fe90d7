/** NeuMF by TensorFlow.js on TensorFlow, and on a GPU where one is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plantWorld } from '#models/evaluate/planted.ts'
import { TENSORFLOW_PACKAGES } from '#models/ncf/tensorflow.ts'
import { tfjsSuite } from '#models/ncf/tfjs.suite.ts'
import { runTraining } from '#models/training.ts'
import { installTensorFlow } from '#scripts/engines/tensorflow.ts'

// A GPU's products of 10-bit mantissas are not near enough; read when TensorFlow is loaded, here and in the training.
process.env['NVIDIA_TF32_OVERRIDE'] = '0'
const packages = TENSORFLOW_PACKAGES.filter((name) => name !== '@tensorflow/tfjs')
const found = await installTensorFlow(packages)
tfjsSuite(found, { packages })

test(`${found.about}: a training in its own process measures as the kernels' does and says what trained`, async () => {
  const { interactions } = plantWorld({ viewers: 120, titles: 60, tastes: 2, plays: 2000, seed: 11 })
  const task = { interactions, seed: 4, threads: 1, maxEpochs: 2 }
  const heard: (string | undefined)[] = []
  const theirs = await runTraining({
    ...task,
    engine: 'tfjs',
    onProgress: ({ engine }) => heard.push(engine),
  })
  const ours = await runTraining({ ...task, engine: 'wasm' })
  assert.equal(heard[0], found.about)
  assert.deepEqual(theirs.engine, { name: 'tfjs', about: found.about })
  assert.equal(ours.engine.name, 'wasm')
  assert.equal(theirs.epochs, ours.epochs)
  const ndcg = [theirs, ours].map(({ evaluation }) => evaluation.metrics[0]?.value as number) as [
    number,
    number,
  ]
  assert.ok(ndcg[1] > 0 && Math.abs(ndcg[0] - ndcg[1]) < 0.01, ndcg.join(' '))
})
