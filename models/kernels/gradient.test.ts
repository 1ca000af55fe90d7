import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#base/random.ts'
import { bindKernels, createKernelMemory, type KernelPlan } from '#models/kernels/kernels.ts'

const plan: KernelPlan = {
  viewers: 5,
  titles: 6,
  positives: 1,
  width: 8,
  layers: [16, 8, 8],
  batch: 12,
  threads: 1,
}
const PAIR = 2 * plan.width
/** Weight of a positive, 0 for a negative. */
const TARGETS = [1, 0, 0.5, 0, 1, 0, 0, 1, 0, 0.25, 0, 1]

/** Every weight at hand as one list of accessors, so that each can be nudged. */
function setUp() {
  const memory = createKernelMemory()
  const kernels = bindKernels(memory, plan)
  const random = createRandom(9)
  const floats = (address: number, length: number): Float32Array =>
    new Float32Array(memory.buffer, address, length)
  const viewerRows = floats(kernels.addressOfViewerRows(), plan.viewers * PAIR * 3)
  const titleRows = floats(kernels.addressOfTitleRows(), plan.titles * PAIR * 3)
  const dense = floats(kernels.addressOfDense(), kernels.denseCount())
  for (const table of [viewerRows, titleRows, dense])
    table.forEach((_, k) => (table[k] = 0.5 * random.normal()))
  const ints = new Int32Array(memory.buffer, kernels.addressOfExamples(), 12)
  const stride = (plan.batch * 4 + 63) & ~63
  const examples = {
    viewer: ints,
    title: new Int32Array(memory.buffer, kernels.addressOfExamples() + stride, plan.batch),
    target: floats(kernels.addressOfExamples() + 2 * stride, plan.batch),
  }
  TARGETS.forEach((target, e) => {
    examples.viewer[e] = e % plan.viewers
    examples.title[e] = (e * 5 + 1) % plan.titles
    examples.target[e] = target
  })
  const loss = (): number => {
    kernels.turnWeights()
    let sum = 0
    for (let shard = 0; shard < kernels.shardCount(); shard++) sum += kernels.backward(shard, plan.batch, 0)
    return sum / plan.batch
  }
  return { kernels, floats, viewerRows, titleRows, dense, examples, loss }
}

/** The slope by finite differences, steps wide enough for 32-bit sums. */
function slopeOf(weights: Float32Array, k: number, loss: () => number): number {
  const held = weights[k] as number
  const step = 4e-3
  weights[k] = held + step
  const up = loss()
  weights[k] = held - step
  const down = loss()
  weights[k] = held
  return (up - down) / (2 * step)
}

test('gradients are the slopes of the loss, for dense weights and embeddings', () => {
  const { kernels, floats, viewerRows, titleRows, dense, examples, loss } = setUp()
  loss()
  const shards = floats(kernels.addressOfDenseGradient(), dense.length * kernels.shardCount()).slice()
  const viewerSums = floats(kernels.addressOfViewerGradient(), plan.batch * PAIR).slice()
  const titleSums = floats(kernels.addressOfTitleGradient(), plan.batch * PAIR).slice()
  const wrong: string[] = []
  let steep = 0
  const check = (name: string, k: number, got: number, expected: number): void => {
    if (Math.abs(expected) > 0.02) steep++
    if (Math.abs(got - expected) > 2e-3 + 0.02 * Math.abs(expected))
      wrong.push(`${name} ${k}: ${got}, ${expected}`)
  }
  for (let k = 0; k < dense.length - 3; k++) {
    let sum = 0
    for (let shard = 0; shard < kernels.shardCount(); shard++)
      sum += shards[shard * dense.length + k] as number
    check('dense', k, sum, slopeOf(dense, k, loss))
  }
  const ofRow = (sums: Float32Array, index: Int32Array, row: number, j: number): number =>
    index.reduce((sum, one, e) => (one === row ? sum + (sums[e * PAIR + j] as number) : sum), 0)
  for (let j = 0; j < PAIR; j++) {
    check('viewer', j, ofRow(viewerSums, examples.viewer, 2, j), slopeOf(viewerRows, 2 * PAIR * 3 + j, loss))
    check('title', j, ofRow(titleSums, examples.title, 3, j), slopeOf(titleRows, 3 * PAIR * 3 + j, loss))
  }
  assert.deepEqual(wrong, [])
  assert.ok(steep > 50, `only ${steep} slopes are steep enough to tell`)
})
