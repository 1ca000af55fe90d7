/**
 * What every trainer of NeuMF shares: one memory with the positives, the weights a seed starts with and the kernels over
 * both. It orders the epochs, cuts them into slices and scores; a trainer brings the steps of a slice.
 */
import { assert } from '#base/assert.ts'
import { createRandom, type Random } from '#base/random.ts'
import { orderEpoch } from '#models/kernels/epoch-order.ts'
import {
  bindKernels,
  createKernelMemory,
  type KernelPlan,
  type Kernels,
  type NeumfParts,
  TITLES,
  VIEWERS,
} from '#models/kernels/kernels.ts'
import type { Slice } from '#models/kernels/steps.ts'

export type NeumfSettings = {
  /** Width of each of the four embeddings; a multiple of 8. */
  readonly width: number
  readonly layers: readonly [number, number, number]
  /** Titles not watched that are drawn beside each one watched. */
  readonly negatives: number
  /** Examples a step, positives and negatives together. */
  readonly batch: number
  readonly learningRate: number
  /** Decoupled weight decay of the embeddings a step moves, times the learning rate. */
  readonly decay: number
  /** Standard deviation embeddings start with. */
  readonly spread: number
}

/** Who watched what: parallel arrays of viewer index, title index and weight in (0, 1]. */
export type Positives = {
  readonly viewers: Int32Array
  readonly titles: Int32Array
  readonly weights: Float32Array
}

export type NeumfWeights = {
  readonly viewerRows: Float32Array
  readonly titleRows: Float32Array
  readonly dense: Float32Array
}

export type NeumfOptions = {
  readonly viewers: number
  readonly titles: number
  readonly positives: Positives
  readonly settings: NeumfSettings
  readonly seed: number
  readonly threads: number
  /** Both without. */
  readonly parts?: NeumfParts
}

export type NeumfTrainer = {
  /** One pass over the positives; resolves to the mean loss an example. `onSlice` hears the share done. */
  epoch(onSlice?: (share: number) => void): Promise<number>
  /** Logits of all titles for the viewer. The array is reused by the next call. */
  scores(viewer: number): Float32Array
  /** A copy of the weights: embedding rows of `2 * width` (GMF then MLP) and the dense weights. */
  weights(): NeumfWeights
  /** Starts from these weights instead; the optimiser forgets what it had. */
  setWeights(weights: NeumfWeights): void
  /** Everything the next epoch depends on, live: weights and optimiser, and how many epochs are behind. */
  readonly state: { readonly arrays: readonly Float32Array[]; epochs: number }
  /** To be called when `state` was written to. */
  touch(): void
  close(): Promise<void>
}

export type PreparedNeumf = Omit<NeumfTrainer, 'epoch' | 'close'> & {
  readonly plan: KernelPlan
  readonly memory: WebAssembly.Memory
  readonly kernels: Kernels
  /** One pass; `run` takes the steps of a slice, in order, and resolves to their summed loss. */
  epoch(run: (slice: Slice) => Promise<number>, onSlice?: (share: number) => void): Promise<number>
}

/** Batches between two looks at the event loop. */
const SLICE_BATCHES = 256

/** Threads other than the caller's bind the kernels to the memory themselves. */
export function prepareNeumf(options: NeumfOptions): PreparedNeumf {
  const { settings, positives, threads, seed } = options
  const count = positives.viewers.length
  assert(settings.width % 8 === 0 && settings.layers.every((n) => n % 8 === 0), 'widths are multiples of 8')
  assert(count > 0 && options.viewers > 0 && options.titles > 0, 'there is something to learn from')
  const perPositive = 1 + settings.negatives
  const positivesPerBatch = Math.max(1, Math.floor(settings.batch / perPositive))
  const plan: KernelPlan = {
    viewers: options.viewers,
    titles: options.titles,
    positives: count,
    width: settings.width,
    layers: settings.layers,
    batch: positivesPerBatch * perPositive,
    threads,
    parts: options.parts ?? 'both',
  }
  const memory = createKernelMemory()
  const kernels = bindKernels(memory, plan)
  loadPositives(memory, kernels, plan, positives)
  startWeights(memory, kernels, plan, settings, createRandom(seed))
  const order = new Int32Array(memory.buffer, kernels.addressOfOrder(), count)
  const floats = (address: number, length: number): Float32Array =>
    new Float32Array(memory.buffer, address, length)
  const [viewerTable, titleTable] = [
    floats(kernels.addressOfRows(VIEWERS), plan.viewers * settings.width * 6),
    floats(kernels.addressOfRows(TITLES), plan.titles * settings.width * 6),
  ]
  const denseTable = floats(kernels.addressOfDense(), kernels.denseCount() * 3)
  const state = { arrays: [viewerTable, titleTable, denseTable], epochs: 0 }
  const batchesPerEpoch = Math.ceil(count / positivesPerBatch)
  let projected = false
  return {
    plan,
    memory,
    kernels,
    state,
    epoch: async (run, onSlice) => {
      orderEpoch(order, seed, state.epochs)
      projected = false
      kernels.turnWeights()
      let loss = 0
      for (let from = 0; from < batchesPerEpoch; from += SLICE_BATCHES) {
        const toBatch = Math.min(batchesPerEpoch, from + SLICE_BATCHES)
        loss += await run({
          epoch: state.epochs,
          fromBatch: from,
          toBatch,
          batchesPerEpoch,
          positivesPerBatch,
          negatives: settings.negatives,
          seed,
          rate: settings.learningRate,
          decay: settings.decay,
        })
        onSlice?.(toBatch / batchesPerEpoch)
        await new Promise(setImmediate)
      }
      state.epochs++
      return loss / (count * perPositive)
    },
    scores: (viewer) => {
      if (!projected) kernels.projectTitles(0)
      projected = true
      return floats(kernels.scoreTitles(viewer, 0) >>> 0, plan.titles)
    },
    weights: () => ({
      viewerRows: readRows(viewerTable, settings.width),
      titleRows: readRows(titleTable, settings.width),
      dense: denseTable.slice(0, kernels.denseCount()),
    }),
    setWeights: ({ viewerRows, titleRows, dense }) => {
      writeRows(viewerTable, settings.width, viewerRows)
      writeRows(titleTable, settings.width, titleRows)
      denseTable.fill(0)
      denseTable.set(dense)
      projected = false
    },
    touch: () => {
      projected = false
    },
  }
}

function loadPositives(
  memory: WebAssembly.Memory,
  kernels: Kernels,
  plan: KernelPlan,
  positives: Positives,
): void {
  const ints = (address: number, length: number): Int32Array => new Int32Array(memory.buffer, address, length)
  const n = plan.positives
  ints(kernels.addressOfPositiveViewers(), n).set(positives.viewers)
  ints(kernels.addressOfPositiveTitles(), n).set(positives.titles)
  new Float32Array(memory.buffer, kernels.addressOfPositiveWeights(), n).set(positives.weights)
  const starts = ints(kernels.addressOfSeenStarts(), plan.viewers + 1).fill(0)
  for (const viewer of positives.viewers) starts[viewer + 1] = (starts[viewer + 1] as number) + 1
  for (let v = 0; v < plan.viewers; v++) starts[v + 1] = (starts[v + 1] as number) + (starts[v] as number)
  const seen = ints(kernels.addressOfSeenTitles(), n)
  const next = starts.slice()
  for (let k = 0; k < n; k++) {
    const viewer = positives.viewers[k] as number
    const place = next[viewer] as number
    seen[place] = positives.titles[k] as number
    next[viewer] = place + 1
  }
  for (let v = 0; v < plan.viewers; v++) seen.subarray(starts[v], starts[v + 1]).sort()
  ints(kernels.addressOfSlots(VIEWERS), plan.viewers).fill(-1)
  ints(kernels.addressOfSlots(TITLES), plan.titles).fill(-1)
}

function startWeights(
  memory: WebAssembly.Memory,
  kernels: Kernels,
  plan: KernelPlan,
  settings: NeumfSettings,
  random: Random,
): void {
  const pair = 2 * plan.width
  for (const [address, rows] of [
    [kernels.addressOfRows(VIEWERS), plan.viewers],
    [kernels.addressOfRows(TITLES), plan.titles],
  ] as const) {
    const table = new Float32Array(memory.buffer, address, rows * pair * 3)
    for (let r = 0; r < rows; r++)
      for (let j = 0; j < pair; j++) table[r * pair * 3 + j] = settings.spread * random.normal()
  }
  const dense = new Float32Array(memory.buffer, kernels.addressOfDense(), kernels.denseCount())
  const uniform = (from: number, count: number, fanIn: number): number => {
    const bound = Math.sqrt(3 / fanIn)
    for (let k = 0; k < count; k++) dense[from + k] = (random.next() * 2 - 1) * bound
    return from + count
  }
  const [h1, h2, h3] = plan.layers
  let at = uniform(0, pair * h1, pair) + h1
  at = uniform(at, h1 * h2, h1) + h2
  at = uniform(at, h2 * h3, h2) + h3
  uniform(at, plan.width + h3, plan.width + h3)
  kernels.turnWeights()
}

/** The weights of each row, without what the optimiser keeps beside them. */
function readRows(table: Float32Array, width: number): Float32Array {
  const pair = 2 * width
  const copy = new Float32Array(table.length / 3)
  for (let r = 0; r < copy.length / pair; r++)
    copy.set(table.subarray(r * pair * 3, r * pair * 3 + pair), r * pair)
  return copy
}

function writeRows(table: Float32Array, width: number, rows: Float32Array): void {
  const pair = 2 * width
  table.fill(0)
  for (let r = 0; r < rows.length / pair; r++)
    table.set(rows.subarray(r * pair, (r + 1) * pair), r * pair * 3)
}
