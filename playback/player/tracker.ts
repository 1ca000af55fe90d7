/**
 * What a playback attempt says of itself: a state machine without a browser in it, fed by whoever holds the video.
 * One view (`sid`) per attempt: pause and resume stay in it. Rules: docs/metrics.md.
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

export const HEARTBEAT_MS = 5000

export type Tracker = {
  readonly state: PlayerState
  /** Somebody or something asked for playback. Begins the view. */
  requested(intent: 'click' | 'autoplay'): void
  /** A frame is on screen. The first one starts the view. */
  frameShown(): void
  playing(): void
  paused(): void
  /** There is nothing to show although there should be. */
  waiting(): void
  /** `fromMs`: the position left. */
  seeking(fromMs: number): void
  seeked(): void
  renditionChanged(): void
  failed(error: {
    readonly code: string
    readonly message?: string
    readonly fatal: boolean
    readonly business?: boolean
  }): void
  ended(): void
  /** The viewer leaves, or the page does. */
  left(reason: 'stopped' | 'unloaded'): void
  /** Call each HEARTBEAT_MS. */
  beat(): void
}

export function createTracker(options: {
  readonly read: () => Reading
  readonly say: (event: TrackedEvent) => void
}): Tracker {
  const { read, say } = options
  let state: PlayerState = 'joining'
  let requested = false
  let started = false
  let over = false
  /** The state to return to when a seek ends. */
  let beforeSeek: 'playing' | 'paused' = 'playing'

  const tell = (type: string, more: Record<string, unknown> = {}): void => {
    say({ type: `playback.${type}`, state, ...read(), ...more })
  }
  const live = (): boolean => requested && !over
  const enter = (next: PlayerState): void => {
    if (state === next) return
    state = next
    tell('state.changed')
  }
  return {
    get state() {
      return state
    },
    requested: (intent) => {
      if (requested) return
      requested = true
      tell('view.requested', { intent })
    },
    frameShown: () => {
      if (!live() || started) return
      started = true
      state = 'playing'
      tell('view.started')
    },
    playing: () => {
      if (!live() || !started || state === 'seeking') {
        beforeSeek = 'playing'
        return
      }
      enter('playing')
    },
    paused: () => {
      if (!live() || !started) return
      if (state === 'seeking') beforeSeek = 'paused'
      else enter('paused')
    },
    waiting: () => {
      if (live() && started && state === 'playing') enter('rebuffering')
    },
    seeking: (fromMs) => {
      if (!live() || !started || state === 'seeking') return
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
      if (live() && started) tell('rendition.changed')
    },
    failed: ({ code, message, fatal, business = false }) => {
      if (!live()) return
      if (fatal) state = 'failed'
      tell('error.raised', {
        errorCode: code.slice(0, 80),
        errorMessage: message?.slice(0, 500) ?? null,
        fatal,
        business,
      })
      if (!fatal) return
      over = true
      tell('view.ended', { endReason: 'failed' })
    },
    ended: () => {
      if (!live()) return
      over = true
      state = 'ended'
      tell('view.ended', { endReason: 'completed' })
    },
    left: (endReason) => {
      if (!live()) return
      over = true
      state = 'quit'
      tell('view.ended', { endReason })
    },
    beat: () => {
      if (live() && state !== 'paused') tell('heartbeat.sent', { intervalMs: HEARTBEAT_MS })
    },
  }
}
