/**
 * Neural collaborative filtering (He et al. 2017): GMF, MLP, and NeuMF which joins both, on its own or started from
 * the two trained apart, as in the paper.
 */
import type { NeumfParts } from '#models/kernels/kernels.ts'
import type { NeumfSettings, NeumfTrainer, NeumfWeights } from '#models/kernels/prepare.ts'
import { defineModel, type FitTask, type Fitted, type ModelKind } from '#models/model.ts'
import { type NcfEngine, wasmEngine } from '#models/ncf/engine.ts'
import { exportNcf } from '#models/ncf/export.ts'
import { walkEpochs } from '#models/walk-epochs.ts'

export type NcfSettings = NeumfSettings & {
  /** At most. */
  readonly epochs: number
  /** Epochs GMF and MLP learn alone before they are joined; none when zero. Ignored by GMF and MLP themselves. */
  readonly pretrain: readonly [gmf: number, mlp: number]
}
export type FittedNcf = Fitted<NcfSettings> & { neumf(): NeumfWeights }

/** Chosen for catalogues of hundreds to thousands of titles, on validation periods only. */
export const NCF_DEFAULTS: NcfSettings = {
  width: 16,
  layers: [64, 32, 16],
  negatives: 4,
  batch: 640,
  learningRate: 0.002,
  decay: 1,
  spread: 0.05,
  epochs: 30,
  pretrain: [15, 15],
}

const SPACE: ModelKind<NcfSettings>['space'] = {
  width: [8, 16, 32],
  negatives: [4, 8],
  batch: [640, 1280, 2560],
  learningRate: [0.001, 0.002, 0.004],
  decay: [0.1, 0.3, 0.5, 1],
  spread: [0.01, 0.05],
}

export const ncf = defineModel<NcfSettings>({
  name: 'ncf',
  description: 'NeuMF: a factorisation and a perceptron, joined',
  defaults: NCF_DEFAULTS,
  space: SPACE,
  fit: (task) => fitNcf(task),
})
export const gmf = defineModel<NcfSettings>({
  name: 'gmf',
  description: 'GMF: the factorisation half of NeuMF',
  defaults: NCF_DEFAULTS,
  space: SPACE,
  fit: (task) => fitPart(task, 'gmf'),
})
export const mlp = defineModel<NcfSettings>({
  name: 'mlp',
  description: 'MLP: the perceptron half of NeuMF',
  defaults: NCF_DEFAULTS,
  space: SPACE,
  fit: (task) => fitPart(task, 'mlp'),
})

/** NeuMF as a kind that learns on the engine. */
export const ncfOn = (engine: NcfEngine): ModelKind<NcfSettings> => ({
  ...ncf,
  fit: (task) => fitNcf(task, engine),
})

/** What is joined is good already: it learns on in small steps (the paper changes to plain gradient descent there). */
const JOINED_RATE = 0.05

/** NeuMF, pre-trained where the settings say so. */
export async function fitNcf(task: FitTask<NcfSettings>, engine = wasmEngine): Promise<FittedNcf> {
  const { pretrain } = task.settings
  if (pretrain[0] === 0 && pretrain[1] === 0) return fitPart(task, 'both', engine)
  const after = reportsOf(task)
  const alone = (part: 'gmf' | 'mlp', epochs: number, done: number) =>
    fitPart({ ...task, ...after(done), settings: { ...task.settings, epochs } }, part, engine)
  const factors = await alone('gmf', pretrain[0], 0)
  const perceptron = await alone('mlp', pretrain[1], pretrain[0])
  const start = joinHalves(factors.neumf(), perceptron.neumf(), task.settings)
  const settings = { ...task.settings, learningRate: task.settings.learningRate * JOINED_RATE }
  const joined = await fitPart(
    { ...task, ...after(pretrain[0] + pretrain[1]), settings },
    'both',
    engine,
    start,
  )
  const { learningRate } = task.settings
  return {
    ...joined,
    settings: { ...joined.settings, learningRate, pretrain: [factors.epochs, perceptron.epochs] },
  }
}

/** Epochs of the three walks told as those of one, so that progress goes one way. */
function reportsOf({ onEpoch, settings }: FitTask<NcfSettings>) {
  const epochs = settings.pretrain[0] + settings.pretrain[1] + settings.epochs
  return (done: number): Pick<FitTask<NcfSettings>, 'onEpoch'> =>
    onEpoch === undefined
      ? {}
      : { onEpoch: (report) => onEpoch({ ...report, epoch: done + report.epoch, epochs }) }
}

async function fitPart(
  task: FitTask<NcfSettings>,
  parts: NeumfParts,
  engine: NcfEngine = wasmEngine,
  start?: NeumfWeights,
): Promise<FittedNcf> {
  const { settings, interactions } = task
  const trainer = await openTrainer(task, parts, engine)
  if (start !== undefined) trainer.setWeights(start)
  try {
    const walked = await walkEpochs(task, {
      epochs: settings.epochs,
      examples: interactions.viewer.length * (1 + settings.negatives),
      weights: trainer.state.arrays,
      scores: (viewer) => trainer.scores(viewer),
      epoch: (_, onShare) => trainer.epoch(onShare),
      onRestored: (epochs) => {
        trainer.state.epochs = epochs
        trainer.touch()
      },
      ...(start === undefined ? {} : { startsGood: true }),
    })
    trainer.touch()
    return {
      ...walked,
      settings: { ...settings, epochs: walked.epochs },
      graph: () => exportNcf(trainer.weights(), settings, parts),
      neumf: () => trainer.weights(),
    }
  } finally {
    await trainer.close()
  }
}

/** Few plays get smaller steps, so that one pass over them is still a walk and not a stumble. */
const STEPS_PER_EPOCH = 200
const MIN_BATCH = 80

function batchFor(settings: NeumfSettings, positives: number): number {
  const wanted = Math.ceil((positives * (1 + settings.negatives)) / STEPS_PER_EPOCH)
  return Math.max(Math.min(MIN_BATCH, settings.batch), Math.min(settings.batch, wanted))
}

function openTrainer(
  { interactions, settings, seed, threads }: FitTask<NcfSettings>,
  parts: NeumfParts,
  engine: NcfEngine,
): Promise<NeumfTrainer> {
  const { viewer, title, strength } = interactions
  return engine.open({
    viewers: interactions.viewers.length,
    titles: interactions.titles.length,
    positives: { viewers: viewer, titles: title, weights: strength },
    settings: { ...settings, batch: batchFor(settings, viewer.length) },
    seed,
    threads,
    parts,
  })
}

/** Embeddings and layers of each half, and the two output layers side by side, each at half its weight (section 3.4.1). */
function joinHalves(
  factors: NeumfWeights,
  perceptron: NeumfWeights,
  { width, layers }: NcfSettings,
): NeumfWeights {
  const rows = (table: 'viewerRows' | 'titleRows'): Float32Array =>
    perceptron[table].map((value, k) => (k % (2 * width) < width ? (factors[table][k] as number) : value))
  const dense = perceptron.dense.slice()
  const [h1, h2, h3] = layers
  const gmfOut = 2 * width * h1 + h1 + h1 * h2 + h2 + h2 * h3 + h3
  const bias = gmfOut + width + h3
  for (let k = gmfOut; k <= bias; k++) {
    const [own, theirs] = [perceptron.dense[k] as number, factors.dense[k] as number]
    dense[k] = k === bias ? 0.5 * (own + theirs) : 0.5 * (k < gmfOut + width ? theirs : own)
  }
  return { viewerRows: rows('viewerRows'), titleRows: rows('titleRows'), dense }
}
