/** Truths planted in the demo world, with the numbers tests must find again. Times count from the world's first day. */
import { PROMOTED_TITLE, STALLED_TITLE } from '#demo/catalogue.ts'

const DAY_MS = 86_400_000

/** Days of history, ending when the world was seeded. */
export const HISTORY_DAYS = 28
export const VIEWERS = 1200

/** One rendition of one title stalls at one second; many leave there. */
export const stall = {
  titleId: STALLED_TITLE,
  atMs: 301_000,
  videoHeightPx: 480,
  /** Every view on that rendition that gets there waits this long, uniformly. */
  stallMs: [6000, 12_000],
  /** Share of those who then leave. */
  leave: 0.6,
} as const

/** From this day a model change puts one title on every slate. */
export const promotion = {
  titleId: PROMOTED_TITLE,
  fromMs: 21 * DAY_MS,
  modelVersions: ['demo-1', 'demo-2'],
} as const

/** A player was offline: its views of day 20 arrive on day 24. */
export const lateBatch = { views: 40, happenedMs: 20 * DAY_MS, receivedMs: 24 * DAY_MS } as const

/** The late batch is sent so many times in all, byte for byte: its retries must not count. */
export const duplicates = { batches: 3 } as const
