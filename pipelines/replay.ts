/**
 * Every table of the warehouse again, from the log: filled in a database of its own, compared with what is there, and put
 * in its place. Promises: a table takes the place of another whole; rows the log no longer holds are kept.
 */
import type { Clock } from '#base/clock.ts'
import type { StreamDefinition } from '#events/define.ts'
import { playbackEvents } from '#events/playback.ts'
import { buildEveryView } from '#pipelines/every-view.ts'
import { type Difference, exchange, findDifference, tablesOf, takeOverRows } from '#pipelines/replay-sql.ts'
import { writeMarks } from '#pipelines/view-marks.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type ReplayPorts = {
  /** Nothing is appended and nothing inserted meanwhile. */
  readonly eventLog: Pick<EventLog, 'identity' | 'read' | 'ends'>
  readonly warehouse: Warehouse
  readonly streams: readonly StreamDefinition[]
  readonly clock: Clock
  readonly onProgress?: (table: string, done: number, of: number) => void
}
export type RebuiltTable = {
  readonly table: string
  readonly rows: number
  /** Of these, rows the log no longer holds, kept as they were. */
  readonly kept: number
  /** How the table that is there differs; null when it is the same, bit for bit, or is not compared. */
  readonly difference: Difference | null
  readonly compared: boolean
}
export type Replay = {
  readonly tables: readonly RebuiltTable[]
  /** Puts the tables where those were that are there. */
  swap(): Promise<void>
  /** Drops what was built, or what it has taken the place of. */
  close(): Promise<void>
}

const DATABASE = 'rebuilt'
const READ_EVENTS = 40_000

/** Fills the tables from the first event the log holds, and compares. */
export async function replay(ports: ReplayPorts): Promise<Replay> {
  const { warehouse, streams, clock, onProgress } = ports
  await warehouse.dropDatabase(DATABASE)
  const rebuilt = await warehouse.inDatabase(DATABASE)
  const close = async (): Promise<void> => {
    await rebuilt.close()
    await warehouse.dropDatabase(DATABASE)
  }
  try {
    await ensureStreamTables(rebuilt, streams)
    await ensureViewTables(rebuilt)
    const kept = new Map<string, number>()
    for (const stream of streams) kept.set(stream.table, await fill(ports, rebuilt, stream))
    await buildEveryView({
      warehouse: rebuilt,
      clock,
      onProgress: (done, of) => onProgress?.('views', done, of),
    })
    if (streams.includes(playbackEvents)) {
      await writeMarks(rebuilt, (await ports.eventLog.ends(playbackEvents)).entries())
    }
    const tables: RebuiltTable[] = []
    for (const { name, rows } of await tablesOf(warehouse, DATABASE)) {
      const stream = streams.find(({ table }) => table === name)
      const compared = stream !== undefined || DERIVED.includes(name)
      const difference = compared
        ? await findDifference(warehouse, DATABASE, name, stream, clock.now())
        : null
      tables.push({ table: name, rows, kept: kept.get(name) ?? 0, difference, compared })
    }
    return {
      tables,
      swap: async () => {
        for (const { table } of tables) await exchange(warehouse, DATABASE, table)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Follow from the events alone. The others are notes of how they were built. */
const DERIVED: readonly string[] = ['views', 'late_views']

/** Inserts what the log holds of the stream, then what it no longer holds; answers how much that was. */
async function fill(
  { eventLog, warehouse, onProgress }: ReplayPorts,
  rebuilt: Warehouse,
  stream: StreamDefinition,
): Promise<number> {
  const ends = await eventLog.ends(stream)
  const of = ends.reduce((sum, end) => sum + end, 0)
  const begins: number[] = []
  let passed = 0
  for (const [partition, end] of ends.entries()) {
    begins.push(end)
    for (let at = 0; at < end; ) {
      const batch = await eventLog.read(stream, partition, at, READ_EVENTS)
      if (batch === null) break
      if (at === 0) begins[partition] = batch.firstOffset
      await rebuilt.insertNative(stream.table, batch.native(), {})
      at = batch.lastOffset + 1
      onProgress?.(stream.table, passed + at, of)
    }
    passed += end
  }
  return takeOverRows(warehouse, DATABASE, stream, { logId: eventLog.identity, begins })
}
