/**
 * Trains a model and measures it. Fits: some to choose settings and how long to train (judged on a validation period),
 * one on everything before the split to be judged on what came after, one on everything to be served.
 * Equal interactions, settings and seed give an equal model, bit for bit, on the kernels; a near one on TensorFlow.js.
 */
import { createHash } from 'node:crypto'
import { Refusal } from '#base/refusal.ts'
import type { LearningFacts } from '#features/facts.ts'
import type { Interactions } from '#features/interactions.ts'
import { writeIndex } from '#models/artifact.ts'
import { EASE_BASELINE, popularitiesOf } from '#models/baselines.ts'
import { openCheckpoints } from '#models/checkpoints.ts'
import { codeVersion } from '#models/code-version.ts'
import { ease } from '#models/ease/ease.ts'
import { refusals } from '#models/errors.ts'
import { type Evaluation, evaluate } from '#models/evaluate/evaluate.ts'
import type { Scorer } from '#models/evaluate/ranking.ts'
import { judgedViewers, momentAt, splitAtMoment, type TimeSplit } from '#models/evaluate/split.ts'
import { CHAMPION, type Gate, gatesOf } from '#models/gates.ts'
import { kindNamed } from '#models/kinds.ts'
import type { EpochReport, ModelKind } from '#models/model.ts'
import { type EngineChoice, type NcfEngine, openEngine } from '#models/ncf/engine.ts'
import { checkExport } from '#models/ncf/parity.ts'
import { findNeighbours } from '#models/neighbours.ts'
import { chooseSettings } from '#models/search.ts'

export const TRAINING_STEPS = [
  'choosing',
  'comparing',
  'fitting',
  'evaluating',
  'refitting',
  'exporting',
] as const
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

/** A model as it can be learned again: its kind, settings and seed. */
export type Recipe = { readonly name: string; readonly settings: object; readonly seed: number }

export type TrainingOptions = {
  readonly interactions: Interactions
  readonly seed: number
  readonly threads: number
  /** Name of the kind; NCF without. */
  readonly model?: string
  readonly settings?: object
  readonly maxEpochs?: number
  /** Settings tried, the given or default ones first; one chooses the number of epochs only. */
  readonly tries?: number
  /** What takes the steps of NCF; `wasm` without. */
  readonly engine?: EngineChoice
  /** What is before viewers now: learned again from the same plays, to be compared with. */
  readonly champion?: Recipe
  readonly facts?: LearningFacts
  /** A folder to keep where the training stands, and to go on from when it was ended. */
  readonly checkpoints?: string
  readonly onProgress?: (progress: TrainingProgress) => void
  /** Ends the choice of settings and epochs: what was best so far is learned, measured and kept. */
  readonly stop?: AbortSignal
}

export type TrainingResult = {
  readonly name: string
  readonly seed: number
  readonly settings: object
  /** Settings that were tried, and NDCG@10 of each on the validation period. */
  readonly trials: readonly { readonly settings: object; readonly value: number }[]
  readonly epochs: number
  readonly validation: readonly number[]
  readonly interactionCount: number
  readonly viewerCount: number
  readonly titleCount: number
  readonly dataHash: string
  /** Of the served graph. */
  readonly graphHash: string
  readonly trainMs: number
  readonly engine: Pick<NcfEngine, 'name' | 'about'>
  readonly evaluation: Evaluation
  readonly gates: readonly Gate[]
  readonly onnx: Uint8Array
  readonly index: Uint8Array
}

const TEST_SHARE = 0.2
const VALIDATION_SHARE = 0.1
const MIN_JUDGED = 5
/** Penalties of EASE tried for the table. */
const EASE_TRIES = 4

export async function trainAndEvaluate(options: TrainingOptions): Promise<TrainingResult> {
  const began = performance.now()
  const { interactions, seed, threads, stop, tries = 1 } = options
  const engine = await openEngine(options.engine ?? 'wasm')
  const kind = kindNamed(options.model ?? 'ncf', engine)
  options.onProgress?.({ step: 'choosing', progress: 0, remainingMs: null, engine: engine.about })
  const { split, inner } = splitTwice(interactions)
  const said = reporter(options.onProgress)
  const first = settingsFrom(kind, options)
  const dataHash = hashInteractions(interactions)
  const checkpoints =
    options.checkpoints === undefined
      ? null
      : openCheckpoints(
          options.checkpoints,
          keyOf([kind.name, first, engine.about, dataHash, seed, tries, options.champion]),
        )
  const going = checkpoints === null ? {} : { checkpoints }
  const { settings, validation, trials } = await chooseSettings(kind, inner, {
    seed,
    threads,
    tries,
    settings: first,
    onEpoch: said('choosing', 0, 0.5, tries),
    ...going,
    // Stops the choice only: what was chosen is then learned whole, or it would be served half done.
    ...(stop === undefined ? {} : { signal: stop }),
  })
  said('comparing', 0.5, 0.5)(null)
  const baselines = await baselinesFor(kind, split, inner, options)
  const fit = { settings, seed, threads, ...going }
  const judged = await kind.fit({ ...fit, interactions: split.before, onEpoch: said('fitting', 0.55, 0.72) })
  said('evaluating', 0.72, 0.72)(null)
  const evaluation = evaluate({
    split,
    model: judged.scores,
    baselines,
    seed,
    ...(options.facts === undefined ? {} : { facts: options.facts }),
  })
  const final = await kind.fit({ ...fit, interactions, onEpoch: said('refitting', 0.75, 0.97) })
  said('exporting', 0.97, 0.97)(null)
  const onnx = final.graph()
  const index = writeIndex({
    viewers: interactions.viewers,
    titles: interactions.titles,
    neighbours: findNeighbours(interactions),
    knowsUntil: interactions.at.at(-1) ?? 0,
  })
  await checkExport({ onnx, index }, final.scores, seed)
  await checkpoints?.clear()
  return {
    name: kind.name,
    seed,
    settings,
    trials: trials.map((trial) => ({ settings: trial.settings, value: trial.value })),
    epochs: final.epochs,
    validation,
    interactionCount: interactions.viewer.length,
    viewerCount: interactions.viewers.length,
    titleCount: interactions.titles.length,
    dataHash,
    graphHash: createHash('sha256').update(onnx).digest('hex').slice(0, 32),
    trainMs: Math.round(performance.now() - began),
    engine: { name: engine.name, about: engine.about },
    evaluation,
    gates: gatesOf(evaluation),
    onnx,
    index,
  }
}

/** Names the training by what decides its weights; the number of threads does not. */
const keyOf = (what: readonly unknown[]): string =>
  createHash('sha256')
    .update(JSON.stringify([...what, codeVersion()]))
    .digest('hex')
    .slice(0, 32)

function settingsFrom(kind: ModelKind<object>, { settings, maxEpochs }: TrainingOptions): object {
  const wanted: { epochs?: number; pretrain?: readonly number[] } = { ...kind.defaults, ...settings }
  if (maxEpochs === undefined || wanted.epochs === undefined) return wanted
  const pretrain = wanted.pretrain?.map((epochs) => Math.min(epochs, maxEpochs))
  return { ...wanted, epochs: maxEpochs, ...(pretrain === undefined ? {} : { pretrain }) }
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

async function baselinesFor(
  kind: ModelKind<object>,
  split: TimeSplit,
  inner: TimeSplit,
  { seed, threads, champion }: TrainingOptions,
): Promise<Record<string, Scorer>> {
  const baselines = popularitiesOf(split)
  if (kind.name !== ease.name) {
    const chosen = await chooseSettings(ease, inner, {
      seed,
      threads,
      tries: EASE_TRIES,
      settings: EASE_BASELINE,
    })
    const task = { interactions: split.before, settings: chosen.settings, seed, threads }
    baselines[ease.name] = (await ease.fit(task)).scores
  }
  if (champion !== undefined) {
    const { name, ...recipe } = champion
    const fitted = await kindNamed(name).fit({ ...recipe, interactions: split.before, threads })
    baselines[CHAMPION] = fitted.scores
  }
  return baselines
}

/** Says a report as a share of the whole training; null says that a step begins. */
type Said = (
  step: TrainingProgress['step'],
  from: number,
  to: number,
  parts?: number,
) => (report: EpochReport | null, part?: number) => void

function reporter(onProgress: TrainingOptions['onProgress']): Said {
  const began = performance.now()
  return (step, from, to, parts = 1) =>
    (report, part = 0) => {
      const done = report === null ? 0 : (report.epoch - 1 + report.share) / report.epochs
      const progress = from + ((to - from) * (part + done)) / parts
      const elapsed = performance.now() - began
      const remainingMs = progress > 0.02 ? Math.round((elapsed * (1 - progress)) / progress) : null
      if (report === null) onProgress?.({ step, progress, remainingMs })
      else {
        const { epoch, epochs, loss, examplesPerSecond, validation } = report
        onProgress?.({ step, progress, remainingMs, epoch, epochs, loss, examplesPerSecond, validation })
      }
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
