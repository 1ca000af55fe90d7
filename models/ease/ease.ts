/**
 * EASE^R: a linear model over what was watched together, solved at once (Steck 2019, "Embarrassingly Shallow
 * Autoencoders for Sparse Data"). Titles beyond the `mostWatched` are scored zero: its matrix is titles by titles.
 */

import { assert } from '#base/assert.ts'
import type { Interactions } from '#features/interactions.ts'
import { exportRows } from '#models/graphs.ts'
import { TILE } from '#models/kernels/jobs.ts'
import { openPool, type Pool } from '#models/kernels/pool.ts'
import { defineModel } from '#models/model.ts'
import { copyInto, titlesOfViewers, viewersOfTitles } from '#models/play-lists.ts'

export type EaseSettings = {
  /** L2 penalty on the weights, lambda of the paper. */
  readonly penalty: number
  /** Titles in the matrix: memory grows with its square, time with its cube. */
  readonly mostWatched: number
}

export const ease = defineModel<EaseSettings>({
  name: 'ease',
  description: 'EASE^R: a linear model over titles watched together, solved at once',
  defaults: { penalty: 500, mostWatched: 8000 },
  space: { penalty: [20, 50, 100, 200, 350, 500, 750, 1000, 2000] },
  fit: async ({ interactions, settings, threads }) => {
    const pool = await openPool(threads)
    try {
      const kept = mostWatchedOf(interactions, settings.mostWatched)
      const weights = await solve(pool, kept.interactions, settings.penalty)
      const { starts, items } = titlesOfViewers(kept.interactions)
      const count = kept.titles.length
      const scores = new Float32Array(interactions.titles.length)
      return {
        settings,
        epochs: 1,
        validation: [],
        weights: () => [weights, kept.titles],
        graph: () =>
          exportRows({
            name: 'ease',
            weights,
            watched: { starts, items },
            kept: kept.titles,
            titles: scores.length,
          }),
        scores: (viewer) => {
          scores.fill(0)
          for (let k = starts[viewer] as number; k < (starts[viewer + 1] as number); k++) {
            const row = (items[k] as number) * count
            for (let t = 0; t < count; t++) {
              const title = kept.titles[t] as number
              scores[title] = (scores[title] as number) + (weights[row + t] as number)
            }
          }
          return scores
        },
      }
    } finally {
      await pool.close()
    }
  },
})

/** Interactions of the most watched titles only, viewers as they were; `titles` holds their indexes, ascending. */
function mostWatchedOf(data: Interactions, most: number): { interactions: Interactions; titles: Int32Array } {
  const all = Int32Array.from(data.titles, (_, title) => title)
  if (all.length <= most) return { interactions: data, titles: all }
  const { starts } = viewersOfTitles(data)
  const countOf = (title: number): number => (starts[title + 1] as number) - (starts[title] as number)
  const titles = all
    .toSorted((a, b) => countOf(b) - countOf(a) || a - b)
    .slice(0, most)
    .sort()
  const place = new Map([...titles].map((title, k) => [title, k]))
  const rows = Int32Array.from(data.title, (_, k) => k).filter((k) => place.has(data.title[k] as number))
  return {
    titles,
    interactions: {
      viewers: data.viewers,
      titles: [...titles].map((title) => data.titles[title] as string),
      viewer: rows.map((k) => data.viewer[k] as number),
      title: rows.map((k) => place.get(data.title[k] as number) as number),
      at: Float64Array.from(rows, (k) => data.at[k] as number),
      strength: Float32Array.from(rows, (k) => data.strength[k] as number),
    },
  }
}

async function solve(pool: Pool, data: Interactions, penalty: number): Promise<Float32Array> {
  const count = data.titles.length
  const size = Math.ceil(count / TILE) * TILE
  const [byTitle, byViewer] = [viewersOfTitles(data), titlesOfViewers(data)]
  const lists = [byTitle.starts, byTitle.items, byViewer.starts, byViewer.items].map((list) =>
    copyInto(pool.ints(list.length), list),
  )
  const matrix = pool.doubles(size * size)
  const result = pool.doubles(size * size)
  const inverses = pool.doubles(size * TILE)
  const scratch = pool.doubles(size * TILE + pool.threads * 2 * TILE * TILE)
  const weights = pool.floats(count * count)
  await pool.run('countTogether', count, size, ...lists, penalty, matrix)
  await pool.run('invert', matrix, size, result, inverses, scratch)
  assert(Number.isFinite(matrix[0]), 'counts with a penalty are positive definite')
  await pool.run('weighTogether', count, size, matrix, weights)
  return weights.slice()
}
