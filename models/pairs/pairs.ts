/**
 * Factors learned from pairs: BPR, and a two-tower whose viewers and titles are sums of what is known of them. Both
 * walk the same kernel; see `kernels/assembly/linear/pairs.ts`.
 */
import { createRandom } from '#base/random.ts'
import type { Interactions } from '#features/interactions.ts'
import { dotAll } from '#models/als/als.ts'
import { exportFactors } from '#models/graphs.ts'
import { orderEpoch } from '#models/kernels/epoch-order.ts'
import { openPool } from '#models/kernels/pool.ts'
import { defineModel, type FitTask, type Fitted } from '#models/model.ts'
import { copyInto, titlesOfViewers } from '#models/play-lists.ts'
import { walkEpochs } from '#models/walk-epochs.ts'

export type PairSettings = {
  /** Width of the embeddings; a multiple of 8. */
  readonly width: number
  readonly learningRate: number
  readonly penalty: number
  /** Titles drawn for each play, of which the hardest becomes its rival; one is BPR as published. */
  readonly tries: number
  readonly epochs: number
}

/** What is known of each viewer or title: indexes of features, compressed rows. */
export type FeatureLists = { readonly count: number; readonly starts: Int32Array; readonly items: Int32Array }

export const bpr = defineModel<PairSettings>({
  name: 'bpr',
  description: 'BPR: matrix factorisation that learns from pairs, watched above not watched',
  defaults: { width: 64, learningRate: 0.05, penalty: 0.01, tries: 1, epochs: 60 },
  space: {
    width: [32, 64, 128],
    learningRate: [0.02, 0.05, 0.1],
    penalty: [0.002, 0.005, 0.01, 0.02, 0.04],
    tries: [1, 2, 4],
    epochs: [60],
  },
  fit: (task) => fitPairs(task, oneEach(task.interactions.viewers), oneEach(task.interactions.titles)),
})

/** Each is known by itself alone. */
export const oneEach = (list: readonly unknown[]): FeatureLists => ({
  count: list.length,
  starts: Int32Array.from({ length: list.length + 1 }, (_, k) => k),
  items: Int32Array.from(list, (_, k) => k),
})

const SPREAD = 0.1
/** Plays between two looks at the event loop. */
const SLICE = 50_000

export async function fitPairs(
  task: FitTask<PairSettings>,
  viewerFeatures: FeatureLists,
  titleFeatures: FeatureLists,
): Promise<Fitted<PairSettings>> {
  const { interactions, settings, seed } = task
  const { width } = settings
  const pool = await openPool(1)
  const random = createRandom(seed)
  const table = (rows: number): Float32Array => {
    const floats = pool.floats(rows * width * 2)
    const spread = SPREAD / Math.sqrt(width)
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < width; j++) floats[2 * r * width + j] = spread * random.normal()
    }
    return floats
  }
  const ints = (source: ArrayLike<number>): Int32Array => copyInto(pool.ints(source.length), source)
  const viewerTable = table(viewerFeatures.count)
  const titleTable = table(titleFeatures.count)
  const biases = pool.floats(titleFeatures.count * 2)
  const seen = titlesOfViewers(interactions)
  const lists = [viewerFeatures.starts, viewerFeatures.items, titleFeatures.starts, titleFeatures.items].map(
    ints,
  )
  await pool.run(
    'planPairs',
    width,
    interactions.titles.length,
    ...lists,
    viewerTable,
    titleTable,
    biases,
    ints(seen.starts),
    ints(seen.items),
    pool.floats(5 * width),
  )
  const count = interactions.viewer.length
  const order = pool.ints(count)
  const plays = [order, ints(interactions.viewer), ints(interactions.title)]
  const strength = copyInto(pool.floats(count), interactions.strength)
  const score = pairScorer({
    interactions,
    width,
    viewerFeatures,
    titleFeatures,
    viewerTable,
    titleTable,
    biases,
  })
  const walked = await walkEpochs(task, {
    epochs: settings.epochs,
    examples: count,
    weights: [viewerTable, titleTable, biases],
    scores: score.scores,
    onRestored: () => score.forget(),
    epoch: async (epoch, onShare) => {
      orderEpoch(order, seed, epoch)
      const drawn = (seed + Math.imul(epoch + 1, 0x9e3779b1)) >>> 0
      let loss = 0
      for (let from = 0; from < count; from += SLICE) {
        const to = Math.min(count, from + SLICE)
        const { learningRate, penalty, tries } = settings
        const [sum = 0] = await pool.run(
          'walkPairs',
          from,
          to,
          ...plays,
          strength,
          drawn,
          tries,
          learningRate,
          penalty,
        )
        loss += sum
        onShare(to / count)
        await new Promise(setImmediate)
      }
      score.forget()
      return loss / count
    },
  })
  score.forget()
  return {
    ...walked,
    settings: { ...settings, epochs: walked.epochs },
    graph: () => {
      const viewers = new Float32Array(interactions.viewers.length * width)
      for (let viewer = 0; viewer < interactions.viewers.length; viewer++) {
        const own = viewers.subarray(viewer * width, (viewer + 1) * width)
        sumFeatures(viewerFeatures, viewerTable, width, viewer, own)
      }
      const { rows, bias } = score.titles()
      return exportFactors({ name: 'pairs', viewers, titles: rows, width, bias })
    },
  }
}

/** Embeddings of titles are added up once after each change of the weights. */
function pairScorer(parts: {
  readonly interactions: Interactions
  readonly width: number
  readonly viewerFeatures: FeatureLists
  readonly titleFeatures: FeatureLists
  readonly viewerTable: Float32Array
  readonly titleTable: Float32Array
  readonly biases: Float32Array
}): {
  scores: (viewer: number) => Float32Array
  titles: () => { rows: Float32Array; bias: Float32Array }
  forget: () => void
} {
  const { width, viewerFeatures, titleFeatures, viewerTable, titleTable, biases } = parts
  const scores = new Float32Array(parts.interactions.titles.length)
  const own = new Float32Array(width)
  let titles: { rows: Float32Array; bias: Float32Array } | null = null
  const addUp = (): { rows: Float32Array; bias: Float32Array } => {
    const rows = new Float32Array(scores.length * width)
    const bias = new Float32Array(scores.length)
    for (let title = 0; title < scores.length; title++) {
      sumFeatures(titleFeatures, titleTable, width, title, rows.subarray(title * width, (title + 1) * width))
      for (
        let k = titleFeatures.starts[title] as number;
        k < (titleFeatures.starts[title + 1] as number);
        k++
      ) {
        bias[title] = (bias[title] as number) + (biases[2 * (titleFeatures.items[k] as number)] as number)
      }
    }
    return { rows, bias }
  }
  return {
    forget: () => {
      titles = null
    },
    titles: () => (titles ??= addUp()),
    scores: (viewer) => {
      titles ??= addUp()
      sumFeatures(viewerFeatures, viewerTable, width, viewer, own)
      dotAll(own, titles.rows, width, 0, scores)
      for (let title = 0; title < scores.length; title++) {
        scores[title] = (scores[title] as number) + (titles.bias[title] as number)
      }
      return scores
    },
  }
}

/** The sum of the embeddings of one entity's features; a row of the table holds weights, then their squares. */
export function sumFeatures(
  features: FeatureLists,
  table: Float32Array,
  width: number,
  entity: number,
  out: Float32Array,
): void {
  out.fill(0)
  for (let k = features.starts[entity] as number; k < (features.starts[entity + 1] as number); k++) {
    const row = 2 * width * (features.items[k] as number)
    for (let j = 0; j < width; j++) out[j] = (out[j] as number) + (table[row + j] as number)
  }
}
