/**
 * Remembers the ids of the events stored last, so that one sent again at once is counted as a duplicate instead of
 * stored twice. Bounded: two generations of `size` ids. What it has forgotten is caught later, where views are built.
 */
export type RecentEvents = {
  /** What this id was met with before: nothing, the same payload or another one. Remembers it when new. */
  meet(key: string, print: number): 'new' | 'same' | 'other'
  forget(keys: readonly string[]): void
}

export function createRecentEvents(size: number): RecentEvents {
  let young = new Map<string, number>()
  let old = new Map<string, number>()
  return {
    meet: (key, print) => {
      const known = young.get(key) ?? old.get(key)
      if (known !== undefined) return known === print ? 'same' : 'other'
      young.set(key, print)
      if (young.size >= size) {
        old = young
        young = new Map()
      }
      return 'new'
    },
    forget: (keys) => {
      for (const key of keys) {
        young.delete(key)
        old.delete(key)
      }
    },
  }
}
