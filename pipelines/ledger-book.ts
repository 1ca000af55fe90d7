/**
 * The collector's side of the ledger before it is said: counts by tenant and minute, and which minutes may still change
 * or are not yet in the warehouse. Small: an entry leaves when it was said and its minute is over.
 */
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '#events/dead-letters.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const minuteOf = (at: number): number => at - (at % MINUTE_MS)

export type TenantCounts = {
  /** Events of batches that were answered with 2xx, and of what our own parts said. */
  accepted: number
  stored: number
  /** Same id and same payload as one stored a moment ago. */
  duplicate: number
  /** Part of stored: an id used again for another payload, kept under an id of its own. */
  reusedId: number
  deadLettered: Record<DeadLetterReason, number>
  /** Not accepted: the log failed while it wrote them, so some may be there all the same. */
  unsure: number
}
/** What one batch adds. */
export type Added = {
  readonly stored?: number
  readonly duplicate?: number
  readonly reusedId?: number
  readonly deadLettered?: readonly { readonly reason: DeadLetterReason }[]
  readonly unsure?: number
}
export const zeroCounts = (): TenantCounts => ({
  accepted: 0,
  stored: 0,
  duplicate: 0,
  reusedId: 0,
  deadLettered: Object.fromEntries(DEAD_LETTER_REASONS.map((reason) => [reason, 0])) as Record<
    DeadLetterReason,
    number
  >,
  unsure: 0,
})

const NONE = [] as const
export function addTo(counts: TenantCounts, added: Added): void {
  const { stored = 0, duplicate = 0, reusedId = 0, deadLettered = NONE, unsure = 0 } = added
  counts.accepted += stored + duplicate + deadLettered.length
  counts.stored += stored
  counts.duplicate += duplicate
  counts.reusedId += reusedId
  counts.unsure += unsure
  for (const { reason } of deadLettered) counts.deadLettered[reason]++
}

/** A minute of a tenant on one page: said again and again, counts only grow. */
export type LedgerEntry = {
  readonly tenantId: string
  readonly minuteAt: number
  readonly page: number
  readonly counts: TenantCounts
  /** Grows with each change. */
  changes: number
  saidChanges: number
}

export type LedgerBook = {
  /** A batch of this minute is being worked on, until what comes back is called. */
  enter(receivedAt: number): () => void
  add(tenantId: string, receivedAt: number, added: Added): void
  /** Entries that have changed since they were said, as word number `sequence` will say them. */
  changed(sequence: number): Word
  /** The minutes that a comparison must not judge yet; `caughtUpTo`: what was appended before is in the warehouse. */
  open(caughtUpTo: number): ReadonlySet<number>
  /** Grows when a minute more than an hour old was said. */
  late(): number
}
export type Word = {
  readonly entries: readonly LedgerEntry[]
  /** The word is durable. */
  said(now: number): void
}

type Minute = { inHand: number; changes: number; saidChanges: number; saidAt: number }

export function createLedgerBook(): LedgerBook {
  const tenants = new Map<string, Map<number, LedgerEntry>>()
  const minutes = new Map<number, Minute>()
  let page = 0
  let late = 0
  /** The one met last: batches of one moment mostly count there. */
  let last: LedgerEntry | undefined
  let lastMinute: { readonly at: number; readonly minute: Minute } | undefined

  const minuteAt = (at: number): Minute => {
    if (lastMinute?.at === at) return lastMinute.minute
    let minute = minutes.get(at)
    if (minute === undefined) minutes.set(at, (minute = { inHand: 0, changes: 0, saidChanges: 0, saidAt: 0 }))
    lastMinute = { at, minute }
    return minute
  }
  const entryOf = (tenantId: string, at: number): LedgerEntry => {
    if (last?.minuteAt === at && last.tenantId === tenantId) return last
    let entries = tenants.get(tenantId)
    if (entries === undefined) tenants.set(tenantId, (entries = new Map()))
    let entry = entries.get(at)
    if (entry === undefined) {
      entry = { tenantId, minuteAt: at, page, counts: zeroCounts(), changes: 0, saidChanges: 0 }
      entries.set(at, entry)
    }
    last = entry
    return entry
  }
  /** What comes to a minute after its entry has left begins a new page. */
  const forget = ({ tenantId, minuteAt: at }: LedgerEntry): void => {
    const entries = tenants.get(tenantId)
    entries?.delete(at)
    if (entries?.size === 0) tenants.delete(tenantId)
    last = undefined
  }

  return {
    enter: (receivedAt) => {
      const minute = minuteAt(minuteOf(receivedAt))
      minute.inHand++
      return () => {
        minute.inHand--
      }
    },
    add: (tenantId, receivedAt, added) => {
      const at = minuteOf(receivedAt)
      const entry = entryOf(tenantId, at)
      addTo(entry.counts, added)
      entry.changes++
      minuteAt(at).changes++
    },
    changed: (sequence) => {
      page = sequence
      const all = [...tenants.values()].flatMap((entries) => [...entries.values()])
      const entries = all.filter((entry) => entry.changes > entry.saidChanges)
      const reached = new Map(entries.map((entry) => [entry, entry.changes]))
      const reachedMinutes = [...minutes.values()].map((minute) => ({ minute, changes: minute.changes }))
      return {
        entries,
        said: (now) => {
          for (const [entry, changes] of reached) entry.saidChanges = changes
          late += entries.filter(({ minuteAt: at }) => at < now - HOUR_MS).length
          for (const entry of all) {
            if (entry.minuteAt < minuteOf(now) && entry.changes === entry.saidChanges) forget(entry)
          }
          for (const { minute, changes } of reachedMinutes) {
            if (minute.saidChanges === changes) continue
            minute.saidChanges = changes
            minute.saidAt = now
          }
        },
      }
    },
    open: (caughtUpTo) => {
      for (const [at, { inHand, changes, saidChanges, saidAt }] of minutes) {
        if (inHand > 0 || changes > saidChanges || saidAt >= caughtUpTo) continue
        minutes.delete(at)
        lastMinute = undefined
      }
      return new Set(minutes.keys())
    },
    late: () => late,
  }
}
