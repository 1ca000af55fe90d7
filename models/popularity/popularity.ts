/** Popularity: the same ranking for everybody. The baseline every model must beat, and what serves without a model. */
import type { Interactions } from '#features/interactions.ts'

export const HALF_LIFE_MS = 14 * 86_400_000

/** Viewers a title. */
export function countViewers(interactions: Interactions): Float64Array {
  const counts = new Float64Array(interactions.titles.length)
  for (const title of interactions.title) counts[title] = (counts[title] as number) + 1
  return counts
}

/** Viewers a title, each worth half as much every `halfLifeMs` before `now`. */
export function countDecayed(
  interactions: Interactions,
  now: number,
  halfLifeMs = HALF_LIFE_MS,
): Float64Array {
  const counts = new Float64Array(interactions.titles.length)
  interactions.title.forEach((title, k) => {
    const age = Math.max(0, now - (interactions.at[k] as number))
    counts[title] = (counts[title] as number) + 0.5 ** (age / halfLifeMs)
  })
  return counts
}

/** What a slate and the log say when no model ranked. */
export const POPULARITY = { name: 'popularity', version: 'decayed-14d' } as const
