/**
 * Gets events to the collector: in batches, again with the same ids when it did not work, kept over a closed page when
 * offline. Bounded everywhere; stops for good when told that nobody wants them.
 */
import { uuidv7 } from '#base/ids.ts'

export type BeaconEvent = { readonly type: string; readonly [field: string]: unknown }
type Kept = BeaconEvent & { readonly eventId: string; readonly createdAt: number }

/** The part of `localStorage` that is used. */
export type BeaconStorage = {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}
export type BeaconOptions = {
  readonly eventsUrl: string
  readonly writeKey: string
  readonly token: string
  /** Fields every event shares. */
  readonly common?: Readonly<Record<string, unknown>>
  readonly now?: () => number
  readonly send?: (url: string, body: string) => Promise<number>
  /** Sends while the page goes away; false when it cannot. */
  readonly sendLast?: (url: string, body: string) => boolean
  readonly storage?: BeaconStorage | null
}
export type Beacon = {
  /** Soon: send within a fraction of a second, for what changes a figure. */
  say(event: BeaconEvent, soon?: boolean): void
  flush(): Promise<void>
  /** The page goes away: sends what is there by the surest means, and keeps it for next time if that fails. */
  leave(): void
  close(): void
}

const FLUSH_MS = 2000
const SOON_MS = 150
const BATCH = 100
const MOST_WAITING = 1000
const LONGEST_PAUSE_MS = 30_000
const SHELF = 'streamverse.unsent'
const SHELF_BATCHES = 10

type Shelved = { readonly eventsUrl: string; readonly body: Record<string, unknown> }

const defaultSend = async (url: string, body: string): Promise<number> =>
  (await fetch(url, { method: 'POST', body, keepalive: body.length < 60_000 })).status
const defaultSendLast = (url: string, body: string): boolean => navigator.sendBeacon(url, body)

export function createBeacon(options: BeaconOptions): Beacon {
  const { eventsUrl, writeKey, token, common = {}, now = Date.now, storage = null } = options
  const { send = defaultSend, sendLast = defaultSendLast } = options
  let waiting: Kept[] = []
  let inFlight: Kept[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let dueAt = Number.POSITIVE_INFINITY
  let pauseMs = 0
  let stopped = false
  let sending: Promise<void> | null = null

  const bodyOf = (events: readonly Kept[]): Record<string, unknown> => ({
    writeKey,
    token,
    sentAt: now(),
    common,
    events,
  })
  const schedule = (ms: number): void => {
    if (stopped || now() + ms >= dueAt) return
    clearTimeout(timer)
    dueAt = now() + ms
    timer = setTimeout(() => void flush(), ms)
  }
  const sendOne = async (): Promise<boolean> => {
    inFlight = waiting.splice(0, BATCH)
    const status = await send(eventsUrl, JSON.stringify(bodyOf(inFlight))).catch(() => 0)
    const again = status === 0 || status === 429 || status >= 500
    if (again) waiting = [...inFlight, ...waiting].slice(-MOST_WAITING)
    inFlight = []
    if (status === 401 || status === 403 || status === 410) {
      stopped = true
      waiting = []
    }
    pauseMs = again ? Math.min(LONGEST_PAUSE_MS, Math.max(1000, pauseMs * 2)) : 0
    return !again
  }
  const drain = async (): Promise<void> => {
    while (waiting.length > 0 && !stopped) {
      if (!(await sendOne())) {
        schedule(pauseMs)
        return
      }
    }
  }
  const flush = (): Promise<void> => {
    clearTimeout(timer)
    dueAt = Number.POSITIVE_INFINITY
    sending ??= drain().finally(() => {
      sending = null
    })
    return sending
  }
  void sendShelved(storage, send, now)
  return {
    say: (event, soon = false) => {
      if (stopped) return
      const at = now()
      waiting.push({ ...event, eventId: uuidv7(at), createdAt: at })
      if (waiting.length > MOST_WAITING) waiting.shift()
      if (pauseMs === 0) schedule(soon ? SOON_MS : FLUSH_MS)
    },
    flush,
    leave: () => {
      const events = [...inFlight, ...waiting]
      if (stopped || events.length === 0) return
      waiting = []
      const body = bodyOf(events)
      if (!sendLast(eventsUrl, JSON.stringify(body))) shelve(storage, { eventsUrl, body })
    },
    close: () => {
      clearTimeout(timer)
      void flush()
    },
  }
}

/** Keeps a batch over the end of the page. The ids stay, so that being sent twice counts once. */
function shelve(storage: BeaconStorage | null, batch: Shelved): void {
  if (storage === null) return
  try {
    const held = JSON.parse(storage.getItem(SHELF) ?? '[]') as Shelved[]
    storage.setItem(SHELF, JSON.stringify([...held, batch].slice(-SHELF_BATCHES)))
  } catch {
    // Storage is full or closed to us: these events are lost, playback goes on.
  }
}

async function sendShelved(
  storage: BeaconStorage | null,
  send: NonNullable<BeaconOptions['send']>,
  now: () => number,
): Promise<void> {
  const text = storage?.getItem(SHELF)
  if (storage === null || text == null) return
  storage.removeItem(SHELF)
  try {
    for (const { eventsUrl, body } of JSON.parse(text) as Shelved[]) {
      const status = await send(eventsUrl, JSON.stringify({ ...body, sentAt: now() })).catch(() => 0)
      if (status === 0 || status >= 500) shelve(storage, { eventsUrl, body })
    }
  } catch {
    // What was kept is not ours to read any more.
  }
}
