/**
 * Implicit ALS (Hu, Koren and Volinsky 2008) with the frequency-scaled penalty of Rendle et al. 2021 ("Revisiting the
 * Performance of iALS"): loss = sum over plays s (1 - x.y)^2 + unobserved * sum over all pairs (x.y)^2
 * + sum over rows penalty * (plays + unobserved * others)^scaling |row|^2, where s is the strength of a play.
 */
import { createRandom } from '#base/random.ts'
import { exportFactors } from '#models/graphs.ts'
import { SHARDS } from '#models/kernels/jobs.ts'
import { openPool } from '#models/kernels/pool.ts'
import { defineModel } from '#models/model.ts'
import { copyInto, type Lists, titlesOfViewers, viewersOfTitles } from '#models/play-lists.ts'
import { walkEpochs } from '#models/walk-epochs.ts'

export type AlsSettings = {
  /** Width of the factors; a multiple of 8. */
  readonly width: number
  /** Weight of a pair that was not watched, against 1 for one that was: alpha 0. */
  readonly unobserved: number
  readonly penalty: number
  /** How much more those who watch more are held back, 0 to 1: nu. */
  readonly scaling: number
  readonly epochs: number
}

/** Steps of conjugate gradients a row and epoch; warm starts make few enough. */
const STEPS = 3
const SPREAD = 0.1

export const als = defineModel<AlsSettings>({
  name: 'als',
  description: 'Implicit ALS: matrix factorisation, each side solved in turn',
  defaults: { width: 64, unobserved: 0.1, penalty: 0.003, scaling: 1, epochs: 15 },
  space: {
    width: [16, 32, 64, 128],
    unobserved: [0.01, 0.03, 0.1, 0.2, 0.4],
    penalty: [0.001, 0.003, 0.01, 0.02, 0.04],
    scaling: [1],
    epochs: [15],
  },
  fit: async (task) => {
    const { interactions, settings, seed, threads } = task
    const { width } = settings
    const pool = await openPool(threads)
    try {
      const [viewerCount, titleCount] = [interactions.viewers.length, interactions.titles.length]
      const random = createRandom(seed)
      const spread = SPREAD / Math.sqrt(width)
      const viewers = pool.floats(viewerCount * width)
      const titles = pool.floats(titleCount * width)
      for (const factors of [viewers, titles])
        factors.forEach((_, k) => (factors[k] = spread * random.normal()))
      const sums = pool.floats(SHARDS * width * width)
      const gram = pool.floats(width * width)
      const scratch = pool.floats(threads * 3 * width)
      const side = (lists: Lists, factors: Float32Array, others: Float32Array) => {
        const rows = lists.starts.length - 1
        const otherRows = others.length / width
        const penalties = copyInto(pool.floats(rows), penaltiesOf(lists, otherRows, settings))
        const arrays = [
          copyInto(pool.ints(lists.starts.length), lists.starts),
          copyInto(pool.ints(lists.items.length), lists.items),
          copyInto(pool.floats(lists.weights.length), lists.weights),
        ]
        return () =>
          pool.run(
            'solveSide',
            rows,
            width,
            factors,
            others,
            otherRows,
            sums,
            gram,
            settings.unobserved,
            penalties,
            ...arrays,
            STEPS,
            scratch,
          )
      }
      const solveViewers = side(titlesOfViewers(interactions), viewers, titles)
      const solveTitles = side(viewersOfTitles(interactions), titles, viewers)
      const scores = new Float32Array(titleCount)
      const walked = await walkEpochs(task, {
        epochs: settings.epochs,
        examples: interactions.viewer.length,
        epoch: async () => {
          await solveViewers()
          await solveTitles()
          return null
        },
        weights: [viewers, titles],
        scores: (viewer) => dotAll(viewers, titles, width, viewer, scores),
      })
      return {
        ...walked,
        settings: { ...settings, epochs: walked.epochs },
        graph: () => exportFactors({ name: 'als', viewers, titles, width }),
      }
    } finally {
      await pool.close()
    }
  },
})

function penaltiesOf(
  lists: Lists,
  others: number,
  { penalty, unobserved, scaling }: AlsSettings,
): Float32Array {
  const rows = lists.starts.length - 1
  return Float32Array.from({ length: rows }, (_, r) => {
    const plays = (lists.starts[r + 1] as number) - (lists.starts[r] as number)
    return penalty * (plays + unobserved * others) ** scaling
  })
}

/** Scores of all titles: the viewer's row times each title's. */
export function dotAll(
  viewers: Float32Array,
  titles: Float32Array,
  width: number,
  viewer: number,
  scores: Float32Array,
): Float32Array {
  const from = viewer * width
  for (let title = 0, at = 0; title < scores.length; title++) {
    let sum = 0
    for (let j = 0; j < width; j++, at++) sum += (viewers[from + j] as number) * (titles[at] as number)
    scores[title] = sum
  }
  return scores
}
