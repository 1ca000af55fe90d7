/** Randomness as an argument: a seeded generator, equal on every machine. */
export type Random = {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [0, n). */
  below(n: number): number
  /** Standard normal (Box-Muller). */
  normal(): number
  pick<T>(items: readonly T[]): T
  shuffle<T>(items: T[]): T[]
}

/** mulberry32 by Tommy Ettinger (public domain): 32 bits of state, good enough for simulation, never for secrets. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (n: number): number => Math.floor(next() * n)
  return {
    next,
    below,
    normal: () => Math.sqrt(-2 * Math.log(next() + 1e-12)) * Math.cos(2 * Math.PI * next()),
    pick: <T>(items: readonly T[]): T => items[below(items.length)] as T,
    shuffle: <T>(items: T[]): T[] => {
      for (let i = items.length - 1; i > 0; i--) {
        const j = below(i + 1)
        const held = items[i] as T
        items[i] = items[j] as T
        items[j] = held
      }
      return items
    },
  }
}
