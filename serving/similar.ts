/** Which titles are like a title: watched by the same viewers as the model learned it, else of the same genres. */
import type { Catalogue } from '#serving/catalogue.ts'
import type { Matched } from '#serving/matched.ts'

const GENRE_WEIGHT = 0.15

/** Adds `weight` times the likeness of every title to `title`. */
export function addSimilar(
  catalogue: Catalogue,
  model: Matched | null,
  title: number,
  weight: number,
  into: Float32Array,
): void {
  addTogether(model, title, weight, into)
  const genres = catalogue.titles[title]?.genres ?? []
  genres.forEach((genre, place) => {
    const share = (weight * GENRE_WEIGHT) / (1 + place)
    for (const other of catalogue.byGenre.get(genre) ?? []) into[other] = (into[other] as number) + share
  })
}

/** The part that comes from viewers watching both. */
export function addTogether(model: Matched | null, title: number, weight: number, into: Float32Array): void {
  const known = model?.modelTitle[title] ?? -1
  if (model === null || known < 0) return
  const { perTitle, titles, weights } = model.session.index.neighbours
  for (let k = known * perTitle; k < (known + 1) * perTitle; k++) {
    const neighbour = titles[k] as number
    if (neighbour < 0) return
    const other = model.servedTitle[neighbour] as number
    if (other >= 0) into[other] = (into[other] as number) + weight * (weights[k] as number)
  }
}
