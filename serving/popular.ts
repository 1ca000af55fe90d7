/** Recent popularity by catalogue index, standardised, and the order it gives; the same for everybody. */
import type { Catalogue } from '#serving/catalogue.ts'
import type { TitleScore } from '#serving/ports.ts'
import { standardise } from '#serving/scores.ts'

export type Popular = {
  readonly scores: Float32Array
  /** With what can be played standing a little higher: the order of the row of popular titles. */
  readonly lifted: Float32Array
}

/** In deviations of the score. A rule, said openly: what can be played now stands a little higher. */
export const PLAYABLE_BONUS = 0.4

const NONE: readonly TitleScore[] = []
const cache = new WeakMap<readonly TitleScore[], WeakMap<Catalogue, Popular>>()

/** While nothing is known of popularity, every title is as popular as the next. */
export function matchPopular(list: readonly TitleScore[] | undefined, catalogue: Catalogue): Popular {
  const key = list ?? NONE
  let byCatalogue = cache.get(key)
  if (byCatalogue === undefined) cache.set(key, (byCatalogue = new WeakMap()))
  let popular = byCatalogue.get(catalogue)
  if (popular === undefined) {
    const scores = new Float32Array(catalogue.titles.length)
    for (const { titleId, score } of key) {
      const title = catalogue.indexOf.get(titleId)
      if (title !== undefined) scores[title] = Math.log1p(score)
    }
    standardise(scores)
    const lifted = scores.map(
      (score, title) => score + PLAYABLE_BONUS * (catalogue.playable[title] as number),
    )
    byCatalogue.set(catalogue, (popular = { scores, lifted }))
  }
  return popular
}
