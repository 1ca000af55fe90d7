/** Ties a video element to the tracker and the beacon: everything the viewer meets is said, nothing else. */
import { uuidv7 } from '#base/ids.ts'
import { type Beacon, createBeacon } from '#playback/player/beacon.ts'
import type { Engine, EngineProblem } from '#playback/player/engine.ts'
import { createTracker, HEARTBEAT_MS, type TrackedEvent, type Tracker } from '#playback/player/tracker.ts'

const PLAYER_VERSION = '0.1.0'
const SOON = new Set([
  'playback.view.requested',
  'playback.view.started',
  'playback.state.changed',
  'playback.view.ended',
])

export type ReportSession = { readonly token: string; readonly writeKey: string; readonly eventsUrl: string }
export type Report = {
  /** Asks for playback in the viewer's name: the view begins, or goes on. */
  requested(intent: 'click' | 'autoplay'): void
  problem(problem: EngineProblem): void
  levelChanged(): void
  destroy(): void
}

const deviceKind = (): string => {
  const touch = matchMedia('(pointer: coarse)').matches
  if (!touch) return 'desktop'
  return Math.min(screen.width, screen.height) < 600 ? 'phone' : 'tablet'
}

function openStorage(): Storage | null {
  try {
    return globalThis.localStorage
  } catch {
    return null
  }
}

export function openReport(
  video: HTMLVideoElement,
  engine: () => Engine | null,
  session: ReportSession,
): Report {
  const playerId = uuidv7()
  let beacon: Beacon | null = null
  let tracker: Tracker | null = null
  let lastMs = 0

  /** A new attempt: a new view, with a tracker and a count of its own. */
  const begin = (): Tracker => {
    let seq = 0
    const sid = uuidv7()
    const common = {
      sid,
      playerId,
      deviceKind: deviceKind(),
      playerName: 'streamverse',
      playerVersion: PLAYER_VERSION,
      surface: 'watch',
      experiments: [],
    }
    beacon = createBeacon({ ...session, common, storage: openStorage() })
    const say = (event: TrackedEvent): void => beacon?.say({ ...event, seq: seq++ }, SOON.has(event.type))
    return createTracker({ read, say })
  }
  const read = () => {
    const level = engine()?.current() ?? null
    const end =
      video.buffered.length === 0 ? video.currentTime : video.buffered.end(video.buffered.length - 1)
    return {
      playheadMs: Math.round(video.currentTime * 1000),
      rate: video.playbackRate,
      visible: document.visibilityState === 'visible',
      bitrateKbps: level?.bitrateKbps ?? null,
      videoHeightPx: level?.heightPx ?? null,
      playerHeightPx: Math.round(video.clientHeight),
      bufferMs: Math.max(0, Math.round((end - video.currentTime) * 1000)),
    }
  }
  const listeners = new AbortController()
  const on = (name: string, heard: () => void): void => {
    video.addEventListener(name, heard, { signal: listeners.signal })
  }
  const firstFrame = (): void => {
    if (!video.paused) tracker?.frameShown()
  }
  on('playing', () => {
    if (typeof video.requestVideoFrameCallback === 'function') video.requestVideoFrameCallback(firstFrame)
    else firstFrame()
    if (tracker?.state === 'joining') return
    tracker?.playing()
  })
  on('pause', () => {
    if (!video.ended) tracker?.paused()
  })
  on('waiting', () => tracker?.waiting())
  on('timeupdate', () => {
    if (!video.seeking) lastMs = video.currentTime * 1000
  })
  on('seeking', () => tracker?.seeking(lastMs))
  on('seeked', () => {
    tracker?.seeked()
    if (video.paused) tracker?.paused()
  })
  on('ended', () => {
    tracker?.ended()
    tracker = null
    void beacon?.flush()
  })
  const timer = setInterval(() => tracker?.beat(), HEARTBEAT_MS)
  const leave = (): void => {
    tracker?.left('unloaded')
    tracker = null
    beacon?.leave()
  }
  window.addEventListener('pagehide', leave, { signal: listeners.signal })
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState === 'hidden') void beacon?.flush()
    },
    { signal: listeners.signal },
  )
  return {
    requested: (intent) => {
      if (tracker !== null) return
      tracker = begin()
      tracker.requested(intent)
    },
    problem: ({ code, message, fatal }) => {
      tracker?.failed({ code, message, fatal })
      if (fatal) tracker = null
    },
    levelChanged: () => tracker?.renditionChanged(),
    destroy: () => {
      clearInterval(timer)
      listeners.abort()
      tracker?.left('stopped')
      tracker = null
      beacon?.close()
    },
  }
}
