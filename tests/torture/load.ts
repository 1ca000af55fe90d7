/**
 * The senders: players that batch events of several views and send each batch until it is answered, as a beacon does.
 * They keep what was acknowledged, and what they were told instead.
 */
import { createRandom, type Random } from '#base/random.ts'

export type Load = {
  /** Begins `senders` at once, each with one batch of at most `batchEvents` on its way. */
  start(senders: number, batchEvents: number): void
  /** Makes no new batches; resolves when those on their way are acknowledged. */
  drain(): Promise<void>
  /** Resolves when so many more batches are acknowledged, or after the time. */
  acknowledgements(more: number, limitMs: number): Promise<void>
  /** Resolves with true when a batch is refused with the code from now on, with false after the time. */
  refusal(code: string, limitMs: number): Promise<boolean>
  /** Batches answered with 202. */
  batches(): number
  /** Ids acknowledged since the last call. */
  takeIds(): string[]
  /** How often each code was answered since the last call; `no answer` where none came. */
  takeRefusals(): Readonly<Record<string, number>>
}

const PAUSE_MS = 25
const DRAIN_MS = 90_000
const MAX_RECENT = 50

type Batch = { readonly key: string; readonly body: string; readonly ids: readonly string[] }
type Answer = { readonly accepted: number; readonly deadLettered: readonly { readonly index: number }[] }

export function createLoad(url: string, seed: number): Load {
  let ids: string[] = []
  let refusals: Record<string, number> = {}
  let batches = 0
  let going = false
  let made = 0
  let senders: Promise<void>[] = []
  const heard = new Set<() => void>()

  const note = (code: string): void => {
    refusals[code] = (refusals[code] ?? 0) + 1
    for (const look of heard) look()
  }
  /** Looks again at each answer. */
  const until = (isSo: () => boolean, limitMs: number): Promise<boolean> =>
    new Promise((resolve) => {
      const end = (itIs: boolean): void => {
        clearTimeout(timer)
        heard.delete(look)
        resolve(itIs)
      }
      const look = (): void => {
        if (isSo()) end(true)
      }
      const timer = setTimeout(end, limitMs, false)
      heard.add(look)
    })
  /** Null when it must be sent again. */
  const send = async ({ key, body }: Batch): Promise<Answer | null> => {
    try {
      const response = await fetch(`${url}/events`, {
        method: 'POST',
        headers: { 'x-streamverse-key': key },
        body,
        signal: AbortSignal.timeout(20_000),
      })
      const answer = (await response.json()) as Answer & { code?: string }
      if (response.status === 202) return answer
      if (response.headers.get('retry-after') === null) note(`${answer.code} without Retry-After`)
      else note(answer.code ?? String(response.status))
    } catch {
      // whatever it was, there is no answer
      note('no answer')
    }
    return null
  }
  const sendUntilAcknowledged = async (batch: Batch): Promise<void> => {
    const deadline = Date.now() + DRAIN_MS
    for (;;) {
      const answer = await send(batch)
      if (answer !== null) {
        const setAside = new Set(answer.deadLettered.map(({ index }) => index))
        ids.push(...batch.ids.filter((_, i) => !setAside.has(i)))
        batches++
        for (const look of heard) look()
        return
      }
      if (!going && Date.now() > deadline) throw new Error('a batch was not taken for 90 s')
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
  const keepSending = async (random: Random, batchEvents: number): Promise<void> => {
    const recent: object[] = []
    while (going) await sendUntilAcknowledged(makeBatch(random, batchEvents, `${seed}-${made++}`, recent))
  }
  return {
    start: (count, batchEvents) => {
      going = true
      senders = Array.from({ length: count }, (_, i) =>
        keepSending(createRandom(seed * 7919 + made * 31 + i), batchEvents),
      )
    },
    drain: async () => {
      going = false
      await Promise.all(senders)
      senders = []
    },
    acknowledgements: async (more, limitMs) => {
      const wanted = batches + more
      await until(() => batches >= wanted, limitMs)
    },
    refusal: (code, limitMs) => {
      const was = refusals[code] ?? 0
      return until(() => (refusals[code] ?? 0) > was, limitMs)
    },
    batches: () => batches,
    takeIds: () => {
      const taken = ids
      ids = []
      return taken
    },
    takeRefusals: () => {
      const taken = refusals
      refusals = {}
      return taken
    },
  }
}

/** Events of up to three views, now and then one sent before and one nobody can accept. */
function makeBatch(random: Random, batchEvents: number, name: string, recent: object[]): Batch {
  const tenant = random.pick(['acme', 'acme', 'other'])
  const now = Date.now()
  const views = 1 + random.below(3)
  const events: object[] = []
  const count = 1 + random.below(batchEvents)
  for (let seq = 0; seq < count; seq++) {
    const again = tenant === 'acme' && random.next() < 0.03 ? recent[random.below(recent.length)] : undefined
    const event = again ?? heartbeat(`${name}-${seq}`, `${name}-view-${seq % views}`, now, seq)
    events.push(random.next() < 0.01 ? { ...event, type: 'playback.nobody.knows' } : event)
    if (tenant === 'acme' && again === undefined) recent.push(event)
    if (recent.length > MAX_RECENT) recent.shift()
  }
  return {
    key: `key-${tenant}`,
    body: JSON.stringify({
      token: tenant === 'acme' ? 'play' : 'other play',
      sentAt: now,
      common,
      events,
    }),
    ids: events.map((event) => (event as { eventId: string }).eventId),
  }
}

const common = {
  playerId: 'player-1',
  state: 'playing',
  rate: 1,
  visible: true,
  deviceKind: 'desktop',
  playerName: 'test',
  playerVersion: '1',
  surface: 'watch',
}
const heartbeat = (eventId: string, sid: string, now: number, seq: number) => ({
  type: 'playback.heartbeat.sent',
  eventId,
  sid,
  createdAt: now - 1000,
  seq,
  playheadMs: seq * 1000,
  intervalMs: 10_000,
})
