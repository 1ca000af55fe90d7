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

/**
 * The same averaged over every draw there could be: of the titles never watched `ahead` come before the held-out one, and
 * how many of them are drawn is hypergeometric. What one draw adds to these figures or takes from them is chance: on
 * MovieLens-100K a hundredth either way.
 */
export function expectSampled(
  scores: Scorer,
  judged: readonly Judged[],
  options: { readonly titles: number; readonly negatives?: number; readonly top?: number },
): Sampled {
  const { titles, negatives = 99, top = 10 } = options
  const [hits, gains]: [number[], number[]] = [[], []]
  for (const { viewer, seen, relevant } of judged) {
    const own = scores(viewer)
    const free = titles - seen.size - relevant.size
    for (const title of relevant) {
      let ahead = 0
      for (let other = 0; other < titles; other++) {
        if (seen.has(other) || relevant.has(other)) continue
        if ((own[other] as number) >= (own[title] as number)) ahead++
      }
      let [hit, gain] = [0, 0]
      for (let drawn = 0; drawn < top; drawn++) {
        const chance = hypergeometric(drawn, ahead, free, Math.min(negatives, free))
        hit += chance
        gain += chance / Math.log2(drawn + 2)
      }
      hits.push(hit)
      gains.push(gain)
    }
  }
  return { hitRate: mean(hits), ndcg: mean(gains) }
}

/** Chance that `drawn` of `taken` titles without repetition out of `all` are among `marked` ones. */
function hypergeometric(drawn: number, marked: number, all: number, taken: number): number {
  if (drawn > marked || taken - drawn > all - marked || drawn > taken) return 0
  const choose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k)
  return Math.exp(choose(marked, drawn) + choose(all - marked, taken - drawn) - choose(all, taken))
}

const logFactorials = [0]
function logFactorial(n: number): number {
  for (let k = logFactorials.length; k <= n; k++)
    logFactorials.push((logFactorials[k - 1] as number) + Math.log(k))
  return logFactorials[n] as number
}
