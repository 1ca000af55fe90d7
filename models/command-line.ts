/** What the data scientist's commands share: their options, and how figures are printed. */
import { parseArgs } from 'node:util'
import type { Command as AnyCommand, Shell } from '#base/command.ts'
import { Refusal } from '#base/refusal.ts'
import type { Imports } from '#features/import/imports.ts'
import type { Interactions } from '#features/interactions.ts'
import { refusals } from '#models/errors.ts'
import type { Evaluation, Metric } from '#models/evaluate/evaluate.ts'
import { fixed, interval, signed } from '#models/evaluate/words.ts'
import type { Gate } from '#models/gates.ts'
import type { LearnPorts } from '#models/learn.ts'
import type { Registry } from '#models/registry.ts'
import type { ModelVersion } from '#models/version.ts'

export type ModelCommandPorts = LearnPorts &
  Shell & {
    /** The tenant when --tenant does not say. */
    readonly tenantId: string
    /** Sets people brought along, for --from. */
    readonly imports: Pick<Imports, 'read'>
  }
export type ModelCommand = AnyCommand<ModelCommandPorts>

const OPTIONS = {
  json: { type: 'boolean' },
  tenant: { type: 'string' },
  model: { type: 'string' },
  from: { type: 'string' },
  seed: { type: 'string' },
  threads: { type: 'string' },
  epochs: { type: 'string' },
  search: { type: 'string' },
  engine: { type: 'string' },
  promote: { type: 'boolean' },
  despite: { type: 'string' },
  share: { type: 'string' },
  html: { type: 'string' },
  card: { type: 'boolean' },
} as const
type Whole = 'seed' | 'threads' | 'epochs' | 'search'

export function readArguments(args: readonly string[], ports: ModelCommandPorts) {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  const whole = (name: Whole, min: number, max: number): number | undefined => {
    const text = values[name]
    if (text === undefined) return undefined
    const n = Number(text)
    if (!Number.isInteger(n) || n < min || n > max) {
      throw new TypeError(`--${name} takes a whole number from ${min} to ${max}, not ${text}`)
    }
    return n
  }
  const tenantId = values.tenant ?? ports.tenantId
  const from = async (): Promise<{ readonly from?: Interactions }> =>
    values.from === undefined ? {} : { from: await ports.imports.read(tenantId, values.from) }
  return { values, positionals, version: positionals[0], tenantId, whole, from }
}

export const SHARED_HELP = `
  --tenant <id>   whose model; the platform's own tenant without it
  --json          one JSON document instead of text`

export function metricLine(metric: Metric): string {
  const { name, value, low, high, against, difference, differenceLow, differenceHigh } = metric
  const own = `  ${name.padEnd(18)} ${fixed(value)}  ${interval(low, high)}`.trimEnd()
  if (against === undefined) return own
  return `${own}   ${signed(difference ?? 0)} ${interval(differenceLow, differenceHigh)} against ${against}`
}

type Told = Pick<Evaluation, 'metrics' | 'baselines'> & { readonly slices?: Evaluation['slices'] }

export function printEvaluation({ metrics, baselines, slices = [] }: Told, ports: ModelCommandPorts): void {
  for (const metric of metrics) ports.print(metricLine(metric))
  if (baselines.length > 0) ports.print('Others on the same viewers:')
  for (const { name, metrics: own, gap } of baselines) {
    const [ndcg] = own
    if (ndcg === undefined) continue
    const behind =
      gap === undefined ? '' : `   this version ${signed(gap.value)} ${interval(gap.low, gap.high)}`
    ports.print(`  ${name.padEnd(18)} ${ndcg.name} ${fixed(ndcg.value)}${behind}`)
  }
  if (slices.length > 0) ports.print('ndcg@10 of groups of viewers:')
  for (const slice of slices) ports.print(`${metricLine(slice)}   (${slice.viewers} viewers)`)
}

export function printGates(gates: readonly Gate[], ports: ModelCommandPorts): void {
  for (const { name, passed, why } of gates) ports.print(`  ${passed ? 'open  ' : 'CLOSED'}  ${name}: ${why}`)
}

export const describeVersion = (model: ModelVersion): string =>
  `${model.id}  ${model.state.padEnd(9)}  ${new Date(model.trainedAt).toISOString().slice(0, 16)}Z  ` +
  `${model.interactionCount} plays, ${model.viewerCount} viewers, ${model.titleCount} titles`

/** The version named, or the newest. */
export async function findVersion(registry: Registry, tenantId: string, id?: string): Promise<ModelVersion> {
  const found = id === undefined ? (await registry.list(tenantId))[0] : await registry.get(tenantId, id)
  if (found === undefined || found === null) {
    throw new Refusal(
      refusals.modelMissing,
      id === undefined ? 'No model has been trained yet.' : `There is no model version ${id}.`,
    )
  }
  return found
}
