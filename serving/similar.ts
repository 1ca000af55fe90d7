/** Which titles are like others: watched by the same viewers and of the same genres. */
import type { Catalogue } from '#serving/catalogue.ts'
import type { Together } from '#serving/together.ts'

export type Weighted = { readonly title: number; readonly weight: number }

/** What sharing the main genre is worth beside being watched by the same viewers (0 to 1). */
const GENRE_WEIGHT = 0.15

/** The likeness of every title to the given ones. */
export function likeness(
  catalogue: Catalogue,
  together: Together,
  titles: readonly Weighted[],
): Float32Array {
  const scores = new Float32Array(catalogue.titles.length)
  const genres = new Map<string, number>()
  for (const { title, weight } of titles) {
    together(title, (other, likely) => {
      scores[other] = (scores[other] as number) + weight * likely
    })
    catalogue.titles[title]?.genres.forEach((genre, place) => {
      genres.set(genre, (genres.get(genre) ?? 0) + (weight * GENRE_WEIGHT) / (1 + place))
    })
  }
  for (const [genre, weight] of genres) {
    const members = catalogue.byGenre.get(genre) ?? new Int32Array()
    for (let k = 0; k < members.length; k++) {
      const member = members[k] as number
      scores[member] = (scores[member] as number) + weight
    }
  }
  return scores
}
