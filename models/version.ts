/** One version of a model, as the registry keeps it: what it is, what it came of, how it measured. */
import type { Baseline, Metric, Slice } from '#models/evaluate/evaluate.ts'
import type { Gate } from '#models/gates.ts'

/** A canary is before a share of the viewers. */
export type ModelState = 'candidate' | 'canary' | 'champion' | 'retired'

/** What a version came of, beside data and seed: enough to make it again. Missing in versions older than it. */
export type Lineage = {
  readonly settings: object
  /** Settings tried to find these. */
  readonly tries: number
  /** The version before viewers when this one was trained. */
  readonly champion: string | null
  readonly graphHash: string
  /** Epoch ms; what came after it judged the version. */
  readonly splitAt: number
  readonly judgedViewers: number
  /** Where the interactions came from: the platform's own plays, or the name of an import. */
  readonly source: string
  readonly runtime: string
}

export type StoredVersion = {
  readonly tenantId: string
  /** `<name>-<version>`. */
  readonly id: string
  readonly name: string
  readonly version: string
  readonly trainedAt: number
  readonly interactionCount: number
  readonly viewerCount: number
  readonly titleCount: number
  readonly trainMs: number
  readonly epochs: number
  readonly seed: number
  readonly dataHash: string
  readonly codeVersion: string
  /** How it was measured, in words, and what came out. */
  readonly protocol: string
  readonly metrics: readonly Metric[]
  readonly baselines: readonly Baseline[]
  readonly slices?: readonly Slice[]
  readonly gates?: readonly Gate[]
  readonly lineage?: Lineage
}
export type ModelVersion = StoredVersion & { readonly state: ModelState }
export type NewVersion = Omit<StoredVersion, 'id' | 'version' | 'trainedAt'> & {
  readonly onnx: Uint8Array
  readonly index: Uint8Array
}
