/**
 * What a kind of model is: it learns from interactions and scores titles for viewers. One interface for baselines and
 * for what serves, so that every comparison runs all of them in the same way.
 */
import type { Interactions } from '#features/interactions.ts'
import type { Checkpoints } from '#models/checkpoints.ts'
import type { Scorer } from '#models/evaluate/ranking.ts'

export type EpochReport = {
  readonly epoch: number
  readonly epochs: number
  /** Share of this epoch done. */
  readonly share: number
  /** Mean loss of the last whole epoch. */
  readonly loss: number | null
  readonly examplesPerSecond: number
  /** What the judge said, one an epoch. */
  readonly validation: readonly number[]
}

/** Tells after each epoch how good the scores are, higher is better; learning stops `patience` epochs past the best. */
export type Judge = { readonly judge: (scores: Scorer) => number; readonly patience: number }

export type FitTask<Settings> = {
  readonly interactions: Interactions
  readonly settings: Settings
  /** Equal interactions, settings and seed give equal bits, whatever the number of threads. */
  readonly seed: number
  readonly threads: number
  /** Stops early by it, and keeps the best epoch. Kinds that are solved, not walked to, do not ask it. */
  readonly stopBy?: Judge
  readonly onEpoch?: (report: EpochReport) => void
  /** Where the walks of kinds that learn in epochs are kept, and gone on from. */
  readonly checkpoints?: Checkpoints
  /** Ends learning after the epoch under way; what was best so far is kept. */
  readonly signal?: AbortSignal
}

export type Fitted<Settings> = {
  /** Scores of all titles of the interactions for a viewer's index. The array is reused by the next call. */
  readonly scores: Scorer
  /** The weights, in a fixed order: what is hashed and stored. */
  weights(): readonly ArrayBufferView[]
  /** What serves: an ONNX graph, `viewer` [1] and `titles` [N] (indexes) in, `scores` [N] out. */
  graph(): Uint8Array
  /** As asked, with as many epochs as were best: for a fit on more data without a judge. */
  readonly settings: Settings
  /** Epochs behind these weights. */
  readonly epochs: number
  /** What the judge said, one an epoch. */
  readonly validation: readonly number[]
}

export type ModelKind<Settings extends object> = {
  readonly name: string
  readonly description: string
  readonly defaults: Settings
  /** What a search may try of each setting. */
  readonly space: { readonly [S in keyof Settings]?: readonly Settings[S][] }
  fit(task: FitTask<Settings>): Promise<Fitted<Settings>>
}

/** Declares a kind. */
export function defineModel<Settings extends object>(kind: ModelKind<Settings>): ModelKind<Settings> {
  return kind
}
