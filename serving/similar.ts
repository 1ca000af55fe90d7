/** Which titles are like others: watched by the same viewers as the model learned it, and of the same genres. */
import type { Catalogue } from '#serving/catalogue.ts'
import type { Matched } from '#serving/matched.ts'

export type Weighted = { readonly title: number; readonly weight: number }

/** What sharing the main genre is worth beside being watched by the same viewers (0 to 1). */
const GENRE_WEIGHT = 0.15

/** The likeness of every title to the given ones. */
export function likeness(
  catalogue: Catalogue,
  model: Matched | null,
  titles: readonly Weighted[],
): Float32Array {
  const scores = new Float32Array(catalogue.titles.length)
  const genres = new Map<string, number>()
  for (const { title, weight } of titles) {
    addTogether(model, title, weight, scores)
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

/** Titles watched by viewers who watched this one. */
export function watchedTogether(model: Matched | null, title: number): ReadonlySet<number> {
  const together = new Set<number>()
  visitNeighbours(model, title, (other) => together.add(other))
  return together
}

function addTogether(model: Matched | null, title: number, weight: number, into: Float32Array): void {
  visitNeighbours(model, title, (other, likely) => {
    into[other] = (into[other] as number) + weight * likely
  })
}

function visitNeighbours(
  model: Matched | null,
  title: number,
  visit: (title: number, weight: number) => void,
): void {
  const known = model?.modelTitle[title] ?? -1
  if (model === null || known < 0) return
  const { perTitle, titles, weights } = model.session.index.neighbours
  for (let k = known * perTitle; k < (known + 1) * perTitle; k++) {
    const neighbour = titles[k] as number
    if (neighbour < 0) return
    const other = model.servedTitle[neighbour] as number
    if (other >= 0) visit(other, weights[k] as number)
  }
}
