/**
 * Four weeks of simulated life as batches for the collector's door, in order of arrival. Equal seed and start give
 * equal bytes, so seeding that was interrupted is simply said again: what is there already is a duplicate.
 */
import { required } from '#base/assert.ts'
import { uuidv7 } from '#base/ids.ts'
import { createRandom, type Random } from '#base/random.ts'
import { type DemoTitle, PROMOTED_TITLE } from '#demo/catalogue.ts'
import { choose, createViewer, liking, type SimViewer } from '#demo/tastes.ts'
import { HISTORY_DAYS, lateBatch, promotion, VIEWERS } from '#demo/truths.ts'
import { type RawEvent, type Stalls, watch } from '#demo/watch.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SLATE_SIZE = 14
const LOGGED_SLATES = 0.22

export type HistoryBatch = { readonly receivedAt: number; readonly events: readonly RawEvent[] }
export type KnownViewer = { readonly key: string; readonly likes: readonly string[] }

export type HistoryInput = {
  readonly seed: number
  /** Epoch ms of the world's first day. */
  readonly startAt: number
  readonly catalogue: readonly DemoTitle[]
  /** The demo people among the viewers, under their real keys. */
  readonly known: readonly KnownViewer[]
  readonly viewers?: number
  /** Makes more plays wait than the world's own few. */
  readonly stalls?: Stalls
}

/** Ids that are equal each time: the random part comes from the seed, not from the machine. */
function seededIds(random: Random): (at: number) => string {
  return (at) =>
    uuidv7(Math.round(at), (bytes) => {
      for (let i = 6; i < 16; i++) bytes[i] = random.below(256)
      return bytes
    })
}

type Fame = {
  readonly draw: () => DemoTitle
  /** Chance of each title to be what `draw` gives. */
  readonly chances: ReadonlyMap<string, number>
}

function byPopularity(catalogue: readonly DemoTitle[], random: Random): Fame {
  const ranked = random.shuffle([...catalogue])
  const weights = ranked.map((_, rank) => 1 / (rank + 12) ** 0.6)
  const sums: number[] = []
  let total = 0
  for (const weight of weights) {
    total += weight
    sums.push(total)
  }
  return {
    draw: () => {
      const roll = random.next() * total
      return required(ranked[sums.findIndex((sum) => sum >= roll)], 'title')
    },
    chances: new Map(ranked.map(({ id }, rank) => [id, (weights[rank] as number) / total])),
  }
}

/** What is hidden in a world: what its viewers truly like, and how often each title is laid before them. */
export function secretsOf(input: HistoryInput): {
  readonly viewers: readonly SimViewer[]
  /** Share of slates a title is on, about. */
  readonly shown: ReadonlyMap<string, number>
} {
  const { viewers, chances, catalogue } = beginWorld(input)
  const places = (id: string): number => SLATE_SIZE * (0.5 * (chances.get(id) ?? 0) + 0.5 / catalogue.length)
  return { viewers, shown: new Map(catalogue.map(({ id }) => [id, id === PROMOTED_TITLE ? 1 : places(id)])) }
}

function beginWorld({
  seed,
  startAt,
  catalogue,
  known,
  viewers: count = VIEWERS,
  stalls,
}: HistoryInput): World {
  const random = createRandom(seed)
  const newId = seededIds(random)
  const { draw, chances } = byPopularity(catalogue, random)
  const viewers = [
    ...known.map(({ key, likes }) => createViewer(key, random, likes)),
    ...Array.from({ length: count }, () => createViewer(`v${newId(startAt).slice(-12)}`, random)),
  ]
  const seen = new Map(viewers.map((viewer) => [viewer.key, new Set<string>()]))
  return {
    random,
    newId,
    draw,
    chances,
    viewers,
    seen,
    startAt,
    catalogue,
    ...(stalls === undefined ? {} : { stalls }),
  }
}

/** Yields one day at a time: batches sorted by arrival. */
export function* simulateHistory(input: HistoryInput): Generator<readonly HistoryBatch[]> {
  const { startAt } = input
  const world = beginWorld(input)
  const { viewers } = world
  for (let day = 0; day < HISTORY_DAYS; day++) {
    const events: RawEvent[] = []
    for (const viewer of viewers) liveADay(viewer, day, world, events)
    yield toBatches(events)
    if (startAt + (day + 1) * DAY_MS === startAt + lateBatch.receivedMs) yield [liveLate(viewers, world)]
  }
}

type World = Fame & {
  readonly random: Random
  readonly newId: (at: number) => string
  readonly viewers: readonly SimViewer[]
  readonly seen: ReadonlyMap<string, Set<string>>
  readonly startAt: number
  readonly catalogue: readonly DemoTitle[]
  readonly stalls?: Stalls
}

function liveADay(viewer: SimViewer, day: number, world: World, events: RawEvent[]): void {
  const { random, startAt } = world
  const dayAt = startAt + day * DAY_MS
  const sessions = Math.floor(viewer.sessionsPerDay + random.next())
  for (let i = 0; i < sessions; i++) {
    const hour = viewer.evening ? 17 + random.next() * 6 : 7 + random.next() * 14
    let at = dayAt + hour * HOUR_MS
    for (let more = true; more && at < dayAt + DAY_MS; more = random.next() < 0.62) {
      at = liveAChoice(viewer, at, world, events) + 20_000
    }
  }
}

/** Looks at a slate, picks, watches, sometimes rates. Returns when it was over. */
function liveAChoice(viewer: SimViewer, at: number, world: World, events: RawEvent[]): number {
  const { random, newId, seen } = world
  const watchedBefore = required(seen.get(viewer.key), 'viewer')
  const slate = drawSlate(at, watchedBefore, world)
  if (slate.length === 0) return at
  const { title, index } = choose(viewer, slate, random)
  const slateId = random.next() < LOGGED_SLATES ? newId(at) : null
  if (slateId !== null) showSlate({ viewer, slate, slateId, at, index }, world, events)
  if (liking(viewer, title) < -0.5 && random.next() < 0.8) return at + 30_000
  watchedBefore.add(title.id)
  const intervalMs = title.durationMs < 120_000 ? 5000 : 120_000
  const view = watch({
    viewer,
    title,
    startAt: at + 8000,
    recommendationId: slateId,
    random,
    newId,
    intervalMs,
    ...(world.stalls === undefined ? {} : { stalls: world.stalls }),
  })
  events.push(...view.events)
  if (view.completed && random.next() < 0.25) rate(viewer, title, view.endAt, world, events)
  return view.endAt
}

function drawSlate(
  at: number,
  watchedBefore: ReadonlySet<string>,
  { draw, startAt, catalogue, random }: World,
): DemoTitle[] {
  const slate = new Map<string, DemoTitle>()
  if (at - startAt >= promotion.fromMs && !watchedBefore.has(PROMOTED_TITLE)) {
    const promoted = catalogue.find((title) => title.id === PROMOTED_TITLE)
    if (promoted !== undefined) slate.set(promoted.id, promoted)
  }
  for (let tries = 0; slate.size < SLATE_SIZE && tries < 60; tries++) {
    const title = random.next() < 0.5 ? draw() : random.pick(catalogue)
    if (!watchedBefore.has(title.id)) slate.set(title.id, title)
  }
  return [...slate.values()]
}

type Showing = { viewer: SimViewer; slate: readonly DemoTitle[]; slateId: string; at: number; index: number }

function showSlate(
  { viewer, slate, slateId, at, index }: Showing,
  { newId, startAt }: World,
  events: RawEvent[],
): void {
  const common = { viewerKey: viewer.key, slateId, surface: 'home' }
  const [before, after] = promotion.modelVersions
  const version = at - startAt >= promotion.fromMs ? after : before
  events.push({
    type: 'discovery.slate.served',
    eventId: newId(at),
    createdAt: Math.round(at),
    ...common,
    modelName: 'demo-ranker',
    modelVersion: version,
    titleIds: slate.map((title) => title.id),
    rowKeys: slate.map(() => 'for-you'),
    positions: slate.map((_, position) => position),
    scores: slate.map(() => 0),
    sources: slate.map(() => 'popular'),
  })
  slate.slice(0, Math.max(index + 1, 6)).forEach((title, position) => {
    const seenAt = at + 1200 + position * 350
    events.push({
      type: 'discovery.impression.seen',
      eventId: newId(seenAt),
      createdAt: Math.round(seenAt),
      ...common,
      titleId: title.id,
      rowKey: 'for-you',
      position,
    })
  })
  const clickedAt = at + 7500
  const title = required(slate[index], 'clicked title')
  events.push({
    type: 'discovery.item.clicked',
    eventId: newId(clickedAt),
    createdAt: Math.round(clickedAt),
    ...common,
    titleId: title.id,
    rowKey: 'for-you',
    position: index,
  })
}

function rate(
  viewer: SimViewer,
  title: DemoTitle,
  endAt: number,
  { random, newId }: World,
  events: RawEvent[],
): void {
  const at = endAt + 3000
  const stars = Math.max(
    1,
    Math.min(5, Math.round(3.2 + liking(viewer, title) * 0.7 + random.normal() * 0.6)),
  )
  events.push({
    type: 'feedback.rating.given',
    eventId: newId(at),
    createdAt: Math.round(at),
    viewerKey: viewer.key,
    titleId: title.id,
    stars,
  })
}

/** Views watched offline on one day that arrive days later, in one batch. */
function liveLate(viewers: readonly SimViewer[], world: World): HistoryBatch {
  const { random, newId, startAt, catalogue } = world
  const events: RawEvent[] = []
  for (let i = 0; i < lateBatch.views; i++) {
    const viewer = random.pick(viewers)
    const title = required(catalogue[i % 12], 'title')
    const at = startAt + lateBatch.happenedMs + 12 * HOUR_MS + i * 60_000
    events.push(
      ...watch({ viewer, title, startAt: at, recommendationId: null, random, newId, intervalMs: 5000 })
        .events,
    )
  }
  return { receivedAt: startAt + lateBatch.receivedMs, events }
}

const BATCH_EVENTS = 900

/** Groups events by the hour they happened in; a batch arrives when its hour is over. */
function toBatches(events: readonly RawEvent[]): HistoryBatch[] {
  const sorted = [...events].sort((a, b) => a.createdAt - b.createdAt)
  const batches: HistoryBatch[] = []
  let open: RawEvent[] = []
  const close = (): void => {
    const last = open.at(-1)
    if (last !== undefined) batches.push({ receivedAt: last.createdAt + 1500, events: open })
    open = []
  }
  for (const event of sorted) {
    const first = open[0]
    if (first !== undefined && (open.length >= BATCH_EVENTS || event.createdAt - first.createdAt > HOUR_MS))
      close()
    open.push(event)
  }
  close()
  return batches
}
