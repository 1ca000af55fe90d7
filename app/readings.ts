/** What the operator can watch: the collector's ledger, how far behind each figure is, how much is stored. */
import type { Reading } from '#app/telemetry.ts'
import type { Clock } from '#base/clock.ts'
import type { Collector } from '#pipelines/collect.ts'
import type { WarehouseSink } from '#pipelines/warehouse-sink.ts'

export const readingsOf =
  (parts: {
    readonly collector: Collector
    readonly sink: WarehouseSink
    readonly watermarkAt: () => number
    readonly clock: Clock
    readonly eventsStored: () => Promise<number>
  }) =>
  async (): Promise<Reading[]> => {
    const { collector, sink, watermarkAt, clock, eventsStored } = parts
    const { tenants, refused, inFlightBytes } = collector.snapshot()
    const ledger = Object.entries(tenants).flatMap(([tenant, counts]) => [
      { labels: { tenant, outcome: 'accepted' }, value: counts.accepted },
      { labels: { tenant, outcome: 'stored' }, value: counts.stored },
      { labels: { tenant, outcome: 'duplicate' }, value: counts.duplicate },
      ...Object.entries(counts.deadLettered).map(([reason, value]) => ({
        labels: { tenant, outcome: `dead letter: ${reason}` },
        value,
      })),
    ])
    return [
      { name: 'collector_events', help: 'Events by what became of them.', values: ledger },
      {
        name: 'collector_refused_batches',
        help: 'Batches turned away, by code.',
        values: Object.entries(refused).map(([code, value]) => ({ labels: { code }, value })),
      },
      {
        name: 'collector_in_flight_bytes',
        help: 'Bytes being worked on.',
        values: [{ value: inFlightBytes }],
      },
      { name: 'log_events', help: 'Events in the log.', values: [{ value: await eventsStored() }] },
      {
        name: 'warehouse_lag_events',
        help: 'Events not yet queryable.',
        values: [{ value: await sink.lag() }],
      },
      {
        name: 'watermark_age_ms',
        help: 'Age of the instant everything before which is in the figures.',
        values: [{ value: watermarkAt() === 0 ? 0 : clock.now() - watermarkAt() }],
      },
    ]
  }
