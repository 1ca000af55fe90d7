/**
 * What a view that a stall cut short says about liking. Naive labels do not ask whose fault it was: leaving early is a
 * dislike, or no example like a title never seen. Aware ones take it as censored: no dislike, or worth what such views
 * come to when nothing cuts them. Each is learned from, and measured on what viewers went on to choose, stalled or not.
 */
import type { HistoryInput } from '#demo/history.ts'
import { isValid, type Play, playsOf } from '#demo/plays.ts'
import type { Interactions } from '#features/interactions.ts'
import { bootstrap } from '#models/evaluate/bootstrap.ts'
import { judge } from '#models/evaluate/ranking.ts'
import type { Judged } from '#models/evaluate/split.ts'
import type { ModelKind } from '#models/model.ts'

/** The label of a play, 0 to 1; null when it is no example. */
type Labelling = (play: Play) => number | null
export const NAIVE = ['disliked', 'unseen'] as const
export const AWARE = ['left out', 'expected'] as const
const LABELLINGS = [...NAIVE, ...AWARE]
type LabellingName = (typeof LABELLINGS)[number]

export type LabelledWorld = {
  /** Share of plays before the split that the stream cut. */
  readonly cut: number
  readonly judged: number
  /** NDCG@10 a labelling, one number a viewer. */
  readonly ndcg: Readonly<Record<LabellingName, readonly number[]>>
}

const BEFORE = 0.8
const TOP = 10
const SEED = 1

/** The same model with the same settings, learned from each labelling of one world's plays. */
export async function compareLabels<S extends object>(
  world: HistoryInput,
  kind: ModelKind<S>,
  options: { readonly settings: S; readonly seed: number; readonly threads: number },
): Promise<LabelledWorld> {
  const plays = playsOf(world)
  const splitAt = (plays[Math.floor(plays.length * BEFORE)] as Play).at
  const before = firstOfEach(plays.filter(({ at }) => at < splitAt))
  const names = {
    viewers: [...new Set(before.map(({ viewerKey }) => viewerKey))].sort(),
    titles: [...new Set(before.map(({ titleId }) => titleId))].sort(),
  }
  const judged = judgedBy(
    names,
    before,
    plays.filter(({ at }) => at >= splitAt),
  )
  const labellings = labellingsOf(before)
  const ndcg = {} as Record<LabellingName, number[]>
  for (const name of LABELLINGS) {
    const interactions = label(names, before, labellings[name])
    const { scores } = await kind.fit({ interactions, ...options })
    ndcg[name] = judged.map((one) => judge(scores(one.viewer), one, TOP).ndcg)
  }
  return { cut: before.filter(({ cut }) => cut).length / before.length, judged: judged.length, ndcg }
}

function firstOfEach(plays: readonly Play[]): Play[] {
  const first = new Map<string, Play>()
  for (const play of plays) {
    const key = `${play.viewerKey} ${play.titleId}`
    if (!first.has(key)) first.set(key, play)
  }
  return [...first.values()]
}

const liked = (play: Play): number => (isValid(play) ? 0.5 + 0.5 * play.share : 0)

/** `expected` gives a censored play to those that got at least as far and were not cut (Efron 1967). */
function labellingsOf(plays: readonly Play[]): Record<LabellingName, Labelling> {
  const whole = plays.filter(({ cut }) => !cut).toSorted((a, b) => b.reachedMs - a.reachedMs)
  const [reached, means] = [whole.map(({ reachedMs }) => reachedMs), new Float64Array(whole.length)]
  let sum = 0
  whole.forEach((play, k) => {
    sum += liked(play)
    means[k] = sum / (k + 1)
  })
  const expected = ({ reachedMs }: Play): number => {
    let [low, high] = [0, reached.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((reached[middle] as number) >= reachedMs) low = middle + 1
      else high = middle
    }
    return low === 0 ? 1 : (means[low - 1] as number)
  }
  return {
    disliked: liked,
    unseen: (play) => (isValid(play) ? liked(play) : null),
    'left out': (play) => (play.cut && !isValid(play) ? null : liked(play)),
    expected: (play) => (play.cut ? expected(play) : liked(play)),
  }
}

type Names = Pick<Interactions, 'viewers' | 'titles'>
const indexOf = (names: readonly string[]): ReadonlyMap<string, number> =>
  new Map(names.map((name, index) => [name, index]))

function label(names: Names, plays: readonly Play[], labelling: Labelling): Interactions {
  const rows = plays
    .map((play) => ({ ...play, strength: labelling(play) }))
    .filter(({ strength }) => strength !== null)
  const [viewers, titles] = [indexOf(names.viewers), indexOf(names.titles)]
  return {
    ...names,
    viewer: Int32Array.from(rows, ({ viewerKey }) => viewers.get(viewerKey) as number),
    title: Int32Array.from(rows, ({ titleId }) => titles.get(titleId) as number),
    at: Float64Array.from(rows, ({ at }) => at),
    strength: Float32Array.from(rows, ({ strength }) => strength as number),
  }
}

/** Relevant is what a viewer chose later and did not leave for lack of liking: a cut play counts, an early exit does not. */
function judgedBy(names: Names, before: readonly Play[], after: readonly Play[]): Judged[] {
  const [viewers, titles] = [indexOf(names.viewers), indexOf(names.titles)]
  const seen = names.viewers.map(() => new Set<number>())
  for (const { viewerKey, titleId } of before)
    seen[viewers.get(viewerKey) as number]?.add(titles.get(titleId) as number)
  const relevant = names.viewers.map(() => new Set<number>())
  for (const play of after) {
    const [viewer, title] = [viewers.get(play.viewerKey), titles.get(play.titleId)]
    if (viewer === undefined || title === undefined || seen[viewer]?.has(title)) continue
    if (isValid(play) || play.cut) relevant[viewer]?.add(title)
  }
  return relevant
    .map((own, viewer) => ({ viewer, relevant: own, seen: seen[viewer] as Set<number> }))
    .filter(({ relevant: own }) => own.size > 0)
}

/** Mean difference of two labellings over the viewers of all worlds, paired, with its 95 % bootstrap interval. */
export function gainOf(worlds: readonly LabelledWorld[], name: LabellingName, over: LabellingName) {
  const differences = worlds.flatMap(({ ndcg }) =>
    ndcg[name].map((value, k) => value - (ndcg[over][k] as number)),
  )
  return bootstrap(differences, SEED)
}
