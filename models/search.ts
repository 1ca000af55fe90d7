/**
 * Choosing settings by a held-out period only: so many tries of a kind's space, the defaults first, the rest drawn by
 * seed (random search, Bergstra and Bengio 2012). What the final test will see is never looked at.
 */
import { createRandom, type Random } from '#base/random.ts'
import type { Checkpoints } from '#models/checkpoints.ts'
import { mean } from '#models/evaluate/bootstrap.ts'
import { judge, type Scorer } from '#models/evaluate/ranking.ts'
import { judgedViewers, type TimeSplit } from '#models/evaluate/split.ts'
import type { EpochReport, ModelKind } from '#models/model.ts'

export type Trial<Settings> = {
  readonly settings: Settings
  /** NDCG@10 on the held-out period. */
  readonly value: number
  readonly validation: readonly number[]
}
export type Chosen<Settings> = Trial<Settings> & { readonly trials: readonly Trial<Settings>[] }

const TOP = 10
const PATIENCE = 5

/** Mean NDCG@10 over the viewers judged by the split. */
export function judgeBy(split: TimeSplit): (scores: Scorer) => number {
  const judged = judgedViewers(split)
  return (scores) => mean(judged.map((viewer) => judge(scores(viewer.viewer), viewer, TOP).ndcg))
}

export async function chooseSettings<Settings extends object>(
  kind: ModelKind<Settings>,
  split: TimeSplit,
  options: {
    readonly seed: number
    readonly threads: number
    /** Settings to begin with; the kind's defaults without. */
    readonly settings?: Settings
    /** Fits in all; one asks for the number of epochs only. */
    readonly tries?: number
    readonly onEpoch?: (report: EpochReport, trial: number) => void
    readonly onTrial?: (trial: Trial<Settings>) => void
    readonly checkpoints?: Checkpoints
    readonly signal?: AbortSignal
  },
): Promise<Chosen<Settings>> {
  const { seed, threads, tries = 1, onEpoch, signal, checkpoints } = options
  const random = createRandom(seed)
  const judgeScores = judgeBy(split)
  const trials: Trial<Settings>[] = []
  const tried = new Set<string>()
  for (let trial = 0; trial < tries && (trial === 0 || signal?.aborted !== true); trial++) {
    const first = options.settings ?? kind.defaults
    const settings = trial === 0 ? first : drawUntried(kind, first, random, tried)
    if (settings === null) break
    tried.add(JSON.stringify(settings))
    const fitted = await kind.fit({
      interactions: split.before,
      settings,
      seed,
      threads,
      stopBy: { judge: judgeScores, patience: PATIENCE },
      ...(onEpoch === undefined ? {} : { onEpoch: (report: EpochReport) => onEpoch(report, trial) }),
      ...(signal === undefined ? {} : { signal }),
      ...(checkpoints === undefined ? {} : { checkpoints }),
    })
    const value = judgeScores(fitted.scores)
    trials.push({ settings: fitted.settings, value, validation: fitted.validation })
    options.onTrial?.(trials.at(-1) as Trial<Settings>)
  }
  const best = trials.toSorted((a, b) => b.value - a.value)[0] as Trial<Settings>
  return { ...best, trials }
}

/** Settings not tried yet; null when hardly any are left. */
function drawUntried<Settings extends object>(
  kind: ModelKind<Settings>,
  first: Settings,
  random: Random,
  tried: ReadonlySet<string>,
): Settings | null {
  for (let draw = 0; draw < 100; draw++) {
    const drawn = Object.entries(kind.space as Record<string, readonly unknown[]>).map(([name, values]) => [
      name,
      random.pick(values),
    ])
    const settings = { ...first, ...Object.fromEntries(drawn) } as Settings
    if (!tried.has(JSON.stringify(settings))) return settings
  }
  return null
}
