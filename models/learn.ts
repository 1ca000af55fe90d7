/** From plays in the warehouse to a version in the registry. */
import { readFacts } from '#features/facts.ts'
import { type Interactions, readInteractions } from '#features/interactions.ts'
import { codeVersion } from '#models/code-version.ts'
import type { Gate } from '#models/gates.ts'
import type { Registry } from '#models/registry.ts'
import type { Recipe, TrainingOptions, TrainingProgress } from '#models/train.ts'
import { runTraining } from '#models/training.ts'
import type { ModelVersion } from '#models/version.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type LearnPorts = {
  readonly warehouse: Warehouse
  readonly registry: Registry
  /** A folder for where trainings stand; without, one that is ended begins anew. */
  readonly checkpoints?: string
}

export type LearnOptions = Pick<
  TrainingOptions,
  'model' | 'settings' | 'maxEpochs' | 'tries' | 'engine' | 'stop'
> & {
  readonly tenantId: string
  /** What to learn from instead of the tenant's plays: a set that was imported. */
  readonly from?: { readonly name: string; readonly interactions: Interactions }
  readonly seed?: number
  /** Threads of the training process; one leaves the rest of the machine to serving. */
  readonly threads?: number
  readonly onProgress?: (progress: TrainingProgress) => void
  /** Gives the training up: nothing is kept. */
  readonly signal?: AbortSignal
}

export const DEFAULT_SEED = 1
const OWN_PLAYS = 'plays'
const STRANGE_TITLES: Gate = {
  name: 'own plays',
  passed: false,
  why: 'learned from an import, whose titles and viewers are not those of the platform',
}

/** Reads the tenant's plays, or takes what it is given, trains in another process, and stores the version as a candidate. */
export async function trainModel(options: LearnOptions, ports: LearnPorts): Promise<ModelVersion> {
  const { tenantId, from, seed = DEFAULT_SEED, threads = 1, ...rest } = options
  const { registry, warehouse, checkpoints } = ports
  const [interactions, facts, champion] = await Promise.all([
    from?.interactions ?? readInteractions(warehouse, { tenantId }),
    readFacts(warehouse, tenantId),
    registry.active(tenantId),
  ])
  const recipe = champion === null ? undefined : recipeOf(champion)
  const result = await runTraining({
    ...rest,
    interactions,
    seed,
    threads,
    facts,
    ...(recipe === undefined ? {} : { champion: recipe }),
    ...(checkpoints === undefined ? {} : { checkpoints }),
  })
  const { name, epochs, interactionCount, viewerCount, titleCount, trainMs, dataHash, evaluation } = result
  return registry.save({
    tenantId,
    name,
    epochs,
    interactionCount,
    viewerCount,
    titleCount,
    trainMs,
    seed,
    dataHash,
    codeVersion: codeVersion(),
    protocol: evaluation.protocol,
    metrics: evaluation.metrics,
    baselines: evaluation.baselines,
    slices: evaluation.slices,
    gates: from === undefined ? result.gates : [...result.gates, STRANGE_TITLES],
    lineage: {
      settings: result.settings,
      tries: result.trials.length,
      champion: champion?.id ?? null,
      graphHash: result.graphHash,
      splitAt: evaluation.splitAt,
      judgedViewers: evaluation.judgedViewers,
      source: from === undefined ? OWN_PLAYS : `import ${from.name}`,
      runtime: `node ${process.version}, ${process.platform}-${process.arch}, ${result.engine.about}`,
    },
    onnx: result.onnx,
    index: result.index,
  })
}

/** How a version was learned; undefined for one stored before that was kept. */
function recipeOf({ name, seed, lineage }: ModelVersion): Recipe | undefined {
  return lineage === undefined ? undefined : { name, seed, settings: lineage.settings }
}
