/** Remembers answers for a short time, in bounded number: for what every page asks and what seldom changes. */
import type { Clock } from '#base/clock.ts'

export type Remembered<V> = {
  get(key: string): Promise<V>
  forget(key?: string): void
}

export function createRemembered<V>(options: {
  readonly load: (key: string) => Promise<V>
  readonly clock: Clock
  readonly forMs: number
  readonly most?: number
}): Remembered<V> {
  const { load, clock, forMs, most = 10_000 } = options
  const held = new Map<string, { readonly at: number; readonly value: Promise<V> }>()
  return {
    get: (key) => {
      const known = held.get(key)
      const now = clock.now()
      if (known !== undefined && now - known.at < forMs) return known.value
      const value = load(key)
      value.catch(() => held.get(key)?.value === value && held.delete(key))
      held.delete(key)
      if (held.size >= most) held.delete(held.keys().next().value as string)
      held.set(key, { at: now, value })
      return value
    },
    forget: (key) => (key === undefined ? held.clear() : void held.delete(key)),
  }
}
