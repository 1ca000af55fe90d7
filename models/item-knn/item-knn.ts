/** Item-kNN: titles like those watched, by damped cosine of who watched them (Sarwar et al. 2001). */

import { exportRows } from '#models/graphs.ts'
import { defineModel } from '#models/model.ts'
import { findNeighbours } from '#models/neighbours.ts'
import { titlesOfViewers } from '#models/play-lists.ts'

export type KnnSettings = { readonly perTitle: number }

export const itemKnn = defineModel<KnnSettings>({
  name: 'item-knn',
  description: 'Item-kNN: titles watched by the same viewers',
  defaults: { perTitle: 50 },
  space: { perTitle: [10, 20, 50, 100, 200] },
  fit: ({ interactions, settings }) => {
    const { perTitle, titles, weights } = findNeighbours(interactions, settings.perTitle)
    const { starts, items } = titlesOfViewers(interactions)
    const scores = new Float32Array(interactions.titles.length)
    return Promise.resolve({
      settings,
      epochs: 1,
      validation: [],
      weights: () => [titles, weights],
      graph: () =>
        exportRows({
          name: 'item-knn',
          weights: squareOf(perTitle, titles, weights),
          watched: { starts, items },
          kept: Int32Array.from(scores, (_, title) => title),
          titles: scores.length,
        }),
      scores: (viewer) => {
        scores.fill(0)
        for (let k = starts[viewer] as number; k < (starts[viewer + 1] as number); k++) {
          const from = (items[k] as number) * perTitle
          for (let place = from; place < from + perTitle; place++) {
            const other = titles[place] as number
            if (other >= 0) scores[other] = (scores[other] as number) + (weights[place] as number)
          }
        }
        return scores
      },
    })
  },
})

/** The neighbours as a whole matrix: a catalogue of some thousands of titles at most is served this way. */
function squareOf(perTitle: number, titles: Int32Array, weights: Float32Array): Float32Array {
  const count = titles.length / perTitle
  const square = new Float32Array(count * count)
  titles.forEach((other, place) => {
    if (other >= 0) square[Math.floor(place / perTitle) * count + other] = weights[place] as number
  })
  return square
}
