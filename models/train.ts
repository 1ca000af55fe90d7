/**
 * Trains NeuMF and measures it. Three fits: one to choose how long to train (stops early on a validation period), one
 * on everything before the split to be judged on what came after, one on everything to be served.
 * Equal interactions, settings and seed give an equal model, bit for bit, on the kernels; a near one on TensorFlow.js.
 */
import { createHash } from 'node:crypto'
import { Refusal } from '#base/refusal.ts'
import type { Interactions } from '#features/interactions.ts'
import { writeIndex } from '#models/artifact.ts'
import { refusals } from '#models/errors.ts'
import { type Evaluation, evaluate } from '#models/evaluate/evaluate.ts'
import { judgedViewers, momentAt, splitAtMoment, type TimeSplit } from '#models/evaluate/split.ts'
import type { EpochReport } from '#models/model.ts'
import { type EngineChoice, type NcfEngine, openEngine } from '#models/ncf/engine.ts'
import { exportNcf } from '#models/ncf/export.ts'
import { fitNcf, NCF_DEFAULTS, type NcfSettings, ncfOn } from '#models/ncf/fit.ts'
import { findNeighbours } from '#models/neighbours.ts'
import { countDecayed, countViewers } from '#models/popularity/popularity.ts'
import { chooseSettings } from '#models/search.ts'

export const TRAINING_STEPS = ['choosing', 'fitting', 'evaluating', 'refitting', 'exporting'] as const
export type TrainingProgress = {
  readonly step: (typeof TRAINING_STEPS)[number]
  /** 0 to 1 over the whole training. */
  readonly progress: number
  readonly remainingMs: number | null
  /** What trains; told once, first. */
  readonly engine?: string
  readonly epoch?: number
  readonly epochs?: number
  readonly loss?: number | null
  readonly examplesPerSecond?: number
  /** NDCG@10 on the validation period, one an epoch. */
  readonly validation?: readonly number[]
}

export type TrainingOptions = {
  readonly interactions: Interactions
  readonly seed: number
  readonly threads: number
  readonly settings?: Partial<NcfSettings>
  readonly maxEpochs?: number
  /** `wasm` without. */
  readonly engine?: EngineChoice
  readonly onProgress?: (progress: TrainingProgress) => void
}

export type TrainingResult = {
  readonly name: 'ncf'
  readonly seed: number
  readonly settings: NcfSettings
  readonly epochs: number
  readonly validation: readonly number[]
  readonly interactionCount: number
  readonly viewerCount: number
  readonly titleCount: number
  readonly dataHash: string
  readonly trainMs: number
  readonly engine: Pick<NcfEngine, 'name' | 'about'>
  readonly evaluation: Evaluation
  readonly onnx: Uint8Array
  readonly index: Uint8Array
}

const TEST_SHARE = 0.2
const VALIDATION_SHARE = 0.1
const MIN_JUDGED = 5

export async function trainAndEvaluate(options: TrainingOptions): Promise<TrainingResult> {
  const began = performance.now()
  const { interactions, seed, threads } = options
  const { split, inner } = splitTwice(interactions)
  const engine = await openEngine(options.engine ?? 'wasm')
  options.onProgress?.({ step: 'choosing', progress: 0, remainingMs: null, engine: engine.about })
  const said = reporter(options.onProgress)
  const { settings, validation } = await chooseSettings(ncfOn(engine), inner, {
    seed,
    threads,
    settings: { ...NCF_DEFAULTS, epochs: options.maxEpochs ?? NCF_DEFAULTS.epochs, ...options.settings },
    onEpoch: said('choosing', 0, 0.5),
  })
  const fit = { settings, seed, threads, engine }
  const evaluation = await judgeFit(split, fit, said)
  const final = await fitNcf({ ...fit, interactions, onEpoch: said('refitting', 0.75, 0.97) }, engine)
  options.onProgress?.({ step: 'exporting', progress: 0.97, remainingMs: null })
  const onnx = exportNcf(final.neumf(), settings)
  const index = writeIndex({
    viewers: interactions.viewers,
    titles: interactions.titles,
    neighbours: findNeighbours(interactions),
    knowsUntil: interactions.at.at(-1) ?? 0,
  })
  return {
    name: 'ncf',
    seed,
    settings,
    epochs: settings.epochs,
    validation,
    interactionCount: interactions.viewer.length,
    viewerCount: interactions.viewers.length,
    titleCount: interactions.titles.length,
    dataHash: hashInteractions(interactions),
    trainMs: Math.round(performance.now() - began),
    engine: { name: engine.name, about: engine.about },
    evaluation,
    onnx,
    index,
  }
}

/** Test period at the end, validation period before it. Refuses where there is nobody to judge by. */
export function splitTwice(interactions: Interactions): { split: TimeSplit; inner: TimeSplit } {
  const split = splitAtMoment(interactions, momentAt(interactions, 1 - TEST_SHARE))
  const inner = splitAtMoment(split.before, momentAt(split.before, 1 - VALIDATION_SHARE / (1 - TEST_SHARE)))
  const judged = Math.min(judgedViewers(split).length, judgedViewers(inner).length)
  if (judged < MIN_JUDGED) {
    throw new Refusal(
      refusals.tooFewInteractions,
      `${interactions.viewer.length} plays of ${interactions.viewers.length} viewers leave ${judged} to judge a model by.`,
    )
  }
  return { split, inner }
}

type Said = (step: TrainingProgress['step'], from: number, to: number) => (report: EpochReport) => void

async function judgeFit(
  split: TimeSplit,
  fit: Pick<TrainingOptions, 'seed' | 'threads'> & {
    readonly settings: NcfSettings
    readonly engine: NcfEngine
  },
  said: Said,
): Promise<Evaluation> {
  const { before, splitAt } = split
  const task = { ...fit, interactions: before, onEpoch: said('fitting', 0.5, 0.7) }
  const { scores } = await fitNcf(task, fit.engine)
  const plain = countViewers(before)
  const decayed = countDecayed(before, splitAt)
  return evaluate({
    split,
    model: scores,
    baselines: { popularity: () => plain, 'popularity-decayed': () => decayed },
    seed: fit.seed,
  })
}

function reporter(onProgress: TrainingOptions['onProgress']): Said {
  const began = performance.now()
  return (step, from, to) => (report) => {
    const { epoch, epochs, share, loss, examplesPerSecond, validation } = report
    const progress = from + ((to - from) * (epoch - 1 + share)) / epochs
    const elapsed = performance.now() - began
    const remainingMs = progress > 0.02 ? Math.round((elapsed * (1 - progress)) / progress) : null
    onProgress?.({ step, progress, remainingMs, epoch, epochs, loss, examplesPerSecond, validation })
  }
}

/** The training set's name: equal rows, equal hash. */
export function hashInteractions(interactions: Interactions): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([interactions.viewers, interactions.titles]))
  for (const column of [interactions.viewer, interactions.title, interactions.at, interactions.strength]) {
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength))
  }
  return hash.digest('hex').slice(0, 32)
}
