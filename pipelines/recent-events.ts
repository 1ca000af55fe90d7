/**
 * Remembers the events stored last, so that one sent again at once is counted as a duplicate instead of stored twice.
 * Bounded: two generations of `size` events. What it has forgotten is caught later, where views are built.
 */
import { fnv1a } from '#base/ids.ts'
import type { StoredEvent } from '#events/define.ts'

/** Fields that differ between two sendings of one event. */
const STAMPS = new Set(['sentAt', 'receivedAt', 'derivedAt', 'bot', 'sourceFormat'])

function samePayload(a: StoredEvent, b: StoredEvent): boolean {
  for (const name in a) {
    const left = a[name]
    const right = b[name]
    if (left === right || STAMPS.has(name)) continue
    if (typeof left !== 'object' || JSON.stringify(left) !== JSON.stringify(right)) return false
  }
  return Object.keys(a).length === Object.keys(b).length
}

/** The same other payload gets the same id each time it is sent. */
export function idOfOtherPayload(event: StoredEvent): string {
  const { sentAt: _s, receivedAt: _r, derivedAt: _d, bot: _b, ...payload } = event
  return `${event.eventId.slice(0, 55)}~${fnv1a(JSON.stringify(payload)).toString(36)}`
}

export type RecentEvents = {
  /** What an event with this id was when it was stored. */
  compare(event: StoredEvent): 'new' | 'same' | 'other'
  remember(events: readonly StoredEvent[]): void
}

export function createRecentEvents(size: number): RecentEvents {
  let young = new Map<string, StoredEvent>()
  let old = new Map<string, StoredEvent>()
  return {
    compare: (event) => {
      const known = young.get(event.eventId) ?? old.get(event.eventId)
      if (known === undefined || known.tenantId !== event.tenantId) return 'new'
      return samePayload(known, event) ? 'same' : 'other'
    },
    remember: (events) => {
      for (const event of events) young.set(event.eventId, event)
      if (young.size < size) return
      old = young
      young = new Map()
    },
  }
}
