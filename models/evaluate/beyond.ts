/** What a list is besides right: how much of the catalogue it shows, how evenly, how new it is, how like the viewer. */
import { mean } from '#models/evaluate/bootstrap.ts'
import type { Judged } from '#models/evaluate/split.ts'

/** Share of the titles that are in anybody's list. */
export function coverageOf(lists: readonly (readonly number[])[], titles: number): number {
  return titles === 0 ? 0 : new Set(lists.flat()).size / titles
}

/**
 * Gini index of how often each title is shown: 0 when all are shown alike, towards 1 when few take all (Fleder and
 * Hosanagar 2009).
 */
export function giniOf(lists: readonly (readonly number[])[], titles: number): number {
  const shown = new Float64Array(titles)
  for (const title of lists.flat()) shown[title] = (shown[title] as number) + 1
  shown.sort()
  const total = shown.reduce((sum, n) => sum + n, 0)
  if (total === 0) return 0
  return shown.reduce((sum, n, k) => sum + (2 * (k + 1) - titles - 1) * n, 0) / (titles * total)
}

/** Mean surprise of a list's titles in bits, -log2 of the share of viewers who had watched it (Zhou et al. 2010). */
export function noveltyOf(
  list: readonly number[],
  viewersOfTitle: ArrayLike<number>,
  viewers: number,
): number {
  return mean(list.map((title) => -Math.log2(Math.max(1, viewersOfTitle[title] as number) / viewers)))
}

/** How much of the viewer's own mix is added to the list's, so that a genre not shown does not cost infinity. */
const SMOOTHING = 0.01

/**
 * How far a list's mix of genres is from that of what the viewer watched: Kullback-Leibler divergence in nats, 0 is the
 * same mix (Steck 2018, "Calibrated Recommendations"). Null where no genre is known.
 */
export function miscalibrationOf(
  list: readonly number[],
  { seen }: Judged,
  genresOf: (title: number) => readonly string[],
): number | null {
  const [watched, shown] = [sharesOf([...seen], genresOf), sharesOf(list, genresOf)]
  if (watched.size === 0 || shown.size === 0) return null
  let divergence = 0
  for (const [genre, share] of watched) {
    const mixed = (1 - SMOOTHING) * (shown.get(genre) ?? 0) + SMOOTHING * share
    divergence += share * Math.log(share / mixed)
  }
  return Math.max(0, divergence)
}

function sharesOf(
  titles: readonly number[],
  genresOf: (title: number) => readonly string[],
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  let total = 0
  for (const title of titles) {
    const genres = genresOf(title)
    if (genres.length > 0) total++
    for (const genre of genres) sums.set(genre, (sums.get(genre) ?? 0) + 1 / genres.length)
  }
  return new Map([...sums].map(([genre, sum]) => [genre, sum / total]))
}
