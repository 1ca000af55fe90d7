/** What every model is measured against: popularity, plain and decayed, and EASE. */
import { ease } from '#models/ease/ease.ts'
import type { Scorer } from '#models/evaluate/ranking.ts'
import type { TimeSplit } from '#models/evaluate/split.ts'
import { countDecayed, countViewers } from '#models/popularity/popularity.ts'

/** EASE as a baseline: its matrix is kept small enough to solve in seconds. */
export const EASE_BASELINE = { ...ease.defaults, mostWatched: 2000 }

/** Popularity as it was at the split. */
export function popularitiesOf({ before, splitAt }: TimeSplit): Record<string, Scorer> {
  const [plain, decayed] = [countViewers(before), countDecayed(before, splitAt)]
  return { popularity: () => plain, 'popularity-decayed': () => decayed }
}
