/**
 * What a playback attempt says of itself: a state machine without a browser in it, fed by whoever holds the video.
 * One view (`sid`) per attempt: pause and resume stay in it, up to an hour. Rules: docs/metrics.md.
 */
import type { PlayerState } from '#events/playback.ts'

/** What is true of the player when something happens. */
export type Reading = {
  readonly playheadMs: number
  readonly rate: number
  readonly visible: boolean
  readonly bitrateKbps?: number | null
  readonly videoHeightPx?: number | null
  readonly playerHeightPx?: number | null
  readonly bufferMs?: number | null
}
export type TrackedEvent = { readonly type: string; readonly [field: string]: unknown }
export type TrackedError = {
  readonly code: string
  readonly message?: string
  readonly fatal: boolean
  /** A rule, not a fault: geography, entitlement. */
  readonly business?: boolean
}

export const HEARTBEAT_MS = 5000
/** A pause this long ends the view. */
export const IDLE_MS = 3_600_000
/** Errors playback survived that are told, a view. */
const MOST_PASSING_ERRORS = 10

export type Tracker = {
  readonly state: PlayerState
  /** Ended, failed or left: a new attempt needs a new tracker. */
  readonly over: boolean
  /** Somebody or something asked for playback, now or at `at` (epoch ms). Begins the view. */
  requested(intent: 'click' | 'autoplay', at?: number): void
  /** A frame is on screen. The first one starts the view. */
  frameShown(): void
  playing(): void
  /** Before the first frame it means that the viewer gave up: the view is over. */
  paused(): void
  /** There is nothing to show although there should be. */
  waiting(): void
  /** `fromMs`: the position left. */
  seeking(fromMs: number): void
  /** The new position is shown, or could be. */
  seeked(): void
  renditionChanged(): void
  /** The rate, or whether the player can be seen, has just changed. */
  conditionsChanged(): void
  failed(error: TrackedError): void
  ended(): void
  /** The viewer leaves, or the page does. */
  left(reason: 'stopped' | 'unloaded'): void
  /** Call each HEARTBEAT_MS. */
  beat(): void
}

export function createTracker(options: {
  readonly read: () => Reading
  readonly say: (event: TrackedEvent) => void
  readonly now: () => number
}): Tracker {
  const { read, say, now } = options
  let state: PlayerState = 'joining'
  let requestedAt: number | null = null
  let started = false
  let over = false
  let pausedAt = 0
  let passingErrors = 0
  /** The state to return to when a seek ends. */
  let beforeSeek: 'playing' | 'paused' = 'playing'

  const tell = (type: string, more: Record<string, unknown> = {}): void => {
    say({ type: `playback.${type}`, state, ...read(), ...more })
  }
  const live = (): boolean => requestedAt !== null && !over
  const shown = (): boolean => live() && started
  const enter = (next: PlayerState): void => {
    if (state === next) return
    state = next
    if (next === 'paused') pausedAt = now()
    tell('state.changed')
  }
  const end = (last: PlayerState, endReason: string): void => {
    over = true
    state = last
    tell('view.ended', { endReason })
  }
  const beat = (): void => tell('heartbeat.sent', { intervalMs: HEARTBEAT_MS })
  return {
    get state() {
      return state
    },
    get over() {
      return over
    },
    requested: (intent, at = now()) => {
      if (requestedAt !== null) return
      requestedAt = at
      tell('view.requested', { intent, createdAt: at })
    },
    frameShown: () => {
      if (!live() || started) return
      started = true
      state = 'playing'
      tell('view.started', { startupMs: Math.max(0, Math.round(now() - (requestedAt ?? now()))) })
    },
    playing: () => {
      if (state === 'seeking') beforeSeek = 'playing'
      else if (shown()) enter('playing')
    },
    paused: () => {
      if (live() && !started) end('quit', 'stopped')
      else if (state === 'seeking') {
        beforeSeek = 'paused'
        pausedAt = now()
      } else if (shown()) enter('paused')
    },
    waiting: () => {
      if (shown() && state === 'playing') enter('rebuffering')
    },
    seeking: (fromMs) => {
      if (!shown() || state === 'seeking') return
      beforeSeek = state === 'paused' ? 'paused' : 'playing'
      state = 'seeking'
      tell('seek.started', { playheadMs: Math.max(0, Math.round(fromMs)) })
    },
    seeked: () => {
      if (!live() || state !== 'seeking') return
      state = beforeSeek
      tell('seek.ended')
    },
    renditionChanged: () => {
      if (shown()) tell('rendition.changed')
    },
    conditionsChanged: () => {
      if (shown() && state === 'playing') beat()
    },
    failed: ({ code, message, fatal, business = false }) => {
      if (!live() || (!fatal && ++passingErrors > MOST_PASSING_ERRORS)) return
      if (fatal) state = 'failed'
      const errorMessage = message?.slice(0, 500) ?? null
      tell('error.raised', { errorCode: code.slice(0, 80), errorMessage, fatal, business })
      if (fatal) end('failed', 'failed')
    },
    ended: () => {
      if (live()) end('ended', 'completed')
    },
    left: (endReason) => {
      if (live()) end('quit', endReason)
    },
    beat: () => {
      if (!live()) return
      if (state !== 'paused') beat()
      else if (now() - pausedAt >= IDLE_MS) end('quit', 'stopped')
    },
  }
}
