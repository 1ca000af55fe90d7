/** From plays in the warehouse to a version in the registry, and how a version fares on plays that came after it. */
import { createHash } from 'node:crypto'
import { Refusal } from '#base/refusal.ts'
import { readInteractions } from '#features/interactions.ts'
import { refusals } from '#models/errors.ts'
import { type Evaluation, evaluate } from '#models/evaluate/evaluate.ts'
import { judgedViewers, splitAtMoment } from '#models/evaluate/split.ts'
import { kernelBytes } from '#models/kernels/kernels.ts'
import type { EngineChoice } from '#models/ncf/engine.ts'
import type { NcfSettings } from '#models/ncf/fit.ts'
import { openNcfSession, titlesTensor } from '#models/ncf/session.ts'
import { countDecayed, countViewers } from '#models/popularity/popularity.ts'
import type { Registry } from '#models/registry.ts'
import type { TrainingProgress, TrainingResult } from '#models/train.ts'
import { runTraining } from '#models/training.ts'
import type { ModelVersion } from '#models/version.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type LearnPorts = { readonly warehouse: Warehouse; readonly registry: Registry }

export type LearnOptions = {
  readonly tenantId: string
  readonly seed?: number
  /** Threads of the training process; one leaves the rest of the machine to serving. */
  readonly threads?: number
  readonly settings?: Partial<NcfSettings>
  readonly maxEpochs?: number
  /** `wasm` without. */
  readonly engine?: EngineChoice
  readonly onProgress?: (progress: TrainingProgress) => void
  readonly signal?: AbortSignal
}

export const DEFAULT_SEED = 1

/** Reads the tenant's plays, trains in another process, and stores the version as a candidate. */
export async function trainModel(options: LearnOptions, ports: LearnPorts): Promise<ModelVersion> {
  const { tenantId, seed = DEFAULT_SEED, threads = 1, ...rest } = options
  const interactions = await readInteractions(ports.warehouse, { tenantId })
  const result = await runTraining({ ...rest, interactions, seed, threads })
  const { name, epochs, interactionCount, viewerCount, titleCount, trainMs, dataHash, evaluation } = result
  return ports.registry.save({
    tenantId,
    name,
    epochs,
    interactionCount,
    viewerCount,
    titleCount,
    trainMs,
    seed,
    dataHash,
    codeVersion: codeVersion(result.engine),
    protocol: evaluation.protocol,
    metrics: evaluation.metrics,
    baselines: evaluation.baselines,
    onnx: result.onnx,
    index: result.index,
  })
}

/** What decides the weights besides the data: the kernels, by their hash, and TensorFlow.js where it took the steps. */
export function codeVersion({ name, about }: TrainingResult['engine']): string {
  const kernels = `kernels-${createHash('sha256').update(kernelBytes()).digest('hex').slice(0, 12)}`
  return name === 'wasm' ? kernels : `${kernels}, ${about}`
}

const MIN_JUDGED = 20

/** The version against popularity on plays after it was trained; null while too few viewers have played since. */
export async function evaluateSince(version: ModelVersion, ports: LearnPorts): Promise<Evaluation | null> {
  const interactions = await readInteractions(ports.warehouse, { tenantId: version.tenantId })
  const session = await openNcfSession(await ports.registry.artifact(version))
  try {
    const split = splitAtMoment(interactions, session.index.knowsUntil + 1)
    const judged = judgedViewers(split)
    if (judged.length < MIN_JUDGED) return null
    const all = titlesTensor(session.index.titles.map((_, k) => k))
    const scores = new Map<number, Float64Array>()
    for (const { viewer } of judged) {
      const known = session.viewerIndex.get(split.before.viewers[viewer] as string)
      const own = known === undefined ? null : await session.score(known, all)
      scores.set(
        viewer,
        Float64Array.from(split.before.titles, (id) => own?.[session.titleIndex.get(id) ?? -1] ?? -1e9),
      )
    }
    const plain = countViewers(split.before)
    const decayed = countDecayed(split.before, split.splitAt)
    return evaluate({
      split,
      model: (viewer) => scores.get(viewer) as Float64Array,
      baselines: { popularity: () => plain, 'popularity-decayed': () => decayed },
      seed: version.seed,
    })
  } finally {
    await session.close()
  }
}

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
