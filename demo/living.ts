/** The world goes on slowly: a few viewers at a time, in real time, with real play tokens, through the collector's door. */
import type { Clock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import type { Log } from '#base/log.ts'
import { createRandom } from '#base/random.ts'
import type { DemoTitle } from '#demo/catalogue.ts'
import { choose, createViewer } from '#demo/tastes.ts'
import { type RawEvent, watch } from '#demo/watch.ts'
import type { IssueGrant } from '#events/grants.ts'

export type LivingPorts = {
  readonly collect: (input: { body: Uint8Array; userAgent: string }) => Promise<unknown>
  readonly issueGrant: IssueGrant
  readonly tenantId: string
  readonly writeKey: string
  readonly clock: Clock
  readonly log: Log
  readonly catalogue: readonly DemoTitle[]
}

const AT_ONCE = 10
const TICK_MS = 1000
const GRANT_MS = 6 * 3_600_000
const INTERVAL_MS = 10_000
const LONGEST_MS = 8 * 60_000
const encoder = new TextEncoder()

type Running = { readonly token: string; readonly events: RawEvent[] }

/** Starts the slow life; returns the way to stop it. A batch that cannot be sent now is tried again next second. */
export function startLiving(ports: LivingPorts): () => Promise<void> {
  const { clock, log, tenantId, writeKey, catalogue } = ports
  const random = createRandom(clock.now() >>> 0)
  const newId = (at: number): string => uuidv7(Math.round(at))
  const viewers = Array.from({ length: 200 }, (_, i) =>
    createViewer(`live-${i}-${random.below(1e9)}`, random),
  )
  // The channels of the demo's own creators are watched most, so that their numbers move.
  const busy = catalogue.filter(({ creatorId }) => creatorId === 'hollow-tree' || creatorId === 'meadowlight')
  const running = new Set<Running>()

  const begin = async (): Promise<void> => {
    const viewer = random.pick(viewers)
    const slate = Array.from({ length: 12 }, (_, i) => random.pick(i < 5 ? busy : catalogue))
    const { title } = choose(viewer, slate, random)
    const issuedAt = clock.now()
    const token = await ports.issueGrant({
      kind: 'play',
      playId: newId(issuedAt),
      tenantId,
      titleId: title.id,
      viewerKey: viewer.key,
      kids: false,
      recommendationId: null,
      issuedAt,
      expiresAt: issuedAt + GRANT_MS,
    })
    const shown = { ...title, durationMs: Math.min(title.durationMs, LONGEST_MS) }
    const { events } = watch({
      viewer,
      title: shown,
      startAt: issuedAt,
      recommendationId: null,
      random,
      newId,
      intervalMs: INTERVAL_MS,
    })
    running.add({ token, events })
  }
  const send = async (view: Running): Promise<void> => {
    const now = clock.now()
    const due = view.events.filter((event) => event.createdAt <= now)
    if (due.length === 0) return
    const batch = { writeKey, token: view.token, sentAt: now, events: due }
    await ports.collect({ body: encoder.encode(JSON.stringify(batch)), userAgent: 'streamverse-demo' })
    view.events.splice(0, due.length)
    if (view.events.length === 0) running.delete(view)
  }
  const tick = async (): Promise<void> => {
    if (running.size < AT_ONCE && random.next() < 0.2) await begin()
    await Promise.all([...running].map(send))
  }
  let ticking = Promise.resolve()
  const timer = setInterval(() => {
    ticking = ticking
      .then(tick)
      .catch((error: unknown) => log.warn({ err: error }, 'the demo world could not speak'))
  }, TICK_MS)
  return async () => {
    clearInterval(timer)
    await ticking
  }
}
