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

/** Best first; titles already watched are left out; equal scores go by title index. */
export function rankTitles(scores: ArrayLike<number>, seen: ReadonlySet<number>): number[] {
  const order: number[] = []
  for (let title = 0; title < scores.length; title++) if (!seen.has(title)) order.push(title)
  return order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
}

export function judge(scores: ArrayLike<number>, { seen, relevant }: Judged, k: number): Ranked {
  const order = rankTitles(scores, seen)
  const top = order.slice(0, k)
  let hits = 0
  let gain = 0
  top.forEach((title, place) => {
    if (!relevant.has(title)) return
    hits++
    gain += 1 / Math.log2(place + 2)
  })
  let best = 0
  for (let place = 0; place < Math.min(k, relevant.size); place++) best += 1 / Math.log2(place + 2)
  const first = order.findIndex((title) => relevant.has(title))
  return {
    recall: hits / relevant.size,
    ndcg: best === 0 ? 0 : gain / best,
    mrr: first < 0 ? 0 : 1 / (first + 1),
    top,
  }
}
