/**
 * The sampled protocol of the NCF papers: each viewer's one held-out title is ranked among titles drawn from those the
 * viewer never watched. It flatters, and can order models wrongly (Krichene and Rendle 2020): only for comparison with
 * published figures, never to choose by.
 */
import { createRandom } from '#base/random.ts'
import { mean } from '#models/evaluate/bootstrap.ts'
import type { Scorer } from '#models/evaluate/ranking.ts'
import type { Judged } from '#models/evaluate/split.ts'

export type Sampled = { readonly hitRate: number; readonly ndcg: number }

/** HR@`top` and NDCG@`top` among `negatives` titles drawn without repetition, equal for every model with one seed. */
export function judgeSampled(
  scores: Scorer,
  judged: readonly Judged[],
  options: {
    readonly titles: number
    readonly seed: number
    readonly negatives?: number
    readonly top?: number
  },
): Sampled {
  const { titles, seed, negatives = 99, top = 10 } = options
  const random = createRandom(seed)
  const [hits, gains]: [number[], number[]] = [[], []]
  for (const { viewer, seen, relevant } of judged) {
    const drawn = new Set<number>()
    const free = titles - seen.size - relevant.size
    while (drawn.size < Math.min(negatives, free)) {
      const title = random.below(titles)
      if (!seen.has(title) && !relevant.has(title)) drawn.add(title)
    }
    const own = scores(viewer)
    for (const title of relevant) {
      let ahead = 0
      for (const other of drawn) if ((own[other] as number) >= (own[title] as number)) ahead++
      hits.push(ahead < top ? 1 : 0)
      gains.push(ahead < top ? 1 / Math.log2(ahead + 2) : 0)
    }
  }
  return { hitRate: mean(hits), ndcg: mean(gains) }
}
