/**
 * The origin's own account of what it delivered. Requests are noted in memory as their answers end and said to the event
 * log in batches, about once a second. Promises: serving never waits for it and never fails by it; memory is bounded;
 * what cannot be kept is counted.
 */
import type { Clock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import type { Log } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { manifestServed, segmentServed } from '#events/delivery.ts'
import { serverEvent } from '#events/registry.ts'
import { readCmcdRequest } from '#playback/delivery/cmcd-request.ts'
import type { Place } from '#playback/delivery/place.ts'
import type { TimelineBook } from '#playback/delivery/timeline.ts'
import type { Say } from '#storage/records/outbox.ts'

/** One answered request. `bytes`: of the file, as far as the connection took them. */
export type Delivered = {
  readonly tenantId: string
  readonly titleId: string
  readonly place: Place
  readonly status: number
  readonly sizeBytes: number
  readonly bytes: number
  readonly whole: boolean
  readonly bot: boolean
  readonly receivedAt: number
  readonly durationMs: number
  readonly cmcd: readonly string[]
}
export type DeliveryCounts = {
  readonly noted: number
  readonly said: number
  /** Noted and given up: there were too many, or the event log could not take them. */
  readonly dropped: number
}
export type DeliveryLog = {
  note(delivered: Delivered): void
  counts(): DeliveryCounts
  /** Resolves when what was noted before is said or given up. */
  flush(): Promise<void>
  close(): Promise<void>
}
export type DeliveryLimits = {
  /** Requests held at most; more are dropped. */
  readonly held: number
  /** Requests said together. */
  readonly batch: number
  readonly everyMs: number
}
const LIMITS: DeliveryLimits = { held: 20_000, batch: 1000, everyMs: 1000 }

export function openDeliveryLog(ports: {
  readonly say: Say
  readonly timelines: TimelineBook
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<DeliveryLimits>
}): DeliveryLog {
  const { say, timelines, clock, log } = ports
  const limits = { ...LIMITS, ...ports.limits }
  let held: Delivered[] = []
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | null = null
  let noted = 0
  let said = 0
  let dropped = 0

  const sayAll = async (): Promise<void> => {
    while (held.length > 0) {
      const batch = held.slice(0, limits.batch)
      const events = await Promise.all(batch.map((one) => eventOf(one, timelines)))
      await say(events)
      // Only now: what could not be said is still there, and bounded with what has come since.
      held = held.slice(batch.length)
      said += batch.length
    }
  }
  const flush = (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    running ??= sayAll()
      .catch((error: unknown) => {
        log.warn({ err: error, waiting: held.length, at: clock.now() }, 'deliveries could not be said')
        schedule(limits.everyMs)
      })
      .finally(() => {
        running = null
      })
    return running
  }
  const schedule = (ms: number): void => {
    timer ??= setTimeout(() => void flush(), ms).unref()
  }
  return {
    note: (delivered) => {
      noted++
      if (held.length >= limits.held) {
        dropped++
        return
      }
      held.push(delivered)
      schedule(limits.everyMs)
    },
    counts: () => ({ noted, said, dropped }),
    flush,
    close: async () => {
      await running
      await flush()
      clearTimeout(timer)
      if (held.length > 0) log.warn({ deliveries: held.length }, 'deliveries are lost')
      dropped += held.length
      held = []
    },
  }
}

async function eventOf(delivered: Delivered, timelines: TimelineBook): Promise<StoredEvent> {
  const { tenantId, titleId, place, status, bytes, bot, receivedAt, durationMs } = delivered
  const { common, ofSegment } = readCmcdRequest(delivered.cmcd)
  const data = { tenantId, titleId, bytes, status, durationMs, bot, ...common }
  const eventId = uuidv7(receivedAt)
  if (place.kind === 'manifest') return serverEvent(manifestServed, receivedAt, eventId, data)
  const { folder, track, index } = place
  const timeline = await timelines.find(tenantId, titleId, folder, track)
  const at = index - (timeline?.firstIndex ?? 0)
  return serverEvent(segmentServed, receivedAt, eventId, {
    ...data,
    ...ofSegment,
    track,
    mediaKind: timeline?.kind ?? (track.startsWith('v') ? 'video' : 'audio'),
    heightPx: timeline === null || timeline.heightPx === 0 ? null : timeline.heightPx,
    segmentIndex: index,
    startMs: timeline?.edgesMs[at + 1] === undefined ? null : timeline.edgesMs[at],
    endMs: timeline?.edgesMs[at + 1] ?? null,
    sizeBytes: delivered.sizeBytes,
    whole: delivered.whole,
  })
}
