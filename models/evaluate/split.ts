/**
 * The global time split: one moment for everybody. What came before is learned from, what came after is predicted,
 * as it would have been on that day; nothing of the future leaks into the past.
 */
import { encodeInteractions, type InteractionRow, type Interactions } from '#features/interactions.ts'

export type TimeSplit = {
  readonly splitAt: number
  readonly before: Interactions
  readonly after: Interactions
}

/** The moment before which `share` of the interactions lie. */
export function momentAt(interactions: Interactions, share: number): number {
  const sorted = interactions.at.slice().sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export function splitAtMoment(interactions: Interactions, splitAt: number): TimeSplit {
  return {
    splitAt,
    before: selectInteractions(interactions, (k) => (interactions.at[k] as number) < splitAt),
    after: selectInteractions(interactions, (k) => (interactions.at[k] as number) >= splitAt),
  }
}

/** The rows kept, with dictionaries of only what they name. */
export function selectInteractions(interactions: Interactions, keep: (row: number) => boolean): Interactions {
  const rows: InteractionRow[] = []
  for (let k = 0; k < interactions.viewer.length; k++) {
    if (!keep(k)) continue
    rows.push({
      viewerKey: interactions.viewers[interactions.viewer[k] as number] as string,
      titleId: interactions.titles[interactions.title[k] as number] as string,
      at: interactions.at[k] as number,
      strength: interactions.strength[k] as number,
    })
  }
  return encodeInteractions(rows)
}

/**
 * Leave-one-out, the protocol of the NCF papers: each viewer's latest play is predicted from those before it. Moments
 * differ between viewers, so later plays of others leak into what is learned: for comparison with papers only. Both
 * halves keep all viewers and titles. Viewers with one play are not judged.
 */
export function leaveOneOut(interactions: Interactions): TimeSplit {
  const latest = new Map<number, number>()
  const plays = new Int32Array(interactions.viewers.length)
  interactions.viewer.forEach((viewer, k) => {
    plays[viewer] = (plays[viewer] as number) + 1
    const so = latest.get(viewer)
    if (so === undefined || (interactions.at[k] as number) >= (interactions.at[so] as number))
      latest.set(viewer, k)
  })
  const isHeldOut = (k: number): boolean => {
    const viewer = interactions.viewer[k] as number
    return latest.get(viewer) === k && (plays[viewer] as number) > 1
  }
  return {
    splitAt: Number.NaN,
    before: keepRows(interactions, (k) => !isHeldOut(k)),
    after: keepRows(interactions, isHeldOut),
  }
}

/** The rows kept, with the dictionaries as they were. */
function keepRows(interactions: Interactions, keep: (row: number) => boolean): Interactions {
  const rows = Uint32Array.from(interactions.viewer, (_, k) => k).filter(keep)
  return {
    viewers: interactions.viewers,
    titles: interactions.titles,
    viewer: Int32Array.from(rows, (k) => interactions.viewer[k] as number),
    title: Int32Array.from(rows, (k) => interactions.title[k] as number),
    at: Float64Array.from(rows, (k) => interactions.at[k] as number),
    strength: Float32Array.from(rows, (k) => interactions.strength[k] as number),
  }
}

/** One viewer to be judged: what they had watched, and what they went on to watch. Title indexes of `before`. */
export type Judged = {
  readonly viewer: number
  readonly seen: ReadonlySet<number>
  readonly relevant: ReadonlySet<number>
}

/** Viewers known before the split who went on to watch a title known before it that was new to them. */
export function judgedViewers(split: TimeSplit): Judged[] {
  const { before, after } = split
  const viewerIndex = new Map(before.viewers.map((key, index) => [key, index]))
  const titleIndex = new Map(before.titles.map((id, index) => [id, index]))
  const seen = before.viewers.map(() => new Set<number>())
  before.viewer.forEach((viewer, k) => seen[viewer]?.add(before.title[k] as number))
  const relevant = new Map<number, Set<number>>()
  after.viewer.forEach((viewer, k) => {
    const who = viewerIndex.get(after.viewers[viewer] as string)
    const what = titleIndex.get(after.titles[after.title[k] as number] as string)
    if (who === undefined || what === undefined || seen[who]?.has(what)) return
    const titles = relevant.get(who) ?? new Set()
    relevant.set(who, titles.add(what))
  })
  return [...relevant]
    .sort(([a], [b]) => a - b)
    .map(([viewer, titles]) => ({ viewer, seen: seen[viewer] as Set<number>, relevant: titles }))
}
