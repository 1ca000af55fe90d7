/** Every metric there is, in the order of docs/metrics.md. */
import type { MetricDefinition } from '#metrics/define.ts'
import { figureMetrics } from '#metrics/figures.ts'
import { realtimeMetrics } from '#metrics/realtime.ts'
import { retentionMetrics } from '#metrics/retention.ts'
import { stallMetrics } from '#metrics/stalls.ts'

export const metrics: readonly MetricDefinition[] = [
  ...figureMetrics,
  ...realtimeMetrics,
  ...retentionMetrics,
  ...stallMetrics,
]
