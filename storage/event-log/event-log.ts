/**
 * The event log: the store of record. Append-only streams split into partitions, read by named groups.
 * Promises: `append` answers only when the events would survive a power cut; events of one key stay in order;
 * a group sees every event at least once and never past what it has committed.
 */
import type { StoredEvent, StreamDefinition } from '#events/define.ts'

export type Position = { readonly partition: number; readonly offset: number }

/** A run of consecutive events of one partition. */
export type LogBatch = {
  readonly stream: StreamDefinition
  readonly partition: number
  /** Offset of the first event; offsets count events from 0 without gaps in the embedded log, with gaps on Kafka. */
  readonly firstOffset: number
  readonly lastOffset: number
  readonly count: number
  /** The events, decoded on first use. */
  events(): StoredEvent[]
  /**
   * The events as one or more ClickHouse `Native` blocks: the stream's columns followed by
   * `logPartition UInt16` and `logOffset UInt64`. The embedded log hands over the bytes it stored.
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
  /** How long to let a batch grow before it is handed over, in ms. Default 0: as soon as there is something. */
  readonly lingerMs?: number
}

export type Consumer = {
  /** Resolves when everything appended before the call has been handled and committed. */
  caughtUp(): Promise<void>
  /** Events appended but not yet committed by this group. */
  lag(): Promise<number>
  /** Finishes the batch in hand, then stops. Idempotent. */
  close(): Promise<void>
}

export type EventLog = {
  /**
   * Appends events that are already valid. Resolves when durable.
   * Rejects with SV_LOG_FULL or SV_LOG_UNAVAILABLE: nothing of the call is then acknowledged; some of it may be there
   * all the same, and ids make a retry safe.
   */
  append(stream: StreamDefinition, events: readonly StoredEvent[]): Promise<void>
  /**
   * Hands batches to `handle` one at a time per partition, in order; commits when it resolves. When it rejects the
   * same batch is handed over again after a pause (100 ms doubling to 5 s) and the error goes to `onError`.
   */
  consume(
    options: ConsumeOptions,
    handle: (batch: LogBatch) => Promise<void>,
    onError?: (error: unknown) => void,
  ): Consumer
  /** Reads without a group, from an offset; empty at the end. */
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
  /** Moves a stopped group. */
  seek(group: string, stream: StreamDefinition, offsets: readonly number[]): Promise<void>
  close(): Promise<void>
}

/** The position columns the log adds to each row. */
export const positionColumns = [
  { name: 'logPartition', type: 'UInt16', description: 'partition of the event log' },
  { name: 'logOffset', type: 'UInt64', description: 'offset in the partition' },
] as const
