/**
 * The log's events into the warehouse's tables: blocks go over as they are stored, and offsets are committed when the
 * insert would survive a power cut. Promises: every event is there once, whatever was killed in between.
 */
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { StreamDefinition } from '#events/define.ts'
import { streamColumns } from '#events/registry.ts'
import type { Consumer, EventLog, LogBatch } from '#storage/event-log/event-log.ts'
import { createBlockEncoder, decodeRows } from '#storage/warehouse/native.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export type WarehouseSinkPorts = {
  readonly eventLog: Pick<EventLog, 'consume' | 'committed'>
  readonly warehouse: Warehouse
  readonly streams: readonly StreamDefinition[]
  /** Hears of each batch after it is in the warehouse. */
  readonly onInserted?: (stream: StreamDefinition, batch: LogBatch) => void
  readonly clock: Clock
  readonly log: Log
}
export type WarehouseSink = {
  /** Resolves when everything appended before the call can be queried. */
  caughtUp(): Promise<void>
  /** Everything appended before this instant can be queried. */
  caughtUpTo(): number
  /** Events in the log that cannot be queried yet. */
  lag(): Promise<number>
  close(): Promise<void>
}

const GROUP = 'warehouse-sink'
const MAX_EVENTS = 40_000
/** How long a batch may grow: what the freshest figure waits at most before it is inserted. */
const LINGER_MS = 150
const LOOK_MS = 200

export async function openWarehouseSink(ports: WarehouseSinkPorts): Promise<WarehouseSink> {
  const { eventLog, warehouse, clock, log, onInserted } = ports
  const consumers: Consumer[] = []
  for (const stream of ports.streams) {
    const unsure = await findUnsure(stream, ports)
    const insert = async (batch: LogBatch): Promise<void> => {
      const known = unsure.get(batch.partition)
      const blocks = known === undefined ? batch.native() : withoutKnown(batch, known)
      if (known !== undefined && batch.lastOffset >= known.last) unsure.delete(batch.partition)
      const token = `${stream.name}/${batch.partition}/${batch.firstOffset}-${batch.lastOffset}`
      if (blocks.length > 0) await warehouse.insertNative(stream.table, blocks, { token })
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
  const allCaughtUp = async (): Promise<void> => {
    await Promise.all(consumers.map((consumer) => consumer.caughtUp()))
  }
  const look = async (): Promise<void> => {
    while (!closed) {
      const askedAt = clock.now()
      await allCaughtUp()
      if (!closed) clearAt = askedAt
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }
  const looking = look()
  return {
    caughtUp: allCaughtUp,
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

/** Offsets past the last commit that the warehouse has all the same: it was killed between insert and commit. */
type Known = { readonly offsets: ReadonlySet<number>; readonly last: number }

async function findUnsure(
  stream: StreamDefinition,
  { eventLog, warehouse }: WarehouseSinkPorts,
): Promise<Map<number, Known>> {
  const committed = await eventLog.committed(GROUP, stream)
  const unsure = new Map<number, Known>()
  for (const [partition, next] of committed.entries()) {
    const rows = await warehouse.query<{ logOffset: number }>({
      sql: sql`SELECT logOffset FROM ${stream.table}
        WHERE logPartition = {partition:UInt16} AND logOffset >= {next:UInt64}`,
      params: { partition, next: next ?? 0 },
    })
    if (rows.length === 0) continue
    const offsets = new Set(rows.map((row) => row.logOffset))
    unsure.set(partition, { offsets, last: rows.reduce((max, row) => Math.max(max, row.logOffset), 0) })
  }
  return unsure
}

/** The batch's blocks again, without rows the warehouse has. */
function withoutKnown(batch: LogBatch, { offsets }: Known): Uint8Array[] {
  const encoder = createBlockEncoder(streamColumns(batch.stream))
  const rows = batch.native().flatMap((block) => decodeRows<{ logOffset: number }>(block))
  const blocks: Uint8Array[] = []
  // Positions are runs of neighbours: each run of missing rows is a block of its own.
  let run: { logOffset: number }[] = []
  const flush = (): void => {
    const first = run[0]
    if (first !== undefined) blocks.push(encoder.encode(run, batch.partition, first.logOffset))
    run = []
  }
  for (const row of rows) {
    if (offsets.has(row.logOffset)) flush()
    else run.push(row)
  }
  flush()
  return blocks
}
