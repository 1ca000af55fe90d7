/** What the operator can watch: whether the ledger balances, how far behind each figure is, how much is stored. */
import type { CutOffs } from '#app/cut-offs.ts'
import type { Reading, Sample } from '#app/telemetry.ts'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { ChartDelay } from '#pipelines/chart-delay.ts'
import type { Collector } from '#pipelines/collect.ts'
import type { Ledger } from '#pipelines/ledger.ts'
import type { LedgerTotals } from '#pipelines/ledger-page.ts'
import type { WarehouseSink } from '#pipelines/warehouse-sink.ts'
import type { Playback } from '#playback/playback.ts'

/** One gauge a tenant and word. */
const perTenant = (
  totals: ReadonlyMap<string, LedgerTotals>,
  label: string,
  wordsOf: (of: LedgerTotals) => Readonly<Record<string, number>>,
): Sample[] =>
  [...totals].flatMap(([tenant, of]) =>
    Object.entries(wordsOf(of)).map(([word, value]) => ({ labels: { tenant, [label]: word }, value })),
  )

/** Both sides over the minutes compared, whatever was restarted since. */
const ledgerReadings = (totals: ReadonlyMap<string, LedgerTotals>): Reading[] => [
  {
    name: 'ledger_events',
    help: 'Events of the last 35 days by what became of them, as the collector said.',
    values: perTenant(totals, 'outcome', ({ accepted, stored, duplicate, deadLetteredBy }) => ({
      accepted,
      stored,
      duplicate,
      ...Object.fromEntries(
        Object.entries(deadLetteredBy).map(([reason, count]) => [`dead letter: ${reason}`, count]),
      ),
    })),
  },
  {
    name: 'ledger_rows',
    help: 'Rows of the last 35 days that the warehouse holds.',
    values: perTenant(totals, 'kind', ({ rows, letters }) => ({ event: rows, 'dead letter': letters })),
  },
  {
    name: 'ledger_imbalance_events',
    help: 'Events that one side of the ledger has alone. Alarms: lost, doubled, unexplained.',
    values: perTenant(totals, 'kind', ({ lost, doubled, unexplained, unsaid, unsure }) => ({
      lost,
      doubled,
      unexplained,
      unsaid,
      unsure,
    })),
  },
  {
    name: 'ledger_open_minutes',
    help: 'Minutes that are not over or not yet in the warehouse whole.',
    values: [...totals].map(([tenant, { openMinutes }]) => ({ labels: { tenant }, value: openMinutes })),
  },
]

/** Of nothing there is no quantile: NaN, as Prometheus has it. */
const delayReadings = ({ p50Ms, p99Ms, events, oldestWaitingMs }: ChartDelay): Reading[] => [
  {
    name: 'chart_delay_ms',
    help: 'From an event received until the view it belongs to can be queried, over the last 5 minutes.',
    values: [
      { labels: { quantile: '0.5' }, value: p50Ms ?? Number.NaN },
      { labels: { quantile: '0.99' }, value: p99Ms ?? Number.NaN },
    ],
  },
  {
    name: 'chart_delay_events',
    help: 'Events whose views were built in the last 5 minutes.',
    values: [{ value: events }],
  },
  {
    name: 'chart_oldest_waiting_ms',
    help: 'Age of the oldest event whose view is not built; 0 when none waits. It grows in a standstill.',
    values: [{ value: oldestWaitingMs }],
  },
]

export const readingsOf =
  (parts: {
    readonly collector: Collector
    readonly ledger: Ledger
    readonly sink: WarehouseSink
    readonly playback: Pick<Playback, 'deliveries'>
    readonly watermarkAt: () => number
    readonly chartDelay: () => ChartDelay
    readonly clock: Clock
    readonly eventsStored: () => Promise<number>
    readonly cutOffs: CutOffs
    readonly droppedReceipts: () => number
    readonly log: Log
  }) =>
  async (): Promise<Reading[]> => {
    const { collector, ledger, sink, playback, watermarkAt, clock, eventsStored, cutOffs, log } = parts
    const { refused, inFlightBytes } = collector.snapshot()
    // The warehouse may be away; what else there is to see is seen all the same.
    const totals = await ledger.totals().catch((error: unknown) => {
      log.warn({ err: error }, 'the ledger could not be read for the metrics')
      return null
    })
    return [
      ...ledgerReadings(totals ?? new Map()),
      {
        name: 'ledger_readable',
        help: '1 when the figures of the ledger are of now, 0 when the warehouse did not answer.',
        values: [{ value: totals === null ? 0 : 1 }],
      },
      {
        name: 'collector_refused_batches',
        help: 'Batches turned away, by code.',
        values: Object.entries(refused).map(([code, value]) => ({ labels: { code }, value })),
      },
      {
        name: 'http_cut_off_clients',
        help: 'Clients cut off, by reason.',
        values: Object.entries(cutOffs.snapshot()).map(([reason, value]) => ({ labels: { reason }, value })),
      },
      {
        name: 'collector_in_flight_bytes',
        help: 'Bytes being worked on.',
        values: [{ value: inFlightBytes }],
      },
      {
        name: 'deliveries',
        help: 'Requests for media the origin answered, by what became of its account of them.',
        values: Object.entries(playback.deliveries()).map(([outcome, value]) => ({
          labels: { outcome },
          value,
        })),
      },
      {
        name: 'receipts_dropped',
        help: 'Slates served and not logged.',
        values: [{ value: parts.droppedReceipts() }],
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
      ...delayReadings(parts.chartDelay()),
    ]
  }
