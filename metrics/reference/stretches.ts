/** The state machine: what the player did between each event and the next, and how much of that time is believed. */
import type { Placed } from '#metrics/reference/heard.ts'

export type Doing =
  | 'joining'
  | 'playing'
  | 'paused'
  | 'rebuffering'
  | 'seeking'
  | 'ad'
  | 'waiting for an ad'
  | 'ended'
  | 'failed'
  | 'quit'

export type Stretch = {
  readonly event: Placed
  readonly doing: Doing
  readonly at: number
  /** When the next event happened; the same instant after the last. */
  readonly until: number
  /** By the wall. */
  readonly gapMs: number
  /** Of it: believed. */
  readonly creditMs: number
  /** The first frame of anything was shown before or with this event. */
  readonly shown: boolean
  readonly contentShown: boolean
  /** Content played in it, by the playhead. */
  readonly part: readonly [from: number, to: number] | null
  /** The next report stands further back. */
  readonly wentBack: boolean
}

const STANDS_STILL = 250
const SLACK = 2000
const A_MINUTE = 60_000
const LAST_POSITION = 2 ** 32 - 1

/** Longest interval the player promised; half a minute where it said none. */
export const promiseOf = (events: readonly Placed[]): number =>
  events.reduce((most, { said }) => Math.max(most, said.intervalMs ?? 0), 0) || 30_000

/** Waiting is part of what it happens in. */
function waitingIn(settled: string | null, shown: boolean, moved: number): Doing {
  if (!shown) return 'joining'
  if (settled === 'ad') return 'waiting for an ad'
  if (settled === 'seeking' || settled === 'paused' || settled === 'failed') return settled
  return moved > STANDS_STILL ? 'playing' : 'rebuffering'
}

export function stretchesOf(events: readonly Placed[]): Stretch[] {
  const promise = promiseOf(events)
  const live = events.some(({ said }) => said.liveLatencyMs !== null)
  let shown = false
  let contentShown = false
  let settled: string | null = null
  return events.map((event, i) => {
    const { said, at } = event
    const next = events[i + 1] ?? event
    const moved = Math.max(0, next.said.playheadMs - said.playheadMs)
    const gapMs = Math.max(0, next.at - at)
    const speed = said.rate > 0 ? said.rate : 1
    contentShown ||= said.state === 'playing'
    shown ||= contentShown || said.type === 'playback.view.started'
    if (said.state !== 'rebuffering') settled = said.state
    const doing = said.state === 'rebuffering' ? waitingIn(settled, shown, moved) : (said.state as Doing)
    const creditMs = Math.floor(believed(doing, { gapMs, moved, speed, promise, live }))
    return {
      event,
      doing,
      at,
      until: next.at,
      gapMs,
      creditMs,
      shown,
      contentShown,
      part: doing === 'playing' ? played(said.playheadMs, moved, creditMs, speed, live) : null,
      wentBack: next.said.playheadMs + 1000 < said.playheadMs,
    }
  })
}

type Gap = { gapMs: number; moved: number; speed: number; promise: number; live: boolean }

/** Rule 1: no further than the wall, the playhead and twice the interval; waiting for up to a minute. */
function believed(doing: Doing, { gapMs, moved, speed, promise, live }: Gap): number {
  switch (doing) {
    case 'playing':
      return Math.min(gapMs, live ? gapMs : moved / speed + SLACK, 2 * promise)
    case 'rebuffering':
    case 'waiting for an ad':
    case 'seeking':
    case 'joining':
    case 'ad':
      return Math.min(gapMs, Math.max(2 * promise, A_MINUTE))
    default:
      return 0
  }
}

/** Where playing went: to the next position if time allows, a second of doubt given; live goes with the wall. */
function played(
  from: number,
  moved: number,
  creditMs: number,
  speed: number,
  live: boolean,
): [number, number] | null {
  const way = live ? creditMs : moved <= creditMs * speed + 1000 ? moved : creditMs * speed
  const to = Math.floor(Math.min(LAST_POSITION, from + way))
  return (live || moved > 0) && to > from ? [from, to] : null
}
