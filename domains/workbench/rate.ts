/** How often each key may ask: a bucket that fills evenly. */
import type { Clock } from '#base/clock.ts'

const PER_MINUTE = 120
const MOST = 10_000

/** Counts one question of `id`: 0 when it may be asked, else the ms after which it may. */
export function createRate(clock: Clock): (id: string) => number {
  const buckets = new Map<string, { left: number; at: number }>()
  return (id) => {
    const now = clock.now()
    if (buckets.size >= MOST) buckets.clear()
    const bucket = buckets.get(id) ?? { left: PER_MINUTE, at: now }
    bucket.left = Math.min(PER_MINUTE, bucket.left + ((now - bucket.at) * PER_MINUTE) / 60_000)
    bucket.at = now
    buckets.set(id, bucket)
    if (bucket.left < 1) return Math.ceil(((1 - bucket.left) * 60_000) / PER_MINUTE)
    bucket.left--
    return 0
  }
}
