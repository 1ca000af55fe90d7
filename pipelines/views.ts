/**
 * Views from events: each second the views that were touched are built again, whole. Promises: a row says what its
 * events say, whatever their order; after a kill what was touched and not built is found again by marks in the log.
 */
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { playbackEvents } from '#events/playback.ts'
import { idleViews, rebuildViews, type ViewKey, viewsSince } from '#pipelines/views-sql.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import type { LogBatch } from '#storage/event-log/event-log.ts'
import { encodeRows } from '#storage/warehouse/native.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export type ViewsPorts = {
  readonly warehouse: Warehouse
  readonly clock: Clock
  readonly log: Log
  /** Everything received before this instant is in the warehouse. */
  readonly sinkCaughtUpTo: () => number
  readonly everyMs?: number
}
export type Views = {
  /** Playback events of the batch are in the warehouse. */
  touched(batch: LogBatch): void
  /** Everything received before this instant is in the views. */
  watermarkAt(): number
  /** Resolves when everything touched before the call is built. */
  caughtUp(): Promise<void>
  /** Views waiting to be built. */
  waiting(): number
  close(): Promise<void>
}

const EVERY_MS = 500
const ROUND = 2000
const IDLE_EVERY_MS = 60_000
const MARK_COLUMNS = [
  { name: 'logPartition', type: 'UInt16' },
  { name: 'nextOffset', type: 'UInt64' },
]

export async function openViews(ports: ViewsPorts): Promise<Views> {
  const { warehouse, clock, log, sinkCaughtUpTo, everyMs = EVERY_MS } = ports
  await ensureViewTables(warehouse)
  const marks = await readMarks(warehouse)
  let dirty = await findUnbuilt(warehouse, marks)
  let marksChanged = false
  let watermark = 0
  let idleAt = 0
  let closed = false
  let wake: (() => void) | undefined

  const build = async (keys: readonly ViewKey[]): Promise<void> => {
    for (let at = 0; at < keys.length; at += ROUND) {
      await warehouse.command(rebuildViews(keys.slice(at, at + ROUND), clock.now()), { timeoutMs: 120_000 })
    }
  }
  const round = async (): Promise<void> => {
    const reachable = sinkCaughtUpTo()
    const now = clock.now()
    if (now - idleAt > IDLE_EVERY_MS) {
      idleAt = now
      for (const key of await warehouse.query(idleViews(now))) dirty.set(nameOf(key), key)
    }
    const taken = dirty
    const reached = new Map(marks)
    dirty = new Map()
    try {
      await build([...taken.values()])
      if (marksChanged) await writeMarks(warehouse, reached)
      marksChanged = false
      watermark = reachable
    } catch (error) {
      for (const [name, key] of taken) dirty.set(name, key)
      throw error
    }
  }
  let running: Promise<void> = Promise.resolve()
  const next = (): Promise<void> => {
    running = running.then(round)
    const result = running
    running = running.catch(() => undefined)
    return result
  }
  const loop = async (): Promise<void> => {
    while (!closed) {
      await next().catch((error: unknown) => log.error({ err: error }, 'views could not be built'))
      await new Promise<void>((resolve) => {
        wake = resolve
        setTimeout(resolve, everyMs)
      })
    }
  }
  const looping = loop()
  return {
    touched: (batch) => {
      if (batch.stream !== playbackEvents) return
      for (const { tenantId, sid } of batch.events() as unknown as ViewKey[])
        dirty.set(nameOf({ tenantId, sid }), { tenantId, sid })
      marks.set(batch.partition, Math.max(marks.get(batch.partition) ?? 0, batch.lastOffset + 1))
      marksChanged = true
    },
    watermarkAt: () => watermark,
    caughtUp: () => next(),
    waiting: () => dirty.size,
    close: async () => {
      closed = true
      wake?.()
      await looping
      await running
    },
  }
}

const nameOf = ({ tenantId, sid }: ViewKey): string => `${tenantId}\n${sid}`

async function readMarks(warehouse: Warehouse): Promise<Map<number, number>> {
  const rows = await warehouse.query<{ logPartition: number; nextOffset: number }>({
    sql: sql`SELECT logPartition, nextOffset FROM view_marks FINAL`,
  })
  return new Map(rows.map((row) => [row.logPartition, row.nextOffset]))
}

async function writeMarks(warehouse: Warehouse, marks: ReadonlyMap<number, number>): Promise<void> {
  const rows = [...marks].map(([logPartition, nextOffset]) => ({ logPartition, nextOffset }))
  await warehouse.insertNative('view_marks', [encodeRows(MARK_COLUMNS, rows)], {})
}

async function findUnbuilt(
  warehouse: Warehouse,
  marks: ReadonlyMap<number, number>,
): Promise<Map<string, ViewKey>> {
  const found = new Map<string, ViewKey>()
  for (let partition = 0; partition < playbackEvents.partitions; partition++) {
    const keys = await warehouse.query(viewsSince(partition, marks.get(partition) ?? 0), {
      timeoutMs: 120_000,
    })
    for (const key of keys) found.set(nameOf(key), key)
  }
  return found
}
