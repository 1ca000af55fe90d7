/** How long it takes until an event is in the charts, as the API tells it, and from when on that is a standstill. */
export type ChartDelay = {
  p50Ms: number | null
  p99Ms: number | null
  oldestWaitingMs: number
  events: number | null
}
export const CHART_DELAY_FIELDS = 'p50Ms p99Ms oldestWaitingMs events'

/** Nothing waits this long while views are built. */
const STILL_MS = 30_000
export const isStandingStill = ({ oldestWaitingMs }: ChartDelay): boolean => oldestWaitingMs > STILL_MS
