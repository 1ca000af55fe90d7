/**
 * Remembers the events stored last, so that one sent again at once is counted as a duplicate instead of stored twice.
 * A table of fixed size: a new event takes the place of the oldest of eight. What it has forgotten is caught later, where
 * views are built. Events are told by 64 bits of their id and 32 of their payload.
 */
import { fnv1a } from '#base/ids.ts'

/** What an event was met with before: nothing, the same payload or another one. */
export const MET = { new: 0, same: 1, other: 2 } as const

export type RecentEvents = {
  /**
   * For each event how it was met; the new are remembered. The answer stands until the next call.
   * `prints` tell an event's payload from another.
   */
  meet(tenantId: string, eventIds: readonly string[], prints: readonly number[]): Uint8Array
  forget(tenantId: string, eventIds: readonly string[]): void
  /** Remembers events of before the start, whose payload nobody knows any more: with any payload they are the same. */
  recall(tenantId: string, eventIds: readonly string[]): void
  /**
   * Remembers events told by the hashes `meet` would make, two of each, when all of them are new; else remembers none
   * and says false.
   */
  meetNew(hashes: Int32Array, prints: Int32Array): boolean
  forgetNew(hashes: Int32Array): void
}

/** Of an id what its place does not say already, and of its payload. Small, so that the cache holds much of it. */
const FIELDS = 2
/** Events that share a row of the table, which is a line of the cache. */
const WAYS = 8
const ROW = WAYS * FIELDS
/** Stands for a payload that nobody knows any more. */
const ANY_PRINT = 0
const printOf = (print: number): number => print | 0 || 1

/** `places` is a power of two. */
export function createRecentEvents(places: number): RecentEvents {
  const table = new Int32Array(places * FIELDS)
  const rows = places / WAYS
  let seededFor = ''
  let seed = 0
  let first = new Int32Array(0)
  let second = new Int32Array(0)
  let met = new Uint8Array(0)

  /** Every second character goes into one half of the 64 bits, the others into the other. */
  const hash = (tenantId: string, eventIds: readonly string[]): void => {
    if (tenantId !== seededFor) {
      seededFor = tenantId
      seed = fnv1a(tenantId)
    }
    if (first.length < eventIds.length) {
      first = new Int32Array(eventIds.length * 2)
      second = new Int32Array(eventIds.length * 2)
      met = new Uint8Array(eventIds.length * 2)
    }
    for (let n = 0; n < eventIds.length; n++) {
      const eventId = eventIds[n] as string
      let a = seed ^ 0x2c1b3c6d
      let b = seed
      const even = eventId.length & ~1
      for (let i = 0; i < even; i += 2) {
        a = Math.imul(a ^ eventId.charCodeAt(i), 0x01000193)
        b = Math.imul(b ^ eventId.charCodeAt(i + 1), 0x297a2d39)
      }
      if (even !== eventId.length) a = Math.imul(a ^ eventId.charCodeAt(even), 0x01000193)
      // Short ids may differ in one half only: the row and what is kept in it both come of both.
      const row = Math.imul(a ^ ((b << 15) | (b >>> 17)), 0x2c1b3c6d)
      const kept = Math.imul(b ^ ((a << 13) | (a >>> 19)), 0x297a2d39)
      first[n] = row ^ (row >>> 15)
      // Never 0, which says that a place is free.
      second[n] = (kept ^ (kept >>> 13)) | 1
    }
  }
  const rowOf = (a: number): number => (a & (rows - 1)) * ROW
  /** Where in the row the event stands, or -1. */
  const find = (row: number, b: number): number => {
    for (let at = row; at < row + ROW; at += FIELDS) if (table[at] === b) return at
    return -1
  }

  /** The newest stands first; the first free place is taken before any event is forgotten. */
  const remember = (row: number, b: number, print: number): void => {
    let free = row
    while (free < row + ROW - FIELDS && table[free] !== 0) free += FIELDS
    for (let i = free + FIELDS - 1; i >= row + FIELDS; i--) table[i] = table[i - FIELDS] as number
    table[row] = b
    table[row + 1] = print
  }
  const remove = (a: number, b: number): void => {
    const at = find(rowOf(a), b)
    if (at !== -1) table.fill(0, at, at + FIELDS)
  }
  const forgetFirst = (hashes: Int32Array, count: number): void => {
    for (let n = 0; n < count; n++) remove(hashes[2 * n] as number, hashes[2 * n + 1] as number)
  }

  return {
    meet: (tenantId, eventIds, prints) => {
      // All hashes before all looks: the places lie far apart, and the processor then fetches many at once.
      hash(tenantId, eventIds)
      for (let n = 0; n < eventIds.length; n++) {
        const b = second[n] as number
        const print = printOf(prints[n] as number)
        const row = rowOf(first[n] as number)
        const at = find(row, b)
        if (at !== -1) {
          const before = table[at + 1]
          met[n] = before === print || before === ANY_PRINT ? MET.same : MET.other
          continue
        }
        remember(row, b, print)
        met[n] = MET.new
      }
      return met
    },
    recall: (tenantId, eventIds) => {
      hash(tenantId, eventIds)
      for (let n = 0; n < eventIds.length; n++) {
        const row = rowOf(first[n] as number)
        const b = second[n] as number
        if (find(row, b) === -1) remember(row, b, ANY_PRINT)
      }
    },
    forget: (tenantId, eventIds) => {
      hash(tenantId, eventIds)
      for (let n = 0; n < eventIds.length; n++) remove(first[n] as number, second[n] as number)
    },
    meetNew: (hashes, prints) => {
      for (let n = 0; n < prints.length; n++) {
        const row = rowOf(hashes[2 * n] as number)
        const b = hashes[2 * n + 1] as number
        if (find(row, b) !== -1) {
          forgetFirst(hashes, n)
          return false
        }
        remember(row, b, printOf(prints[n] as number))
      }
      return true
    },
    forgetNew: (hashes) => forgetFirst(hashes, hashes.length / 2),
  }
}
