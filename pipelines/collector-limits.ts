/** How much the collector takes, and from whom. */
import type { GrantLimits } from '#pipelines/grant-book.ts'

export type CollectorLimits = GrantLimits & {
  readonly batchEvents: number
  readonly bodyBytes: number
  /** Characters of one event. */
  readonly eventBytes: number
  /** Bytes of batches being worked on; beyond it senders wait. Shared fairly: see in-flight.ts. */
  readonly inFlightBytes: number
  /** Recent events remembered to spot duplicates, all tenants together; a power of two. */
  readonly recentEvents: number
}

export const collectorLimits: CollectorLimits = {
  batchEvents: 1000,
  bodyBytes: 1024 * 1024,
  eventBytes: 64 * 1024,
  inFlightBytes: 64 * 1024 * 1024,
  recentEvents: 262_144,
  perPlay: 20_000,
  perViewerHour: 20_000,
  unparsedPerMinute: 60,
}
