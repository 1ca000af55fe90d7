/** One version of a model, as the registry keeps it. */
import type { Metric } from '#models/evaluate/evaluate.ts'

export type ModelState = 'candidate' | 'champion' | 'retired'

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
  readonly baselines: readonly { readonly name: string; readonly metrics: readonly Metric[] }[]
}
export type ModelVersion = StoredVersion & { readonly state: ModelState }
export type NewVersion = Omit<StoredVersion, 'id' | 'version' | 'trainedAt'> & {
  readonly onnx: Uint8Array
  readonly index: Uint8Array
}
