/** One simulated view as a player would report it: intent, first frame, heartbeats, stalls, a way of leaving. */
import type { Random } from '#base/random.ts'
import type { DemoTitle } from '#demo/catalogue.ts'
import { bitrateOf, liking, type SimViewer } from '#demo/tastes.ts'
import { stall } from '#demo/truths.ts'

export type RawEvent = {
  readonly type: string
  readonly eventId: string
  readonly createdAt: number
  readonly [field: string]: unknown
}

/** A wait somewhere in so many of all plays, and how many leave because of it. */
export type Stalls = { readonly share: number; readonly leave: number }

export type WatchInput = {
  readonly viewer: SimViewer
  readonly title: DemoTitle
  readonly startAt: number
  readonly recommendationId: string | null
  readonly random: Random
  readonly newId: (at: number) => string
  /** Time between reports while playing. */
  readonly intervalMs: number
  readonly stalls?: Stalls
}
export type Watched = {
  readonly sid: string
  readonly events: RawEvent[]
  readonly endAt: number
  readonly contentMs: number
  readonly completed: boolean
}

/** Plays the title through: how far the viewer gets depends on liking, on luck, and on whether it stalls. */
export function watch(input: WatchInput): Watched {
  const { viewer, title, startAt, recommendationId, random, newId, intervalMs } = input
  const sid = newId(startAt)
  const events: RawEvent[] = []
  let at = startAt
  let playheadMs = 0
  const say = (type: string, state: string, more: object = {}): void => {
    events.push({
      type: `playback.${type}`,
      eventId: newId(at),
      createdAt: Math.round(at),
      sid,
      playerId: `${sid.slice(0, 8)}-p`,
      seq: events.length,
      viewerKey: viewer.key,
      titleId: title.id,
      recommendationId,
      state,
      playheadMs: Math.round(playheadMs),
      rate: 1,
      visible: true,
      deviceKind: viewer.device,
      playerName: 'streamverse',
      playerVersion: '0.1.0',
      surface: 'watch',
      videoHeightPx: viewer.videoHeightPx,
      bitrateKbps: bitrateOf(viewer.videoHeightPx),
      ...more,
    })
  }
  const finish = (state: string, endReason: string): Watched => {
    say('view.ended', state, { endReason })
    return { sid, events, endAt: at, contentMs: playheadMs, completed: endReason === 'completed' }
  }

  say('view.requested', 'joining', { intent: 'click' })
  const slow = viewer.videoHeightPx <= 360 ? 2.2 : 1
  const startupMs = (180 + random.next() * 500) * slow * (random.next() < 0.06 ? 6 : 1)
  at += startupMs
  if (random.next() < 0.006) {
    say('error.raised', 'failed', { errorCode: 'E_MANIFEST', fatal: true, business: false })
    return finish('failed', 'failed')
  }
  if (startupMs > 1500 && random.next() < 0.3) return finish('quit', 'stopped')
  say('view.started', 'playing', {})

  const stops = stopsOf(input)
  const wantsMs = howFar(viewer, title, random) * title.durationMs
  for (;;) {
    const next = stops.find((stop) => stop.atMs > playheadMs && stop.atMs < wantsMs)
    const target = Math.min(playheadMs + intervalMs, next?.atMs ?? Number.POSITIVE_INFINITY, wantsMs)
    at += target - playheadMs
    playheadMs = target
    if (next !== undefined && playheadMs === next.atMs) {
      say('state.changed', 'rebuffering')
      at += next.stallMs
      if (next.leaves) return finish('quit', 'stopped')
      say('state.changed', 'playing')
      playheadMs += 1
    } else if (playheadMs >= wantsMs) {
      break
    } else {
      say('heartbeat.sent', 'playing', { intervalMs })
    }
  }
  if (wantsMs >= title.durationMs) return finish('ended', 'completed')
  return finish('quit', random.next() < 0.9 ? 'stopped' : 'unloaded')
}

/** Added waits come early, where they cost most: buffers are small then. */
const STALLS_BEFORE_MS = 60_000

type Stop = { readonly atMs: number; readonly stallMs: number; readonly leaves: boolean }

/** Where this view will wait: the planted stall, and now and then one by chance. */
function stopsOf({ viewer, title, random, stalls }: WatchInput): Stop[] {
  const stops: Stop[] = []
  if (random.next() < (viewer.videoHeightPx >= 1080 ? 0.1 : 0.05)) {
    const stallMs = 400 + random.next() * 4000
    stops.push({ atMs: random.next() * title.durationMs, stallMs, leaves: random.next() < 0.1 })
  }
  if (title.id === stall.titleId && viewer.videoHeightPx === stall.videoHeightPx) {
    const [from, to] = stall.stallMs
    const stallMs = from + random.next() * (to - from)
    stops.push({ atMs: stall.atMs, stallMs, leaves: random.next() < stall.leave })
  }
  if (stalls !== undefined && random.next() < stalls.share) {
    const stallMs = 3000 + random.next() * 9000
    stops.push({ atMs: STALLS_BEFORE_MS * random.next(), stallMs, leaves: random.next() < stalls.leave })
  }
  return stops.sort((a, b) => a.atMs - b.atMs)
}

/** Share of the title the viewer will watch if nothing stops them. */
function howFar(viewer: SimViewer, title: DemoTitle, random: Random): number {
  const pull = 1 / (1 + Math.exp(-(liking(viewer, title) - 0.4)))
  const roll = random.next()
  if (roll < 0.22 * (1 - pull)) return 0.01 + random.next() * 0.06
  if (roll > 1 - 0.75 * pull) return 1
  return 0.08 + random.next() * 0.9
}
