/** Fits NeuMF to interactions: for a number of epochs, or until a held-out later period stops getting better. */
import type { Interactions } from '#features/interactions.ts'
import { mean } from '#models/evaluate/bootstrap.ts'
import { judge } from '#models/evaluate/ranking.ts'
import { judgedViewers, type TimeSplit } from '#models/evaluate/split.ts'
import { type NeumfSettings, type NeumfTrainer, openNeumfTrainer } from '#models/kernels/trainer.ts'

/** Chosen for catalogues of hundreds to thousands of titles; see the model's README for how. */
export const NCF_DEFAULTS: NeumfSettings = {
  width: 16,
  layers: [64, 32, 16],
  negatives: 4,
  batch: 640,
  learningRate: 0.002,
  decay: 0.5,
  spread: 0.05,
}

export type EpochReport = {
  readonly epoch: number
  readonly epochs: number
  /** Share of this epoch done. */
  readonly share: number
  /** Mean log loss of the last whole epoch. */
  readonly loss: number | null
  readonly examplesPerSecond: number
  /** NDCG@10 on the validation period, one an epoch. */
  readonly validation: readonly number[]
}

export type FitOptions = {
  readonly interactions: Interactions
  readonly settings: NeumfSettings
  readonly seed: number
  readonly threads: number
  readonly epochs: number
  readonly onEpoch?: (report: EpochReport) => void
}

/** Few plays get smaller steps, so that one pass over them is still a walk and not a stumble. */
const STEPS_PER_EPOCH = 200
const MIN_BATCH = 80

function batchFor(settings: NeumfSettings, positives: number): number {
  const wanted = Math.ceil((positives * (1 + settings.negatives)) / STEPS_PER_EPOCH)
  return Math.max(Math.min(MIN_BATCH, settings.batch), Math.min(settings.batch, wanted))
}

async function open(options: FitOptions): Promise<NeumfTrainer> {
  const { interactions, seed, threads } = options
  const settings = { ...options.settings, batch: batchFor(options.settings, interactions.viewer.length) }
  return openNeumfTrainer({
    viewers: interactions.viewers.length,
    titles: interactions.titles.length,
    positives: {
      viewers: interactions.viewer,
      titles: interactions.title,
      weights: interactions.strength,
    },
    settings,
    seed,
    threads,
  })
}

async function runEpochs(
  trainer: NeumfTrainer,
  options: FitOptions,
  validation: number[],
  goOn: (epoch: number) => boolean,
): Promise<number> {
  const examples = options.interactions.viewer.length * (1 + options.settings.negatives)
  const began = performance.now()
  let loss: number | null = null
  for (let epoch = 1; epoch <= options.epochs; epoch++) {
    const report = (share: number): void => {
      const seconds = (performance.now() - began) / 1000
      const examplesPerSecond = Math.round(((epoch - 1 + share) * examples) / Math.max(seconds, 1e-3))
      options.onEpoch?.({ epoch, epochs: options.epochs, share, loss, examplesPerSecond, validation })
    }
    loss = await trainer.epoch(report)
    if (!goOn(epoch)) return epoch
    report(1)
  }
  return options.epochs
}

/** A fitted trainer, to score or take weights from. The caller closes it. */
export async function fitNcf(options: FitOptions): Promise<NeumfTrainer> {
  const trainer = await open(options)
  await runEpochs(trainer, options, [], () => true)
  return trainer
}

/** How many epochs are best for the later part of `split`: stops after `patience` epochs without a better one. */
export async function chooseEpochs(
  split: TimeSplit,
  options: Omit<FitOptions, 'interactions'>,
  patience = 5,
): Promise<{ epochs: number; curve: number[] }> {
  const judged = judgedViewers(split)
  const curve: number[] = []
  let best = 0
  const fit = { ...options, interactions: split.before }
  const trainer = await open(fit)
  try {
    await runEpochs(trainer, fit, curve, (epoch) => {
      curve.push(mean(judged.map((viewer) => judge(trainer.scores(viewer.viewer), viewer, 10).ndcg)))
      if ((curve[epoch - 1] as number) > (curve[best - 1] ?? -1)) best = epoch
      return epoch - best < patience
    })
  } finally {
    await trainer.close()
  }
  return { epochs: Math.max(1, best), curve }
}
