/** The receipt of each slate: what was served, by which model, in which order. Said in the background, in bounded number. */
import type { Clock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import type { Log } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { slateServed } from '#events/discovery.ts'
import { serverEvent } from '#events/registry.ts'
import type { Asker, Slate } from '#serving/ports.ts'

const MAX_WAITING = 2000
const BATCH = 200

export type Receipts = {
  keep(asker: Asker, surface: 'home' | 'title', slate: Slate, servedMs: number): void
  /** Receipts lost because too many were waiting. */
  dropped(): number
  close(): Promise<void>
}

export function createReceipts(options: {
  readonly say?: (events: StoredEvent[]) => Promise<unknown>
  readonly clock: Clock
  readonly log: Log
}): Receipts {
  const { say, clock, log } = options
  const waiting: StoredEvent[] = []
  let dropped = 0
  let running: Promise<void> | null = null
  const drain = async (): Promise<void> => {
    await new Promise(setImmediate)
    while (say !== undefined && waiting.length > 0) {
      const batch = waiting.splice(0, BATCH)
      try {
        await say(batch)
      } catch (error) {
        dropped += batch.length
        log.warn({ error, dropped }, 'slates could not be logged')
      }
    }
    running = null
  }
  return {
    keep: (asker, surface, slate, servedMs) => {
      if (say === undefined) return
      if (waiting.length >= MAX_WAITING) {
        dropped++
        return
      }
      waiting.push(receiptOf(asker, surface, slate, servedMs, clock.now()))
      running ??= drain()
    },
    dropped: () => dropped,
    close: async () => {
      await running
    },
  }
}

function receiptOf(
  asker: Asker,
  surface: 'home' | 'title',
  slate: Slate,
  servedMs: number,
  at: number,
): StoredEvent {
  const slots = slate.rows.flatMap((row) => row.slots.map((slot) => ({ ...slot, rowKey: row.key })))
  return serverEvent(slateServed, at, uuidv7(at), {
    tenantId: asker.tenantId,
    viewerKey: asker.kids === true ? null : asker.viewerKey,
    slateId: slate.id,
    surface,
    experiments: [...(asker.experiments ?? [])],
    modelName: slate.modelName,
    modelVersion: slate.modelVersion,
    titleIds: slots.map(({ titleId }) => titleId),
    rowKeys: slots.map(({ rowKey }) => rowKey),
    positions: slots.map(({ position }) => position),
    scores: slots.map(({ score }) => score),
    sources: slots.map(({ source }) => source),
    servedMs: Math.round(servedMs),
  })
}
