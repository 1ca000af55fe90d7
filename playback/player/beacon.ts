/**
 * Gets events to the collector: in batches, again with the same ids when it did not work, kept over a closed page when
 * offline. Bounded everywhere; stops for good when told that nobody wants them.
 */
import { uuidv7 } from '#base/ids.ts'
import { type Batch, type BeaconStorage, openShelf } from '#playback/player/shelf.ts'

export type { BeaconStorage } from '#playback/player/shelf.ts'

/** `createdAt` is now unless the event says otherwise. */
export type BeaconEvent = {
  readonly type: string
  readonly createdAt?: number
  readonly [field: string]: unknown
}
type Kept = BeaconEvent & { readonly eventId: string; readonly createdAt: number }

/** HTTP status; 0 when there was no answer. */
export type Answer = { readonly status: number; readonly retryAfterMs?: number }
export type BeaconOptions = {
  readonly eventsUrl: string
  readonly writeKey: string
  readonly token: string
  /** Fields every event shares. */
  readonly common?: Readonly<Record<string, unknown>>
  readonly now?: () => number
  readonly random?: () => number
  readonly send?: (url: string, body: string) => Promise<Answer>
  /** Sends while the page goes away; false when it cannot. */
  readonly sendLast?: (url: string, body: string) => boolean
  readonly isOnline?: () => boolean
  /** Where batches wait for a later page; null: nowhere. */
  readonly storage?: BeaconStorage | null
}
export type Beacon = {
  /** Soon: send within a fraction of a second, for what changes a figure. */
  say(event: BeaconEvent, soon?: boolean): void
  /** Resolves when what was said has been answered, or has to wait. */
  flush(): Promise<void>
  /** The page may go away: sends what is there by the surest means, and keeps it for a later page if that may fail. */
  leave(): void
  /** Sends what is left, once; what cannot be sent is kept for a later page. */
  close(): Promise<void>
}

const FLUSH_MS = 2000
const SOON_MS = 150
/** Keeps a body below the 64 KiB a page may send while it goes away. */
const BATCH = 100
const MOST_WAITING = 1000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
const UNWANTED = new Set([401, 403, 410])

async function fetchSend(url: string, body: string): Promise<Answer> {
  const { status, headers } = await fetch(url, { method: 'POST', body, keepalive: true })
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) ? { status, retryAfterMs: seconds * 1000 } : { status }
}
const beaconSend = (url: string, body: string): boolean => navigator.sendBeacon(url, body)

const chunksOf = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH))

export function createBeacon(options: BeaconOptions): Beacon {
  const { eventsUrl, writeKey, token, common = {}, now = Date.now, random = Math.random } = options
  const { send = fetchSend, sendLast = beaconSend, isOnline = () => navigator.onLine } = options
  const shelf = openShelf(options.storage ?? null)
  let waiting: Kept[] = []
  let inFlight: Kept[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let dueAt = Number.POSITIVE_INFINITY
  let pauseMs = 0
  let stopped = false
  let closed = false
  let sending: Promise<void> | null = null

  const batchOf = (events: readonly Kept[]): Batch => ({
    eventsUrl,
    body: { writeKey, token, common, events },
  })
  const deliver = async ({ eventsUrl: url, body }: Batch): Promise<Answer> => {
    try {
      return await send(url, JSON.stringify({ ...body, sentAt: now() }))
    } catch {
      // No connection: the same as no answer, tried again with the same ids.
      return { status: 0 }
    }
  }
  const schedule = (ms: number): void => {
    if (stopped || closed || now() + ms >= dueAt) return
    clearTimeout(timer)
    dueAt = now() + ms
    timer = setTimeout(() => void flush(), ms)
  }
  /** True when the batch needs no second try. */
  const sendOne = async (): Promise<boolean> => {
    inFlight = waiting.splice(0, BATCH)
    const { status, retryAfterMs = 0 } = await deliver(batchOf(inFlight))
    const again = mayWorkLater(status)
    if (again) waiting = [...inFlight, ...waiting].slice(-MOST_WAITING)
    inFlight = []
    if (UNWANTED.has(status)) {
      stopped = true
      waiting = []
    }
    const grown = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, pauseMs * 2))
    pauseMs = again ? Math.max(retryAfterMs, grown * (0.75 + random() / 2)) : 0
    return !again
  }
  const drain = async (): Promise<void> => {
    while (waiting.length > 0 && !stopped) {
      if (!(await sendOne())) {
        schedule(pauseMs)
        return
      }
    }
    if (!stopped) await shelf.empty(deliver)
  }
  const flush = (): Promise<void> => {
    clearTimeout(timer)
    dueAt = Number.POSITIVE_INFINITY
    sending ??= drain().finally(() => {
      sending = null
    })
    return sending
  }
  void shelf.empty(deliver)
  return {
    say: (event, soon = false) => {
      if (stopped || closed) return
      const at = event.createdAt ?? now()
      waiting.push({ ...event, eventId: uuidv7(at), createdAt: at })
      if (waiting.length > MOST_WAITING) waiting.shift()
      if (pauseMs === 0) schedule(soon ? SOON_MS : FLUSH_MS)
    },
    flush,
    leave: () => {
      if (stopped) return
      // What is under way may be cut off with the page: said twice with one id, it counts once.
      const batches = chunksOf([...inFlight, ...waiting]).map(batchOf)
      waiting = []
      const sure = pauseMs === 0 && isOnline()
      for (const batch of batches) {
        const taken = sendLast(batch.eventsUrl, JSON.stringify({ ...batch.body, sentAt: now() }))
        if (!taken || !sure) shelf.put(batch)
      }
    },
    close: async () => {
      closed = true
      await sending
      await flush()
      for (const batch of chunksOf(waiting).map(batchOf)) shelf.put(batch)
      waiting = []
    },
  }
}

/** No answer, too much at once, or trouble on the other side. */
export const mayWorkLater = (status: number): boolean => status === 0 || status === 429 || status >= 500
