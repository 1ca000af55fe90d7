import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#base/random.ts'
import {
  bindKernels,
  createKernelMemory,
  type KernelPlan,
  type NeumfParts,
  TITLES,
  VIEWERS,
} from '#models/kernels/kernels.ts'

const SIZES = {
  viewers: 5,
  titles: 6,
  positives: 1,
  width: 8,
  layers: [16, 8, 8],
  batch: 12,
  threads: 1,
} as const
const PAIR = 2 * SIZES.width
/** Weight of a positive, 0 for a negative. */
const TARGETS = [1, 0, 0.5, 0, 1, 0, 0, 1, 0, 0.25, 0, 1]

/** Every weight at hand as one list of accessors, so that each can be nudged. */
function setUp(parts: NeumfParts) {
  const plan: KernelPlan = { ...SIZES, parts }
  const memory = createKernelMemory()
  const kernels = bindKernels(memory, plan)
  const random = createRandom(9)
  const floats = (address: number, length: number): Float32Array =>
    new Float32Array(memory.buffer, address, length)
  const viewerRows = floats(kernels.addressOfRows(VIEWERS), plan.viewers * PAIR * 3)
  const titleRows = floats(kernels.addressOfRows(TITLES), plan.titles * PAIR * 3)
  const dense = floats(kernels.addressOfDense(), kernels.denseCount())
  for (const table of [viewerRows, titleRows])
    table.forEach((_, k) => (table[k] = k % (3 * PAIR) < PAIR ? 0.5 * random.normal() : 0))
  dense.forEach((_, k) => (dense[k] = 0.5 * random.normal()))
  for (const [side, rows] of [
    [VIEWERS, plan.viewers],
    [TITLES, plan.titles],
  ] as const) {
    new Int32Array(memory.buffer, kernels.addressOfSlots(side), rows).fill(-1)
    const examples = new Int32Array(memory.buffer, kernels.addressOfExamples(side), plan.batch)
    examples.forEach((_, e) => (examples[e] = side === VIEWERS ? e % rows : (e * 5 + 1) % rows))
    kernels.indexSide(side, plan.batch)
  }
  floats(kernels.addressOfTargets(), plan.batch).set(TARGETS)
  const loss = (): number => {
    kernels.turnWeights()
    kernels.projectSide(VIEWERS, 0, 1)
    kernels.projectSide(TITLES, 0, 1)
    let sum = 0
    for (let shard = 0; shard < kernels.shardCount(); shard++) sum += kernels.backward(shard, plan.batch, 0)
    return sum / plan.batch
  }
  /** Steps of length zero: they leave the gradients behind, in the shards and as a tenth in the rows' means. */
  const stand = (): void => {
    for (let shard = 0; shard < kernels.shardCount(); shard++) {
      kernels.stepSide(VIEWERS, shard, 0, 0, 1, 0)
      kernels.stepSide(TITLES, shard, 0, 0, 1, 0)
    }
  }
  return { kernels, floats, viewerRows, titleRows, dense, loss, stand }
}

/** The slope by finite differences, steps wide enough for 32-bit sums; null at a kink, where a unit is cut. */
function slopeOf(weights: Float32Array, k: number, loss: () => number): number | null {
  const held = weights[k] as number
  const step = 4e-3
  weights[k] = held + step
  const up = loss()
  weights[k] = held - step
  const down = loss()
  weights[k] = held
  const here = loss()
  return Math.abs(up + down - 2 * here) / step > 0.006 ? null : (up - down) / (2 * step)
}

for (const parts of ['both', 'gmf', 'mlp'] as const) {
  test(`gradients are the slopes of the loss, for dense weights and embeddings: ${parts}`, () => {
    const { kernels, floats, viewerRows, titleRows, dense, loss, stand } = setUp(parts)
    loss()
    stand()
    const shards = floats(kernels.addressOfDenseGradient(), dense.length * kernels.shardCount()).slice()
    const [viewers, titles] = [viewerRows.slice(), titleRows.slice()]
    const wrong: string[] = []
    let [steep, kinks] = [0, 0]
    const check = (name: string, k: number, got: number, expected: number | null): void => {
      if (expected === null) kinks++
      if (expected === null) return
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
    for (const [name, table, kept] of [
      ['viewer', viewerRows, viewers],
      ['title', titleRows, titles],
    ] as const) {
      for (let k = 0; k < table.length; k++) {
        if (k % (3 * PAIR) < PAIR) check(name, k, 10 * (kept[k + PAIR] as number), slopeOf(table, k, loss))
      }
    }
    assert.deepEqual(wrong, [])
    assert.ok(steep > 12 && kinks < 12, `${steep} slopes are steep enough to tell, ${kinks} are at a kink`)
  })
}
