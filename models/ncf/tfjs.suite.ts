/**
 * NeuMF by TensorFlow.js does what the kernels do. How near: both sum 32-bit floats, each in an order of its own, so a
 * gradient is near to 1e-5 of the largest of its array (some thousand terms of 24 bits). Where a gradient is near Adam's
 * guard of 1e-8 its rounding is seen in the step: to 2 % of the learning rate. Whole trainings stay near to 1e-3.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plantWorld } from '#models/evaluate/planted.ts'
import { momentAt, splitAtMoment } from '#models/evaluate/split.ts'
import type { NeumfParts } from '#models/kernels/kernels.ts'
import type { NeumfOptions } from '#models/kernels/prepare.ts'
import { openNeumfTrainer } from '#models/kernels/trainer.ts'
import { openEngine } from '#models/ncf/engine.ts'
import { NCF_DEFAULTS, ncf, ncfOn } from '#models/ncf/fit.ts'
import type { FoundTensorFlow, TensorFlowSearch } from '#models/ncf/tensorflow.ts'
import { openTfjsTrainer } from '#models/ncf/tfjs.ts'
import { judgeBy } from '#models/search.ts'

const [GRADIENT, STEP, TRAINING] = [1e-5, 0.02, 1e-3]

const { interactions } = plantWorld({ viewers: 40, titles: 50, tastes: 3, plays: 400, seed: 3 })
/** Viewers past those who played: no batch ever names them. */
const IDLE = 3

function planFor(parts: NeumfParts, batch: number): NeumfOptions {
  return {
    viewers: interactions.viewers.length + IDLE,
    titles: interactions.titles.length,
    positives: {
      viewers: interactions.viewer,
      titles: interactions.title,
      weights: interactions.strength,
    },
    settings: { ...NCF_DEFAULTS, batch },
    seed: 3,
    threads: 1,
    parts,
  }
}

/** Largest difference, and the largest value to hold it against. */
function compare(got: Float32Array, expected: Float32Array): { apart: number; largest: number } {
  let [apart, largest] = [0, 0]
  expected.forEach((value, k) => {
    apart = Math.max(apart, Math.abs(value - (got[k] as number)))
    largest = Math.max(largest, Math.abs(value))
  })
  return { apart, largest }
}

/** Weights, means and squares of a table apart; the dense table has them one after the other, `row` floats long. */
function threeOf(table: Float32Array, row: number): Float32Array[] {
  return [0, 1, 2].map((part) => table.filter((_, k) => Math.floor(k / row) % 3 === part))
}

export function tfjsSuite({ tf, about }: FoundTensorFlow, search: TensorFlowSearch): void {
  for (const parts of ['both', 'gmf', 'mlp'] as const) {
    test(`${about}: the gradients of a step and what it moves are those of the kernels: ${parts}`, async () => {
      const plan = planFor(parts, 1_000_000)
      const [ours, theirs] = [await openNeumfTrainer(plan), await openTfjsTrainer(plan, tf)]
      assert.deepEqual(theirs.weights(), ours.weights(), 'both begin with the same weights')
      const before = ours.state.arrays.map((array) => array.slice())
      const [loss, expectedLoss] = [await theirs.epoch(), await ours.epoch()]
      assert.ok(Math.abs(loss - expectedLoss) < GRADIENT, `${loss}, ${expectedLoss}`)
      ours.state.arrays.forEach((expected, table) => {
        const row = table === 2 ? expected.length / 3 : 2 * plan.settings.width
        const [weights, mean, square] = threeOf(expected, row) as [Float32Array, Float32Array, Float32Array]
        const got = threeOf(theirs.state.arrays[table] as Float32Array, row) as (typeof weights)[]
        // After the first step the mean is a tenth of the gradient, the square a thousandth of its square.
        for (const [k, kept] of [mean, square].entries()) {
          const { apart, largest } = compare(got[k + 1] as Float32Array, kept)
          assert.ok(largest > 0 && apart <= GRADIENT * largest, `table ${table}: ${apart} of ${largest}`)
        }
        const start = threeOf(before[table] as Float32Array, row)[0] as Float32Array
        const moved = compare(start, weights).apart
        const { apart } = compare(got[0] as Float32Array, weights)
        assert.ok(moved > plan.settings.learningRate / 2, `table ${table} moves`)
        assert.ok(apart <= STEP * plan.settings.learningRate, `table ${table}: ${apart} of ${moved}`)
      })
      await ours.close()
    })
  }

  test(`${about}: rows no batch names keep every bit, and nothing is left on the device`, async () => {
    const trainer = await openTfjsTrainer(planFor('both', 250), tf)
    const [before, held] = [trainer.weights(), tf.memory().numTensors]
    await trainer.epoch()
    await trainer.epoch()
    assert.equal(tf.memory().numTensors, held)
    const idle = IDLE * 2 * NCF_DEFAULTS.width
    const { viewerRows } = trainer.weights()
    assert.deepEqual(viewerRows.slice(-idle), before.viewerRows.slice(-idle))
    assert.notDeepEqual(viewerRows.slice(0, idle), before.viewerRows.slice(0, idle))
  })

  test(`${about}: a short training stops at the same epoch and scores alike`, async () => {
    const engine = await openEngine('tfjs', search)
    assert.equal(engine.about, about)
    const split = splitAtMoment(interactions, momentAt(interactions, 0.8))
    const reports: number[] = []
    const task = {
      interactions: split.before,
      settings: { ...NCF_DEFAULTS, batch: 250, learningRate: 0.01, epochs: 3, pretrain: [1, 1] as const },
      seed: 5,
      threads: 1,
      stopBy: { judge: judgeBy(split), patience: 2 },
    }
    const expected = await ncf.fit(task)
    const got = await ncfOn(engine).fit({ ...task, onEpoch: ({ share }) => reports.push(share) })
    assert.equal(got.epochs, expected.epochs)
    assert.equal(got.validation.length, expected.validation.length)
    assert.equal(reports.at(-1), 1)
    for (let viewer = 0; viewer < split.before.viewers.length; viewer++) {
      const { apart, largest } = compare(
        Float32Array.from(got.scores(viewer)),
        Float32Array.from(expected.scores(viewer)),
      )
      assert.ok(largest > 0.1 && apart <= TRAINING * largest, `viewer ${viewer}: ${apart} of ${largest}`)
    }
  })
}
