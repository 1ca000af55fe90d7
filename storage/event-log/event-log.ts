/**
 * The event log: the store of record. Append-only streams split into partitions, read by named groups.
 * Promises: `append` answers only when the events would survive a power cut (on Kafka: are on
 * every replica in sync); events of one key stay in order;
 * a group sees every event at least once and never past what it has committed.
 */
import type { StoredEvent, StreamDefinition } from '#events/define.ts'
import type { ColumnRun, EventRun } from '#events/run.ts'

export type Position = { readonly partition: number; readonly offset: number }

/** Events of one partition in order, all there are between two offsets. */
export type LogBatch = {
  readonly stream: StreamDefinition
  readonly partition: number
  /** Offset of the first event. Offsets rise; there are gaps where a stream was compacted, and on Kafka. */
  readonly firstOffset: number
  readonly lastOffset: number
  /** Events in the batch: at most lastOffset - firstOffset + 1. */
  readonly count: number
  /**
   * True for the first batch of a partition after this consumer was given it, and after a batch that was handed over and
   * not committed: somebody may have handled some of its events before, in other batches. A handler whose work must not
   * be done twice looks then. Where partitions are dealt anew (Kafka) that happens at any time.
   */
  readonly takenOver: boolean
  /** The events, decoded on first use. */
  events(): StoredEvent[]
  /**
   * The events as one or more ClickHouse `Native` blocks: the stream's columns followed by
   * `logId`, `logPartition` and `logOffset`, right for each row, gaps or not. The embedded log hands over the bytes it
   * stored; on Kafka the events are transposed here.
   */
  native(): Uint8Array[]
}

export type ConsumeOptions = {
  /** Consumer group: its committed offsets are durable. */
  readonly group: string
  readonly stream: StreamDefinition
  /** Where a group starts that has never committed. */
  readonly from: 'start' | 'end'
  /** A batch holds at most about this many events. */
  readonly maxEvents?: number
  /** How long a batch may grow before it is handed over, in ms. Default 0: as soon as there is something. */
  readonly lingerMs?: number
}

export type Consumer = {
  /** Resolves when everything appended before the call has been handled and committed by the group. */
  caughtUp(): Promise<void>
  /** Lets no batch grow that holds what was appended before the call. On Kafka none grows for longer than a fetch waits. */
  hurry(): void
  /** Events appended but not yet committed by this group. */
  lag(): Promise<number>
  /** Finishes the batch in hand, then stops. Idempotent. */
  close(): Promise<void>
}

export type EventLog = {
  /**
   * Names this log and no other: made with it, and the same after every start. Offsets mean something only together with
   * it; whoever keeps offsets elsewhere keeps it beside them.
   */
  readonly identity: string
  /**
   * Appends events that are already valid. Resolves when durable.
   * Rejects with SV_LOG_FULL or SV_LOG_UNAVAILABLE: nothing of the call is then acknowledged; some of it may be there
   * all the same, and ids make a retry safe. Where it is known what is there, the error is a PartlyStored.
   * While Kafka replaces a lost broker a call may take 15 s.
   */
  append(stream: StreamDefinition, events: EventRun): Promise<void>
  /**
   * The same for events that are columns already, where the log stores columns. They are read before the call returns.
   * None of them says the stream's key itself: all have the shared one.
   */
  appendColumns?(stream: StreamDefinition, events: ColumnRun): Promise<void>
  /**
   * Hands batches to `handle` one at a time per partition, in order; commits when it resolves. When it rejects the
   * same batch is handed over again after a pause (100 ms doubling to 5 s) and the error goes to `onError`.
   * On Kafka consumers of one group in several processes share the partitions; a batch in hand is finished before they
   * are dealt anew. Events that this log appends after the call are handed over, also with `from: 'end'`.
   */
  consume(
    options: ConsumeOptions,
    handle: (batch: LogBatch) => Promise<void>,
    onError?: (error: unknown) => void,
  ): Consumer
  /** Reads without a group, from the first event at or after an offset that is still kept; null at the end. */
  read(
    stream: StreamDefinition,
    partition: number,
    fromOffset: number,
    maxEvents: number,
  ): Promise<LogBatch | null>
  /** Per partition: offset the next event will get. */
  ends(stream: StreamDefinition): Promise<number[]>
  /** Per partition: next offset the group will read; null where it never committed. */
  committed(group: string, stream: StreamDefinition): Promise<(number | null)[]>
  /** Moves a group that has no consumer, in any process. */
  seek(group: string, stream: StreamDefinition, offsets: readonly number[]): Promise<void>
  close(): Promise<void>
}

/** The position columns the log adds to each row, in this order at the end of a block. */
export const positionColumns = [
  { name: 'logId', type: 'LowCardinality(String)', description: 'identity of the event log' },
  { name: 'logPartition', type: 'UInt16', description: 'partition of the event log' },
  { name: 'logOffset', type: 'UInt64', description: 'offset in the partition' },
] as const
