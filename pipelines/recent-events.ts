/**
 * Remembers the events stored last, so that one sent again at once is counted as a duplicate instead of stored twice.
 * A table of fixed size: each event takes the place of an older one. What it has forgotten is caught later, where views
 * are built. Events are told by 64 bits of their id and 32 of their payload.
 */
export type RecentEvents = {
  /** What the event was met with before: nothing, the same payload or another one. Remembers it when new. */
  meet(tenantId: string, eventId: string, print: number): 'new' | 'same' | 'other'
  forget(tenantId: string, eventIds: readonly string[]): void
}

const FIELDS = 3

/** `places` is a power of two. */
export function createRecentEvents(places: number): RecentEvents {
  const table = new Int32Array(places * FIELDS)
  let first = 0
  let second = 0
  const hash = (tenantId: string, eventId: string): number => {
    let a = 0x811c9dc5
    let b = 0x2c1b3c6d
    for (let i = 0; i < eventId.length; i++) {
      const code = eventId.charCodeAt(i)
      a = Math.imul(a ^ code, 0x01000193)
      b = Math.imul(b + code, 0x297a2d39) ^ (b >>> 15)
    }
    for (let i = 0; i < tenantId.length; i++) {
      const code = tenantId.charCodeAt(i)
      a = Math.imul(a ^ code, 0x01000193)
      b = Math.imul(b + code, 0x297a2d39) ^ (b >>> 15)
    }
    first = a
    // Never 0, which says that a place is free.
    second = b | 1
    return ((a ^ (b >>> 7)) & (places - 1)) * FIELDS
  }
  return {
    meet: (tenantId, eventId, print) => {
      const at = hash(tenantId, eventId)
      if (table[at] === first && table[at + 1] === second) return table[at + 2] === print ? 'same' : 'other'
      table[at] = first
      table[at + 1] = second
      table[at + 2] = print
      return 'new'
    },
    forget: (tenantId, eventIds) => {
      for (const eventId of eventIds) {
        const at = hash(tenantId, eventId)
        if (table[at] === first && table[at + 1] === second) table.fill(0, at, at + FIELDS)
      }
    },
  }
}
