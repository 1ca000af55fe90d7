/** Models and their versions as the API tells of them. */

export type MetricRecord = {
  readonly name: string
  readonly value: number
  readonly low: number
  readonly high: number
  readonly against?: string | null
  readonly difference?: number | null
  readonly differenceLow?: number | null
  readonly differenceHigh?: number | null
}
export type ModelRecord = {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly state: string
  readonly trainedAt: number
  readonly interactionCount: number
  readonly viewerCount: number
  readonly titleCount: number
  readonly epochs: number
  readonly trainMs: number
  readonly seed: number
  readonly dataHash: string
  readonly codeVersion: string
  readonly protocol: string
  readonly metrics: readonly MetricRecord[]
  readonly baselines: readonly {
    readonly name: string
    readonly metrics: readonly MetricRecord[]
    readonly gap?: { readonly value: number; readonly low: number; readonly high: number }
  }[]
  readonly slices?: readonly (MetricRecord & { readonly viewers: number })[]
  readonly gates?: readonly { readonly name: string; readonly passed: boolean; readonly why: string }[]
  readonly lineage?: { readonly settings: object; readonly champion: string | null; readonly source: string }
}
/** Who gets the canary, and what its guardrails say, in words. */
export type CanaryRecord = {
  readonly modelId: string
  readonly share: number
  readonly startedAt: number
  readonly startedBy: string
  readonly guardrails: readonly string[]
}
