/** Every metric there is, in the order of docs/metrics.md. */
import { audienceMetrics } from '#metrics/audience.ts'
import { concurrentMetrics } from '#metrics/concurrent.ts'
import type { MetricDefinition } from '#metrics/define.ts'
import { figureMetrics } from '#metrics/figures.ts'
import { realtimeMetrics } from '#metrics/realtime.ts'
import { retentionMetrics } from '#metrics/retention.ts'
import { stallMetrics } from '#metrics/stalls.ts'
import { witnessMetrics } from '#metrics/witnesses.ts'

export const metrics: readonly MetricDefinition[] = [
  ...figureMetrics,
  ...audienceMetrics,
  ...concurrentMetrics,
  ...realtimeMetrics,
  ...retentionMetrics,
  ...stallMetrics,
  ...witnessMetrics,
]
