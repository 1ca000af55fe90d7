/** Groups of viewers a mean can hide: the same comparison, told of each group apart. */
import type { LearningFacts } from '#features/facts.ts'
import type { Judged, TimeSplit } from '#models/evaluate/split.ts'

export const NO_FACTS: LearningFacts = { genres: new Map(), devices: new Map() }

/** Fewer viewers than this are no group to tell anything of. */
const MIN_VIEWERS = 20
/** Plays up to which a viewer is new. */
const NEW_VIEWER_PLAYS = 3
const NEW_TITLE_MS = 7 * 86_400_000

/** Places in `judged` of each group that is large enough. A viewer may be in several. */
export function slicesOf(
  split: TimeSplit,
  judged: readonly Judged[],
  facts: LearningFacts,
): readonly { readonly name: string; readonly places: readonly number[] }[] {
  const plays = judged.map(({ seen }) => seen.size)
  const middle = plays.toSorted((a, b) => a - b)[Math.floor(plays.length / 2)] ?? 0
  const firstPlayed = new Float64Array(split.before.titles.length).fill(Number.POSITIVE_INFINITY)
  split.before.title.forEach((title, k) => {
    firstPlayed[title] = Math.min(firstPlayed[title] as number, split.before.at[k] as number)
  })
  const isNew = (title: number): boolean => (firstPlayed[title] as number) > split.splitAt - NEW_TITLE_MS
  const deviceOf = ({ viewer }: Judged): string =>
    facts.devices.get(split.before.viewers[viewer] as string) ?? 'unknown'
  const devices = [...new Set(judged.map(deviceOf))].filter((device) => device !== 'unknown').sort()
  const groups: (readonly [string, (one: Judged) => boolean])[] = [
    ['new viewers (up to 3 plays)', ({ seen }) => seen.size <= NEW_VIEWER_PLAYS],
    ['light viewers (below the median)', ({ seen }) => seen.size < middle],
    ['heavy viewers (from the median up)', ({ seen }) => seen.size >= middle],
    ['went on to a title of the last 7 days', ({ relevant }) => [...relevant].some(isNew)],
    ...devices.map((device) => [`on ${device}`, (one: Judged) => deviceOf(one) === device] as const),
  ]
  return groups
    .map(([name, belongs]) => ({ name, places: judged.flatMap((one, k) => (belongs(one) ? [k] : [])) }))
    .filter(({ places }) => places.length >= MIN_VIEWERS && places.length < judged.length)
}
