import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#base/random.ts'
import type { NeumfSettings, Positives } from '#models/kernels/prepare.ts'
import { openNeumfTrainer } from '#models/kernels/trainer.ts'

const settings: NeumfSettings = {
  width: 8,
  layers: [32, 16, 8],
  negatives: 4,
  batch: 330,
  learningRate: 0.01,
  decay: 0.01,
  spread: 0.1,
}

/** Two tastes: even viewers watch even titles, odd viewers odd ones. */
function twoTastes(viewers: number, titles: number, perViewer: number): Positives {
  const random = createRandom(5)
  const pairs: [number, number][] = []
  for (let v = 0; v < viewers; v++) {
    const own = Array.from({ length: titles }, (_, t) => t).filter((t) => t % 2 === v % 2)
    for (const t of random.shuffle(own).slice(0, perViewer)) pairs.push([v, t])
  }
  return {
    viewers: Int32Array.from(pairs, ([v]) => v),
    titles: Int32Array.from(pairs, ([, t]) => t),
    weights: Float32Array.from(pairs, (_, k) => (k % 3 === 0 ? 0.5 : 1)),
  }
}

async function train(threads: number, epochs: number, seed = 7) {
  const trainer = await openNeumfTrainer({
    viewers: 60,
    titles: 44,
    positives: twoTastes(60, 44, 9),
    settings,
    seed,
    threads,
  })
  try {
    const losses: number[] = []
    for (let e = 0; e < epochs; e++) losses.push(await trainer.epoch())
    return { losses, weights: trainer.weights(), scores: [0, 1].map((v) => trainer.scores(v).slice()) }
  } finally {
    await trainer.close()
  }
}

test('the loss falls and each taste ranks its own titles first', async () => {
  const { losses, scores } = await train(1, 12)
  assert.ok((losses.at(-1) as number) < (losses[0] as number) * 0.8, losses.join(' '))
  scores.forEach((row, viewer) => {
    const best = [...row.keys()].sort((a, b) => (row[b] as number) - (row[a] as number)).slice(0, 15)
    assert.deepEqual(
      best.filter((title) => title % 2 !== viewer),
      [],
    )
  })
})

test('one, two and three threads give the same bits, another seed does not', async () => {
  const [one, two, three, other] = await Promise.all([train(1, 3), train(2, 3), train(3, 3), train(1, 3, 8)])
  assert.deepEqual(two, one)
  assert.deepEqual(three, one)
  assert.notDeepEqual(other.weights, one.weights)
})
