/**
 * Views from events: twice a second, or more often where many were touched, these are built again, whole. Promises: a row
 * says what its events say, whatever their order; after a kill what was touched and not built is found again by marks in
 * the log; views of now never wait for a backlog of older ones.
 */
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { type PlaybackEvent, playbackEvents } from '#events/playback.ts'
import { buildViews, ROUND, settleViews } from '#pipelines/build-views.ts'
import { type ChartDelay, createDelayBook, type Waits } from '#pipelines/chart-delay.ts'
import { isLate } from '#pipelines/late-views.ts'
import { createSettling } from '#pipelines/settling.ts'
import { readMarks } from '#pipelines/view-marks.ts'
import {
  idleViews,
  keepOutdated,
  outdatedViews,
  type TouchedView,
  viewsSince,
} from '#pipelines/views-find.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import type { LogBatch } from '#storage/event-log/event-log.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type ViewsPorts = {
  readonly warehouse: Warehouse
  readonly clock: Clock
  readonly log: Log
  /** Everything received before this instant is in the warehouse. */
  readonly sinkCaughtUpTo: () => number
  /** Has what was received brought to the warehouse. Asked before each round, so that what comes is built at once. */
  readonly gather?: () => Promise<void>
  /** Hears what happened in views that players of others reported: all of a view whenever it is built, until it resolves. */
  readonly onTold?: (events: readonly StoredEvent[]) => Promise<void>
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
  /** How long events take until they are in the views. */
  delay(): ChartDelay
  close(): Promise<void>
}

/** A view to be built, and the events that wait for it. */
type Waiting = TouchedView & { readonly waits?: Waits | undefined }

/** Between rounds. With this many views touched the next comes sooner: a round costs much, a view in it little. */
const EVERY_MS = 500
const BUSY_VIEWS = 100
const BUSY_MS = 20
/** While many views are touched they are settled no more often than this. */
const SETTLE_MS = 1000
/** Views of older rules built again in a round that has nothing else left to do. */
const OUTDATED = 500
/** Views with an event younger than this come before all others. */
const LIVE_MS = 60_000
const IDLE_EVERY_MS = 60_000

export async function openViews(ports: ViewsPorts): Promise<Views> {
  const { warehouse, clock, log, sinkCaughtUpTo, everyMs = EVERY_MS } = ports
  const { gather = async () => {}, onTold = async () => {} } = ports
  await ensureViewTables(warehouse)
  const marks = await readMarks(warehouse)
  const delays = createDelayBook({ clock, sinkCaughtUpTo })
  let live = new Map<string, Waiting>()
  const backlog = new Map<string, Waiting>()
  const settling = createSettling(ports)
  let watermark = 0
  let idleAt = 0
  let isBusy = false
  let hasOutdated = true
  let closed = false
  let wake: (() => void) | undefined
  let hurry: (() => void) | undefined

  const touch = (
    { tenantId, sid, reported, late, waits }: Waiting,
    isLive: boolean,
    receivedAt?: number,
  ): void => {
    const name = `${tenantId}\n${sid}`
    const known = live.get(name) ?? backlog.get(name)
    const joined = delays.join(waits, known?.waits)
    const view = {
      tenantId,
      sid,
      reported: reported || known?.reported === true,
      late: late || known?.late === true,
      waits: receivedAt === undefined ? joined : delays.begin(joined, receivedAt),
    }
    if (isLive || live.has(name)) {
      backlog.delete(name)
      live.set(name, view)
    } else backlog.set(name, view)
  }
  const build = (keys: readonly TouchedView[]): Promise<void> =>
    buildViews({ warehouse, clock, onTold }, keys)
  /** Rows say by which rules they were built, so this goes on where a restart left it. */
  const buildOutdated = async (): Promise<void> => {
    if (!hasOutdated) return
    const keys = await warehouse.query(outdatedViews(OUTDATED), { timeoutMs: 120_000 })
    hasOutdated = keys.length > 0
    await build(keys)
    await settleViews(warehouse, keys)
    if (hasOutdated) await warehouse.command(keepOutdated(keys))
  }
  /**
   * Builds all live views and a part of the backlog, and settles them: while many are touched, beside the rounds that
   * follow. Says whether that was everything touched before.
   */
  const round = async (mustSettle = false): Promise<boolean> => {
    await gather()
    const reachable = sinkCaughtUpTo()
    const now = clock.now()
    if (now - idleAt > IDLE_EVERY_MS) {
      idleAt = now
      for (const key of await warehouse.query(idleViews(now))) touch(key, false)
    }
    const takenLive = live
    const takenOlder = new Map([...backlog].slice(0, ROUND))
    const reached = new Map(marks)
    live = new Map()
    for (const name of takenOlder.keys()) backlog.delete(name)
    const isWhole = backlog.size === 0
    const taken = new Map([...takenLive, ...takenOlder])
    try {
      await build([...taken.values()])
    } catch (error) {
      for (const key of takenLive.values()) touch(key, true)
      for (const key of takenOlder.values()) touch(key, false)
      throw error
    }
    for (const [name, { waits, ...view }] of taken) {
      delays.end(waits)
      settling.add(name, view)
    }
    isBusy = taken.size >= BUSY_VIEWS
    if (mustSettle || !isBusy) await settling.settle(isWhole ? reached : null)
    else if (clock.now() - settling.begunAt() >= SETTLE_MS)
      settling
        .settle(isWhole ? reached : null)
        .catch((error: unknown) => log.error({ err: error }, 'views could not be settled'))
    if (!isWhole) return false
    watermark = reachable
    await buildOutdated()
    return true
  }
  for (const view of await findUnbuilt(warehouse, marks)) touch(view, false)
  let running: Promise<unknown> = Promise.resolve()
  const next = (mustSettle = false): Promise<boolean> => {
    const result = running.then(() => round(mustSettle))
    running = result.catch(() => undefined)
    return result
  }
  /** Ends with the time, with closing and, when it `mayBeShort`, when many views were touched. */
  const pause = async (ms: number, mayBeShort = false): Promise<void> => {
    if (closed || ms <= 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
      hurry = mayBeShort ? wake : undefined
    })
    hurry = undefined
  }
  const loop = async (): Promise<void> => {
    while (!closed) {
      const isWhole = await next().catch((error: unknown) => {
        log.error({ err: error }, 'views could not be built')
        return true
      })
      if (!isWhole) continue
      if (closed) return
      await pause(Math.min(BUSY_MS, everyMs))
      if (!isBusy && live.size < BUSY_VIEWS) await pause(everyMs - BUSY_MS, true)
    }
  }
  const looping = loop()
  return {
    touched: (batch) => {
      if (batch.stream !== playbackEvents) return
      const liveFrom = clock.now() - LIVE_MS
      for (const event of batch.events() as unknown as PlaybackEvent[]) {
        const { tenantId, sid, type, derivedAt, receivedAt } = event
        const view = { tenantId, sid, reported: type === 'playback.report.heard', late: isLate(event) }
        touch(view, derivedAt >= liveFrom, receivedAt)
      }
      marks.set(batch.partition, Math.max(marks.get(batch.partition) ?? 0, batch.lastOffset + 1))
      if (live.size >= BUSY_VIEWS) hurry?.()
    },
    watermarkAt: () => watermark,
    caughtUp: async () => {
      while (!(await next(true)));
    },
    waiting: () => live.size + backlog.size,
    delay: delays.read,
    close: async () => {
      closed = true
      wake?.()
      await looping
      await running
      await settling.settle(null)
    },
  }
}

async function findUnbuilt(
  warehouse: Warehouse,
  marks: ReadonlyMap<number, number>,
): Promise<readonly TouchedView[]> {
  const found: TouchedView[] = []
  for (let partition = 0; partition < playbackEvents.partitions; partition++) {
    const views = await warehouse.query(viewsSince(partition, marks.get(partition) ?? 0), {
      timeoutMs: 120_000,
    })
    for (const view of views) found.push(view)
  }
  return found
}
