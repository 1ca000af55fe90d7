/**
 * Which segments may go: whole ones, from the oldest on, past their time or over the bytes that are kept; never the last,
 * and never one that a registered group still has to read.
 */
import type { GroupMark } from '#storage/event-log/log-book.ts'
import type { Segment } from '#storage/event-log/segment-list.ts'

const DAY_MS = 24 * 3_600_000
/** A group that has not been heard of for so long holds nothing back: it was renamed or taken out of use. */
export const REGISTERED_MS = 30 * DAY_MS

export type RetentionRule = {
  readonly retentionDays: number | 'forever'
  /** Of one partition. */
  readonly retentionBytes?: number | undefined
}

/**
 * The first offset some group still has to read. `reading` are positions of groups that consume right now: they hold
 * what they need however long they take.
 */
export function neededFrom(marks: Iterable<GroupMark>, reading: Iterable<number>, now: number): number {
  let from = Number.POSITIVE_INFINITY
  for (const { next, at } of marks) if (now - at < REGISTERED_MS) from = Math.min(from, next)
  for (const next of reading) from = Math.min(from, next)
  return from
}

type Kept = Pick<Segment, 'bytes' | 'endOffset' | 'events' | 'writtenAt'>

/** How many of the closed segments may go. `held`: how many more would, if no group needed them. */
export function removable(
  closed: readonly Kept[],
  lastBytes: number,
  { retentionDays, retentionBytes = Number.POSITIVE_INFINITY }: RetentionRule,
  { now, needed }: { readonly now: number; readonly needed: number },
): { readonly count: number; readonly held: number } {
  const oldestAt = retentionDays === 'forever' ? Number.NEGATIVE_INFINITY : now - retentionDays * DAY_MS
  let bytes = closed.reduce((sum, segment) => sum + segment.bytes, lastBytes)
  let count = 0
  let past = 0
  for (const segment of closed) {
    if (segment.events > 0 && segment.writtenAt >= oldestAt && bytes <= retentionBytes) break
    bytes -= segment.bytes
    if (count === past && segment.endOffset <= needed) count++
    past++
  }
  return { count, held: past - count }
}
