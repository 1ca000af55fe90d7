/** Durations of the last five minutes as a histogram: bounded memory, and a quantile is at most a tenth too long. */
import type { Clock } from '#base/clock.ts'

/** Each bucket ends a tenth later than the one before it; what takes longer than a day counts as a day. */
const GROWTH = 1.1
const LONGEST_MS = 86_400_000
const BUCKETS = Math.ceil(Math.log(LONGEST_MS) / Math.log(GROWTH)) + 2
const SLICE_MS = 10_000
const SLICES = 30

export type DelayHistogram = {
  /** `count` of the same duration, which ended now. */
  record(ms: number, count: number): void
  /** The end of the bucket the value of rank ceil(q x count) is in; null when there is none. */
  quantile(q: number): number | null
  count(): number
}

/** Bucket 0 holds what took up to a millisecond. */
export const bucketOf = (ms: number): number =>
  ms <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms) / Math.log(GROWTH)))
const endOf = (bucket: number): number => GROWTH ** bucket

/** Time goes in slices of ten seconds: one that is five minutes old is forgotten whole. */
export function createDelayHistogram(clock: Clock): DelayHistogram {
  const slices = Array.from({ length: SLICES }, () => new Uint32Array(BUCKETS))
  const sums = new Float64Array(BUCKETS)
  let total = 0
  let newest = Math.floor(clock.now() / SLICE_MS)
  const sliceAt = (index: number): Uint32Array => slices[index % SLICES] as Uint32Array

  /** A clock that was set back goes on in the newest slice. */
  const moveOn = (): void => {
    const now = Math.floor(clock.now() / SLICE_MS)
    for (let index = Math.max(newest + 1, now - SLICES + 1); index <= now; index++) {
      const slice = sliceAt(index)
      for (let bucket = 0; bucket < BUCKETS; bucket++) {
        const gone = slice[bucket] as number
        sums[bucket] = (sums[bucket] as number) - gone
        total -= gone
      }
      slice.fill(0)
    }
    newest = Math.max(newest, now)
  }
  return {
    record: (ms, count) => {
      moveOn()
      const bucket = bucketOf(ms)
      const slice = sliceAt(newest)
      slice[bucket] = (slice[bucket] as number) + count
      sums[bucket] = (sums[bucket] as number) + count
      total += count
    },
    quantile: (q) => {
      moveOn()
      if (total === 0) return null
      let left = Math.max(1, Math.ceil(q * total))
      for (let bucket = 0; bucket < BUCKETS; bucket++) {
        left -= sums[bucket] as number
        if (left <= 0) return endOf(bucket)
      }
      return LONGEST_MS
    },
    count: () => {
      moveOn()
      return total
    },
  }
}
