/** How well one full ranking of the catalogue finds what a viewer went on to watch. */
import type { Judged } from '#models/evaluate/split.ts'

/** Scores of all titles for a viewer: higher is better. The array may be reused by the next call. */
export type Scorer = (viewer: number) => ArrayLike<number>

export type Ranked = {
  /** Share of the relevant titles in the first `k`. */
  readonly recall: number
  /** Discounted gain of the first `k` over the best possible one. */
  readonly ndcg: number
  /** 1 / place of the first relevant title in the whole ranking. */
  readonly mrr: number
  readonly top: readonly number[]
}

/** The first `k`, best first; titles already watched are left out; equal scores go by title index. */
export function topTitles(scores: ArrayLike<number>, seen: ReadonlySet<number>, k: number): number[] {
  const top: number[] = []
  const best: number[] = []
  for (let title = 0; title < scores.length; title++) {
    const score = scores[title] as number
    if (top.length === k && score <= (best[k - 1] as number)) continue
    if (seen.has(title)) continue
    let place = Math.min(top.length, k - 1)
    for (; place > 0 && score > (best[place - 1] as number); place--) {
      top[place] = top[place - 1] as number
      best[place] = best[place - 1] as number
    }
    top[place] = title
    best[place] = score
  }
  return top
}

export function judge(scores: ArrayLike<number>, { seen, relevant }: Judged, k: number): Ranked {
  const top = topTitles(scores, seen, k)
  let hits = 0
  let gain = 0
  top.forEach((title, place) => {
    if (!relevant.has(title)) return
    hits++
    gain += 1 / Math.log2(place + 2)
  })
  let best = 0
  for (let place = 0; place < Math.min(k, relevant.size); place++) best += 1 / Math.log2(place + 2)
  return {
    recall: hits / relevant.size,
    ndcg: best === 0 ? 0 : gain / best,
    mrr: relevant.size === 0 ? 0 : 1 / placeOfFirst(scores, seen, relevant),
    top,
  }
}

/** Place, from 1, of the first relevant title in the whole ranking. */
function placeOfFirst(
  scores: ArrayLike<number>,
  seen: ReadonlySet<number>,
  relevant: ReadonlySet<number>,
): number {
  let first = -1
  for (const title of relevant) {
    if (first < 0 || isAhead(scores, title, first)) first = title
  }
  let ahead = 0
  for (let title = 0; title < scores.length; title++) {
    if (isAhead(scores, title, first) && !seen.has(title)) ahead++
  }
  return ahead + 1
}

const isAhead = (scores: ArrayLike<number>, a: number, b: number): boolean =>
  (scores[a] as number) > (scores[b] as number) || (scores[a] === scores[b] && a < b)
