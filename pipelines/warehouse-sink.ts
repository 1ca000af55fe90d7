/**
 * The log's events into the warehouse's tables: blocks go over as they are stored, and offsets are committed when the
 * insert would survive a power cut. Promises: every event is there once, whatever was killed in between.
 */
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { StreamDefinition } from '#events/define.ts'
import { schemaPrintOf } from '#events/print.ts'
import { streamColumns } from '#events/registry.ts'
import type { Consumer, EventLog, LogBatch } from '#storage/event-log/event-log.ts'
import { decodeRows, encodeBlock } from '#storage/warehouse/native.ts'
import { joinBlocks } from '#storage/warehouse/native-join.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export type WarehouseSinkPorts = {
  readonly eventLog: Pick<EventLog, 'identity' | 'consume'>
  readonly warehouse: Warehouse
  readonly streams: readonly StreamDefinition[]
  /** Hears of each batch after it is in the warehouse. */
  readonly onInserted?: (stream: StreamDefinition, batch: LogBatch) => void
  readonly clock: Clock
  readonly log: Log
}
export type WarehouseSink = {
  /** Resolves when everything appended before the call can be queried. No batch grows meanwhile. */
  caughtUp(): Promise<void>
  /** Everything appended before this instant can be queried. */
  caughtUpTo(): number
  /** Events in the log that cannot be queried yet. */
  lag(): Promise<number>
  close(): Promise<void>
}

const GROUP = 'warehouse-sink'
const MAX_EVENTS = 40_000
/** How long a batch may grow while nobody waits for what is in it. */
const LINGER_MS = 500
const LOOK_MS = 200

export async function openWarehouseSink(ports: WarehouseSinkPorts): Promise<WarehouseSink> {
  const { eventLog, warehouse, clock, log, onInserted } = ports
  const consumers: Consumer[] = []
  for (const stream of ports.streams) {
    const unsure = new Map<number, Known>()
    const unanswered = new Set<number>()
    const place = `${eventLog.identity}/${stream.name}@${schemaPrintOf(stream)}`
    const insert = async (batch: LogBatch): Promise<void> => {
      if (batch.takenOver || unanswered.has(batch.partition))
        await findKnown(batch, eventLog.identity, warehouse, unsure)
      const known = unsure.get(batch.partition)
      const blocks = known === undefined ? joinBlocks(batch.native()) : withoutKnown(batch, known)
      // The token alone is not enough: a power cut can make an engine forget those of later inserts.
      unanswered.add(batch.partition)
      if (blocks.length > 0)
        await warehouse.insertNative(stream.table, blocks, { token: tokenOf(place, batch, known) })
      unanswered.delete(batch.partition)
      // Only now: an insert that failed is tried again without what was there before it.
      if (known !== undefined && batch.lastOffset >= known.last) unsure.delete(batch.partition)
      onInserted?.(stream, batch)
    }
    const options = {
      group: GROUP,
      stream,
      from: 'start',
      maxEvents: MAX_EVENTS,
      lingerMs: LINGER_MS,
    } as const
    consumers.push(
      eventLog.consume(options, insert, (error) =>
        log.error({ err: error, stream: stream.name }, 'the warehouse is behind'),
      ),
    )
  }

  let closed = false
  let clearAt = 0
  const caughtUp = async (): Promise<void> => {
    const askedAt = clock.now()
    await Promise.all(consumers.map((consumer) => consumer.caughtUp()))
    if (!closed) clearAt = Math.max(clearAt, askedAt)
  }
  const look = async (): Promise<void> => {
    while (!closed) {
      await caughtUp()
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }
  const looking = look()
  return {
    caughtUp: () => {
      for (const consumer of consumers) consumer.hurry()
      return caughtUp()
    },
    caughtUpTo: () => clearAt,
    lag: async () => {
      const lags = await Promise.all(consumers.map((consumer) => consumer.lag()))
      return lags.reduce((sum, one) => sum + one, 0)
    },
    close: async () => {
      closed = true
      await Promise.all(consumers.map((consumer) => consumer.close()))
      await looking
    },
  }
}

/** Offsets of a partition that the warehouse has although the group never committed them. */
type Known = { readonly offsets: ReadonlySet<number>; readonly last: number }

/**
 * Somebody may have been ended between insert and commit, or not have heard that it was done: what the warehouse has
 * from the batch on is not said again.
 */
async function findKnown(
  { stream, partition, firstOffset }: LogBatch,
  logId: string,
  warehouse: Warehouse,
  unsure: Map<number, Known>,
): Promise<void> {
  const rows = await warehouse.query<{ logOffset: number }>({
    // Rows from before logs had identities say none: they are of the log that was there then.
    sql: sql`SELECT logOffset FROM ${stream.table}
      WHERE logPartition = {partition:UInt16} AND logOffset >= {firstOffset:UInt64} AND logId IN ({logId:String}, '')`,
    params: { partition, firstOffset, logId },
  })
  unsure.delete(partition)
  if (rows.length === 0) return
  const offsets = new Set(rows.map((row) => row.logOffset))
  unsure.set(partition, { offsets, last: rows.reduce((max, row) => Math.max(max, row.logOffset), 0) })
}

/**
 * Names the rows of an insert: a token said before for other rows would have the engine drop these. `place` says which
 * log, which stream and which columns.
 */
function tokenOf(place: string, batch: LogBatch, known: Known | undefined): string {
  const range = `${place}/${batch.partition}/${batch.firstOffset}-${batch.lastOffset}`
  return known === undefined ? range : `${range}/without-${known.offsets.size}-to-${known.last}`
}

/** The batch's events again as one block, without those the warehouse has. */
function withoutKnown(batch: LogBatch, { offsets }: Known): Uint8Array[] {
  type Row = { logOffset: number; logId: string }
  const rows = batch
    .native()
    .flatMap((block) => decodeRows<Row>(block))
    .filter((row) => !offsets.has(row.logOffset))
  const [first] = rows
  if (first === undefined) return []
  const places = rows.map((row) => row.logOffset)
  return [encodeBlock(streamColumns(batch.stream), rows, batch.partition, places, first.logId)]
}
