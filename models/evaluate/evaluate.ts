/** Compares models on one time split: full-catalogue ranking, with intervals, against the stronger baseline. */
import { bootstrap, mean } from '#models/evaluate/bootstrap.ts'
import { judge, type Scorer } from '#models/evaluate/ranking.ts'
import { judgedViewers, type TimeSplit } from '#models/evaluate/split.ts'

export const TOP = 10

/** The protocol in words: stored with every evaluation. */
export const PROTOCOL =
  'One moment T splits everybody. Models learn from valid plays before T (length of training chosen on the last part ' +
  'of that time). For each viewer with a play before T and a new one after it, every title known before T that the ' +
  'viewer had not watched is ranked, none sampled; relevant are those the viewer first watched after T. ' +
  'recall@10: share of them in the first ten. ndcg@10: their discounted gain over the best possible. mrr: 1 / place ' +
  "of the first. coverage: share of titles in anybody's first ten. Means over viewers; intervals: 95 %, percentile " +
  'bootstrap over viewers, 1,000 draws, paired for differences.'

export type Metric = {
  readonly name: string
  readonly value: number
  readonly low: number
  readonly high: number
  /** The baseline compared with, and the paired difference to it. */
  readonly against?: string
  readonly difference?: number
  readonly differenceLow?: number
  readonly differenceHigh?: number
}

export type Evaluation = {
  readonly protocol: string
  readonly splitAt: number
  readonly judgedViewers: number
  readonly metrics: readonly Metric[]
  readonly baselines: readonly { readonly name: string; readonly metrics: readonly Metric[] }[]
}

type Outcome = { recall: number[]; ndcg: number[]; mrr: number[]; coverage: number }

export function evaluate(options: {
  readonly split: TimeSplit
  readonly model: Scorer
  readonly baselines: Readonly<Record<string, Scorer>>
  readonly seed: number
}): Evaluation {
  const judged = judgedViewers(options.split)
  const titles = options.split.before.titles.length
  const run = (scorer: Scorer): Outcome => {
    const ranked = judged.map((viewer) => judge(scorer(viewer.viewer), viewer, TOP))
    return {
      recall: ranked.map((r) => r.recall),
      ndcg: ranked.map((r) => r.ndcg),
      mrr: ranked.map((r) => r.mrr),
      coverage: titles === 0 ? 0 : new Set(ranked.flatMap((r) => r.top)).size / titles,
    }
  }
  const outcome = run(options.model)
  const baselines = Object.entries(options.baselines).map(([name, scorer]) => ({
    name,
    outcome: run(scorer),
  }))
  const rival = baselines.toSorted((a, b) => mean(b.outcome.ndcg) - mean(a.outcome.ndcg))[0]
  return {
    protocol: PROTOCOL,
    splitAt: options.split.splitAt,
    judgedViewers: judged.length,
    metrics: metricsOf(outcome, options.seed, rival),
    baselines: baselines.map((one) => ({ name: one.name, metrics: metricsOf(one.outcome, options.seed) })),
  }
}

function metricsOf(outcome: Outcome, seed: number, rival?: { name: string; outcome: Outcome }): Metric[] {
  const metric = (name: string, key: 'recall' | 'ndcg' | 'mrr'): Metric => {
    const own = { name, ...bootstrap(outcome[key], seed) }
    if (rival === undefined) return own
    const theirs = rival.outcome[key]
    const gap = bootstrap(
      outcome[key].map((value, k) => value - (theirs[k] as number)),
      seed,
    )
    return {
      ...own,
      against: rival.name,
      difference: gap.value,
      differenceLow: gap.low,
      differenceHigh: gap.high,
    }
  }
  const { coverage } = outcome
  return [
    metric(`ndcg@${TOP}`, 'ndcg'),
    metric(`recall@${TOP}`, 'recall'),
    metric('mrr', 'mrr'),
    { name: `coverage@${TOP}`, value: coverage, low: coverage, high: coverage },
  ]
}
