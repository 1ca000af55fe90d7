/** Compares models on one time split: full-catalogue ranking, with intervals, paired with every baseline. */
import type { LearningFacts } from '#features/facts.ts'
import { coverageOf, giniOf, miscalibrationOf, noveltyOf } from '#models/evaluate/beyond.ts'
import { bootstrap, type Interval, mean } from '#models/evaluate/bootstrap.ts'
import { judge, type Scorer } from '#models/evaluate/ranking.ts'
import { NO_FACTS, slicesOf } from '#models/evaluate/slices.ts'
import { type Judged, judgedViewers, type TimeSplit } from '#models/evaluate/split.ts'
import { countViewers } from '#models/popularity/popularity.ts'

export const TOP = 10

/** The protocol in words: stored with every evaluation. */
export const PROTOCOL =
  'One moment T splits everybody. Models learn from valid plays before T (settings and length of training chosen on ' +
  'the last part of that time). For each viewer with a play before T and a new one after it, every title known before ' +
  'T that the viewer had not watched is ranked, none sampled; relevant are those the viewer first watched after T. ' +
  'recall@10: share of them in the first ten. ndcg@10: their discounted gain over the best possible. mrr: 1 / place ' +
  "of the first. coverage@10: share of titles in anybody's first ten. gini@10: how unevenly titles are shown, 0 is " +
  'evenly. novelty@10: mean -log2 of the share of viewers who had watched what is shown. miscalibration@10: divergence ' +
  "of the shown genres from those watched, 0 is the viewer's own mix. Means over viewers; intervals: 95 %, percentile " +
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

export type Baseline = {
  readonly name: string
  readonly metrics: readonly Metric[]
  /** NDCG@10 of the model above this one's, paired. Missing in what was stored before there were any. */
  readonly gap?: Interval
}
/** NDCG@10 within one group of viewers. */
export type Slice = Metric & { readonly viewers: number }

export type Evaluation = {
  readonly protocol: string
  readonly splitAt: number
  readonly judgedViewers: number
  readonly metrics: readonly Metric[]
  readonly baselines: readonly Baseline[]
  readonly slices: readonly Slice[]
}

const PAIRED = ['ndcg', 'recall', 'mrr'] as const
/** One number a viewer, in the order judged; and what holds for the lists together. */
type Outcome = Record<(typeof PAIRED)[number] | 'novelty', readonly number[]> & {
  readonly miscalibration: readonly number[]
  readonly coverage: number
  readonly gini: number
}

export function evaluate(options: {
  readonly split: TimeSplit
  readonly model: Scorer
  readonly baselines: Readonly<Record<string, Scorer>>
  readonly seed: number
  readonly facts?: LearningFacts
}): Evaluation {
  const { split, seed, facts = NO_FACTS } = options
  const judged = judgedViewers(split)
  const run = (scorer: Scorer): Outcome => outcomeOf(scorer, split, judged, facts)
  const own = run(options.model)
  const baselines = Object.entries(options.baselines).map(([name, scorer]) => ({
    name,
    outcome: run(scorer),
  }))
  const rival = baselines.toSorted((a, b) => mean(b.outcome.ndcg) - mean(a.outcome.ndcg))[0]
  return {
    protocol: PROTOCOL,
    splitAt: split.splitAt,
    judgedViewers: judged.length,
    metrics: metricsOf(own, seed, rival),
    baselines: baselines.map(({ name, outcome }) => ({
      name,
      metrics: metricsOf(outcome, seed),
      gap: bootstrap(minus(own.ndcg, outcome.ndcg), seed),
    })),
    slices: slicesOf(split, judged, facts).map(({ name, places }) => {
      const of = (values: readonly number[]): number[] => places.map((place) => values[place] as number)
      const theirs = rival === undefined ? undefined : { name: rival.name, values: of(rival.outcome.ndcg) }
      return { ...compared(name, of(own.ndcg), seed, theirs), viewers: places.length }
    }),
  }
}

function outcomeOf(
  scorer: Scorer,
  split: TimeSplit,
  judged: readonly Judged[],
  facts: LearningFacts,
): Outcome {
  const { titles, viewers } = split.before
  const watched = countViewers(split.before)
  const genresOf = (title: number): readonly string[] => facts.genres.get(titles[title] as string) ?? []
  const ranked = judged.map((one) => judge(scorer(one.viewer), one, TOP))
  const lists = ranked.map(({ top }) => top)
  return {
    ndcg: ranked.map((one) => one.ndcg),
    recall: ranked.map((one) => one.recall),
    mrr: ranked.map((one) => one.mrr),
    novelty: lists.map((list) => noveltyOf(list, watched, viewers.length)),
    miscalibration: lists.flatMap((list, k) => miscalibrationOf(list, judged[k] as Judged, genresOf) ?? []),
    coverage: coverageOf(lists, titles.length),
    gini: giniOf(lists, titles.length),
  }
}

const minus = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((value, k) => value - (b[k] as number))

type Rival = { readonly name: string; readonly values: readonly number[] }

function compared(name: string, values: readonly number[], seed: number, rival?: Rival): Metric {
  const own = { name, ...bootstrap(values, seed) }
  if (rival === undefined) return own
  const { value, low, high } = bootstrap(minus(values, rival.values), seed)
  return { ...own, against: rival.name, difference: value, differenceLow: low, differenceHigh: high }
}

function metricsOf(
  outcome: Outcome,
  seed: number,
  rival?: { readonly name: string; readonly outcome: Outcome },
): Metric[] {
  const exact = (name: string, value: number): Metric => ({ name, value, low: value, high: value })
  const { miscalibration } = outcome
  return [
    ...PAIRED.map((key) =>
      compared(
        key === 'mrr' ? key : `${key}@${TOP}`,
        outcome[key],
        seed,
        rival === undefined ? undefined : { name: rival.name, values: rival.outcome[key] },
      ),
    ),
    exact(`coverage@${TOP}`, outcome.coverage),
    exact(`gini@${TOP}`, outcome.gini),
    compared(`novelty@${TOP}`, outcome.novelty, seed),
    ...(miscalibration.length === 0 ? [] : [compared(`miscalibration@${TOP}`, miscalibration, seed)]),
  ]
}
