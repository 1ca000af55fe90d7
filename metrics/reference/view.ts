/** A view's row from what was heard of it. Columns as in the table of views; instants in epoch ms. */
import { type Heard, inOrder, type Placed } from '#metrics/reference/heard.ts'
import { chain, lengthOf, type Span, union } from '#metrics/reference/spans.ts'
import { type Doing, promiseOf, type Stretch, stretchesOf } from '#metrics/reference/stretches.ts'

const HOUR = 3_600_000
const total = <T>(items: readonly T[], of: (item: T, i: number) => number): number =>
  items.reduce((sum, item, i) => sum + of(item, i), 0)
const credit = (stretches: readonly Stretch[], counts: (stretch: Stretch) => boolean): number =>
  total(stretches, (one) => (counts(one) ? one.creditMs : 0))
/** The largest that was said; null when none was. */
function most<T extends string | number>(values: readonly (T | null | undefined)[]): T | null {
  let found: T | null = null
  for (const value of values) if (value != null && (found === null || value > found)) found = value
  return found
}
const earliest = (events: readonly Placed[]): number | null =>
  events.length === 0 ? null : Math.min(...events.map(({ at }) => at))
const within = (ms: number): number | null => (ms > HOUR ? null : Math.max(0, ms))

/** How it went: exactly one of five, or still open. */
function outcomeOf(events: readonly Placed[], stretches: readonly Stretch[], now: number) {
  const said = events.map((event) => event.said)
  const frame = earliest(events.filter((event) => event.said.type === 'playback.view.started'))
  const content = earliest(events.filter((event) => event.said.state === 'playing'))
  const requested = earliest(events.filter((event) => event.said.type === 'playback.view.requested'))
  const first = Math.min(...events.map(({ at }) => at))
  const last = Math.max(...events.map(({ at }) => at))
  const firstFrame = frame ?? content
  const intent = requested ?? first
  const failed = said.some((one) => one.fatal === true && one.business !== true)
  const rule = said.some((one) => one.fatal === true && one.business === true)
  const end = said.findLast((one) => one.type === 'playback.view.ended' && one.endReason)?.endReason ?? null
  const lastDoing = (stretches.at(-1) as Stretch).doing
  const silent = last < now - HOUR
  const isPlay = firstFrame !== null
  const unhurt = !isPlay && !failed && !rule
  const ads = total(stretches, (one) => (isAd(one.doing) && !one.contentShown ? one.gapMs : 0))
  return {
    startedAt: intent,
    firstFrameAt: firstFrame,
    endedAt: last,
    endReason: end ?? (failed || lastDoing === 'failed' ? 'failed' : silent ? 'dropped' : 'open'),
    lastState: isAd(lastDoing) ? 'ad' : lastDoing,
    isPlay,
    startupMs:
      firstFrame === null
        ? null
        : requested === null
          ? most(said.map((one) => one.startupMs))
          : within(firstFrame - requested),
    contentStartupMs: content === null || requested === null ? null : within(content - requested - ads),
    startFailure: failed && !isPlay,
    playbackFailure: failed,
    businessFailure: rule,
    exitBeforeStart: unhurt && end !== null,
    exitWaitMs: unhurt && end !== null ? Math.min(HOUR, Math.max(0, last - intent)) : null,
    droppedBeforeStart: unhurt && end === null,
  }
}

const isAd = (doing: Doing): boolean => doing === 'ad' || doing === 'waiting for an ad'
const isWatching = ({ doing, shown }: Stretch): boolean =>
  shown && (doing === 'playing' || doing === 'rebuffering' || doing === 'seeking')

function timesOf(stretches: readonly Stretch[]) {
  const of = (doing: Doing): number => credit(stretches, (one) => one.doing === doing)
  return {
    watchMs: credit(stretches, isWatching),
    visibleMs: credit(stretches, (one) => isWatching(one) && one.event.said.visible),
    playingMs: of('playing'),
    adMs: of('ad'),
    adRebufferMs: of('waiting for an ad'),
    rebufferMs: of('rebuffering'),
    seekMs: of('seeking'),
  }
}

/** Rule 3: a seek that begins less than 250 ms after the last one was over goes on with it. */
function seeksOf(stretches: readonly Stretch[]): number {
  let seeks = 0
  let overAt: number | null = null
  let seeking = false
  for (const { doing, at } of stretches) {
    if (doing === 'seeking') {
      if (!seeking && (overAt === null || at - overAt >= 250)) seeks++
      seeking = true
    } else if (seeking) {
      overAt = at
      seeking = false
    }
  }
  return seeks
}

/** Runs of waiting: where, how long, for which height. */
function stallsOf(stretches: readonly Stretch[]): Stretch[][] {
  const runs: Stretch[][] = []
  stretches.forEach((one, i) => {
    if (one.doing !== 'rebuffering') return
    if (stretches[i - 1]?.doing === 'rebuffering') runs.at(-1)?.push(one)
    else runs.push([one])
  })
  return runs
}

function loopsOf(stretches: readonly Stretch[]): number {
  return total(stretches, ({ doing, wentBack }, i) =>
    doing === 'playing' && (wentBack || stretches[i - 1]?.doing === 'ended') ? 1 : 0,
  )
}

const fitOf = (player: number | null, video: number | null): number | null =>
  player !== null && video !== null && player > 0 && video > 0
    ? Math.floor((player * 1_000_000) / video)
    : null

/** Sizes in millionths of the picture, bitrates in kbps: each weighted by the time it was played. */
function pictureOf(stretches: readonly Stretch[]) {
  const sums = { bitrateTime: 0, bitrateMs: 0, upscaleTime: 0, downscaleTime: 0, upscaleMost: 0, scaledMs: 0 }
  const live = { liveLatencyTime: 0, liveMs: 0 }
  for (const { doing, creditMs, event } of stretches) {
    if (doing !== 'playing') continue
    const { bitrateKbps, playerHeightPx, videoHeightPx, playerWidthPx, videoWidthPx, liveLatencyMs } =
      event.said
    if (bitrateKbps !== null) {
      sums.bitrateTime += Math.min(bitrateKbps, 1_000_000) * creditMs
      sums.bitrateMs += creditMs
    }
    const fits = [fitOf(playerHeightPx, videoHeightPx), fitOf(playerWidthPx, videoWidthPx)].filter(
      (fit) => fit !== null,
    )
    if (fits.length > 0 && creditMs > 0) {
      const scale = Math.min(...fits)
      const up = Math.min(9_000_000, Math.max(0, scale - 1_000_000))
      sums.upscaleTime += up * creditMs
      sums.upscaleMost = Math.max(sums.upscaleMost, up)
      sums.downscaleTime += Math.max(0, 1_000_000 - scale) * creditMs
      sums.scaledMs += creditMs
    }
    if (liveLatencyMs !== null && liveLatencyMs <= 300_000) {
      live.liveLatencyTime += liveLatencyMs * creditMs
      live.liveMs += creditMs
    }
  }
  return { ...sums, ...live, bitrateKbps: sums.bitrateMs > 0 ? sums.bitrateTime / sums.bitrateMs : null }
}

/** When somebody was there: as long as silence and waiting are believed. */
function presenceOf(stretches: readonly Stretch[], promise: number, stalls: readonly Stretch[][]): Span[] {
  const beginOf = new Map(
    stalls.flatMap((run) => run.map((one) => [one, Math.min(...run.map(({ at }) => at))] as const)),
  )
  const there = stretches.filter(({ doing }) => !['paused', 'ended', 'failed', 'quit'].includes(doing))
  return union(
    there.flatMap((one): Span[] => {
      const waitedSince = beginOf.get(one)
      const patience = waitedSince === undefined ? Number.POSITIVE_INFINITY : waitedSince + 300_000
      const to = Math.min(one.until, one.at + Math.max(3 * promise, 30_000), patience)
      return to > one.at ? [[one.at, to]] : []
    }),
  )
}

/** Null when nothing but previews was heard. `heard` is all of one tenant, view id and player. */
export function viewOf(heard: readonly Heard[], now: number) {
  const events = inOrder(heard)
  const first = events[0]?.said
  if (first === undefined) return null
  const said = events.map((event) => event.said)
  const stretches = stretchesOf(events)
  const stalls = stallsOf(stretches)
  const times = timesOf(stretches)
  const outcome = outcomeOf(events, stretches, now)
  const parts = stretches.flatMap(({ part }) => (part === null ? [] : [part]))
  const watched = union(parts, 120)
  const played = chain(parts, 120)
  const there = presenceOf(stretches, promiseOf(events), stalls)
  const program = events.some((event) => event.program)
  const impossible = times.watchMs > outcome.endedAt - Math.min(...events.map(({ at }) => at)) + 2000
  const counts = said.map(({ seq }) => seq)
  return {
    ...outcome,
    ...times,
    ...pictureOf(stretches),
    titleId: first.titleId,
    viewerKey: most(said.map((one) => one.viewerKey)),
    waitingSince:
      outcome.lastState === 'rebuffering' ? Math.min(...(stalls.at(-1) ?? []).map(({ at }) => at)) : null,
    intervalMs: promiseOf(events),
    rebufferCount: stalls.length,
    seekCount: seeksOf(stretches),
    loopCount: loopsOf(stretches),
    contentMs: lengthOf(watched),
    watchedFrom: watched.map(([from]) => from),
    watchedTo: watched.map(([, to]) => to),
    playedFrom: played.map(([from]) => from),
    playedTo: played.map(([, to]) => to),
    stallAtMs: stalls.map((run) => (run[0] as Stretch).event.said.playheadMs),
    stallMs: stalls.map((run) => total(run, ({ creditMs }) => creditMs)),
    stallHeightPx: stalls.map((run) => Math.max(...run.map(({ event }) => event.said.videoHeightPx ?? 0))),
    live: said.some((one) => one.liveLatencyMs !== null),
    videoHeightPx: most(said.map((one) => one.videoHeightPx)),
    deviceKind: first.deviceKind,
    playerName: first.playerName,
    surface: first.surface,
    recommendationId: most(said.map((one) => one.recommendationId)),
    experiments: [...new Set(said.flatMap((one) => one.experiments))].sort(),
    activeFrom: there.map(([from]) => from),
    activeTo: there.map(([, to]) => to),
    bot: program || impossible,
    program,
    impossible,
    rushed: false,
    own: said.some((one) => one.own === true),
    staff: said.some((one) => one.staff === true),
    kids: said.some((one) => one.kids),
    eventCount: events.length,
    lostCount: Math.min(20_000, Math.max(...counts) + 1 - new Set(counts).size),
    reusedIds: events.length - new Set(said.map(({ id }) => id)).size,
  }
}
export type ReferenceView = NonNullable<ReturnType<typeof viewOf>>
