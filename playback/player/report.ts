/** Ties a video element to the tracker and the beacon: everything the viewer meets is said, nothing else. */
import { uuidv7 } from '#base/ids.ts'
import { type Beacon, createBeacon } from '#playback/player/beacon.ts'
import type { Engine } from '#playback/player/engine.ts'
import { openStorage } from '#playback/player/shelf.ts'
import {
  createTracker,
  HEARTBEAT_MS,
  type Reading,
  type TrackedError,
  type TrackedEvent,
  type Tracker,
} from '#playback/player/tracker.ts'

const PLAYER_VERSION = '0.1.0'
/** Where a figure changes at once. */
const SOON = new Set([
  'playback.view.requested',
  'playback.view.started',
  'playback.state.changed',
  'playback.view.ended',
])
/** How often it is looked whether a heartbeat is due. */
const LOOK_MS = 500
/** Frames go unseen in a hidden tab: playback that moved this far has started. */
const MOVED_SECONDS = 0.25

export type ReportSession = {
  readonly id: string
  readonly token: string
  readonly writeKey: string
  readonly eventsUrl: string
}
export type Report = {
  /** Asks for playback in the viewer's name: the view begins, or goes on. `at`: when it was asked, epoch ms. */
  requested(intent: 'click' | 'autoplay', at?: number): void
  problem(problem: TrackedError): void
  levelChanged(): void
  /** Ends the attempt without an error: the browser did not let it play. */
  gaveUp(): void
  /** The viewer leaves. Resolves when the platform knows, or will be told later. */
  close(): Promise<void>
}

function deviceKind(): string {
  if (!matchMedia('(pointer: coarse)').matches) return 'desktop'
  return Math.min(screen.width, screen.height) < 600 ? 'phone' : 'tablet'
}

function readingOf(video: HTMLVideoElement, engine: Engine | null): Reading {
  const level = engine?.current() ?? null
  const { buffered, currentTime } = video
  let ahead = 0
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= currentTime + 0.1 && buffered.end(i) > currentTime) {
      ahead = buffered.end(i) - currentTime
    }
  }
  return {
    playheadMs: Math.round(currentTime * 1000),
    rate: video.playbackRate,
    visible: document.visibilityState === 'visible',
    bitrateKbps: level === null || level.bitrateKbps === 0 ? null : level.bitrateKbps,
    videoHeightPx: level?.heightPx ?? null,
    playerHeightPx: Math.round(video.clientHeight),
    bufferMs: Math.round(ahead * 1000),
  }
}

type Attempt = { readonly tracker: Tracker; readonly beacon: Beacon }

export function openReport(
  video: HTMLVideoElement,
  engine: () => Engine | null,
  session: ReportSession,
): Report {
  let attempt: Attempt | null = null
  const listeners = new AbortController()

  /** A new attempt: a new view, with a tracker and a count of its own. */
  const begin = (): Attempt => {
    let seq = 0
    const common = {
      sid: uuidv7(),
      // The name under which the origin hears of this player too.
      playerId: session.id,
      deviceKind: deviceKind(),
      playerName: 'streamverse',
      playerVersion: PLAYER_VERSION,
      surface: 'watch',
      experiments: [],
    }
    const { eventsUrl, writeKey, token } = session
    const beacon = createBeacon({ eventsUrl, writeKey, token, common, storage: openStorage() })
    const say = (event: TrackedEvent): void => beacon.say({ ...event, seq: seq++ }, SOON.has(event.type))
    const read = (): Reading => readingOf(video, engine())
    return { tracker: createTracker({ read, say, now: Date.now }), beacon }
  }
  let beatAt = performance.now()
  const requested: Report['requested'] = (intent, at) => {
    if (attempt !== null && !attempt.tracker.over) return
    void attempt?.beacon.close()
    attempt = begin()
    beatAt = performance.now()
    attempt.tracker.requested(intent, at)
  }
  const tracker = (): Tracker | null => attempt?.tracker ?? null
  const beat = (): void => {
    if (performance.now() - beatAt < HEARTBEAT_MS) return
    beatAt = performance.now()
    tracker()?.beat()
  }
  followVideo(video, tracker, requested, listeners.signal)
  followPage(video, () => attempt, requested, listeners.signal)
  // Timers of a hidden tab come late; the video's own clock does not.
  const timer = setInterval(beat, LOOK_MS)
  video.addEventListener('timeupdate', beat, { signal: listeners.signal })
  return {
    requested,
    problem: (problem) => tracker()?.failed(problem),
    levelChanged: () => tracker()?.renditionChanged(),
    gaveUp: () => tracker()?.left('stopped'),
    close: async () => {
      clearInterval(timer)
      tracker()?.left('stopped')
      const closing = attempt?.beacon.close()
      listeners.abort()
      await closing
    },
  }
}

/** What the element says, in the tracker's words. */
function followVideo(
  video: HTMLVideoElement,
  tracker: () => Tracker | null,
  requested: Report['requested'],
  signal: AbortSignal,
): void {
  let lastMs = 0
  let joinedAt = 0
  const on = (name: string, heard: () => void): void => video.addEventListener(name, heard, { signal })
  const frameOf = (asked: Tracker | null): void => {
    if (!video.paused && asked === tracker()) asked?.frameShown()
  }
  // Also by media keys, a page's own script, picture in picture.
  on('play', () => {
    requested('click')
    joinedAt = video.currentTime
  })
  on('playing', () => {
    const asked = tracker()
    if (asked?.state === 'joining') {
      if (document.visibilityState === 'hidden' || video.requestVideoFrameCallback === undefined)
        frameOf(asked)
      else video.requestVideoFrameCallback(() => frameOf(asked))
      return
    }
    asked?.playing()
    if (!video.seeking) asked?.seeked()
  })
  on('pause', () => {
    if (!video.ended) tracker()?.paused()
  })
  on('waiting', () => tracker()?.waiting())
  on('timeupdate', () => {
    if (video.seeking) return
    lastMs = video.currentTime * 1000
    const joining = tracker()?.state === 'joining' && !video.paused
    if (joining && Math.abs(video.currentTime - joinedAt) > MOVED_SECONDS) frameOf(tracker())
  })
  on('seeking', () => tracker()?.seeking(lastMs))
  on('seeked', () => {
    lastMs = video.currentTime * 1000
    if (video.paused || video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) tracker()?.seeked()
    joinedAt = video.currentTime
  })
  on('ratechange', () => tracker()?.conditionsChanged())
  on('ended', () => tracker()?.ended())
}

/** What the page says: hidden, shown, gone, back, online again. */
function followPage(
  video: HTMLVideoElement,
  attempt: () => Attempt | null,
  requested: Report['requested'],
  signal: AbortSignal,
): void {
  document.addEventListener(
    'visibilitychange',
    () => {
      attempt()?.tracker.conditionsChanged()
      // On phones this may be the last that is heard of the page.
      if (document.visibilityState === 'hidden') attempt()?.beacon.leave()
    },
    { signal },
  )
  window.addEventListener(
    'pagehide',
    () => {
      attempt()?.tracker.left('unloaded')
      attempt()?.beacon.leave()
    },
    { signal },
  )
  window.addEventListener(
    'pageshow',
    ({ persisted }) => {
      if (persisted && !video.paused) requested('autoplay')
    },
    { signal },
  )
  window.addEventListener('online', () => void attempt()?.beacon.flush(), { signal })
}
