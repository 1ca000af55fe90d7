/**
 * What carries the video: hls.js where the browser has Media Source Extensions, the browser itself on Apple's.
 * hls.js is a chunk of its own; `preloadEngine` fetches it before anybody presses play.
 */
import type Hls from 'hls.js'
import type { CMCDControllerConfig, ErrorData } from 'hls.js'
import { openStorage } from '#playback/player/shelf.ts'
import type { TrackedError } from '#playback/player/tracker.ts'

export type Level = { readonly index: number; readonly heightPx: number; readonly bitrateKbps: number }
export type Engine = {
  /** Resolves when the element has been given the video: asking it to play before that is in vain. */
  readonly ready: Promise<void>
  levels(): readonly Level[]
  /** The level on screen; null while nobody knows. */
  current(): Level | null
  /** null: choose by itself. */
  choose(index: number | null): void
  chosen(): number | null
  retry(): void
  destroy(): void
}
export type EngineEvents = {
  readonly onLevel: () => void
  readonly onProblem: (problem: TrackedError) => void
}
/** Loads manifest and first segments before there is a video to show them in. */
export type Prepared = { attach(video: HTMLVideoElement, events: EngineEvents): Engine; destroy(): void }

const RECOVERIES = 3
const GOOD_FOR_NOTHING = new Set([401, 402, 403, 451])
const SPEED = 'streamverse.bandwidth'
const UNKNOWN_BPS = 1_500_000
/** A measured speed is trusted this far the next time. */
const TRUST = 0.7

export const preloadEngine = (): Promise<typeof import('hls.js')> => import('hls.js')

const isApple = (video: HTMLVideoElement): boolean =>
  'WebKitMediaKeys' in window && video.canPlayType('application/vnd.apple.mpegurl') !== ''
const hasMediaSource = (): boolean => 'MediaSource' in window || 'ManagedMediaSource' in window

/** Bits a second to begin with: as measured the last time, and no more than the browser now thinks. */
function expectedBps(): number {
  const { connection } = navigator as { connection?: { downlink?: number } }
  const thought = (connection?.downlink ?? 0) * 1_000_000 || Number.POSITIVE_INFINITY
  const measured = Number(openStorage()?.getItem(SPEED) ?? 0) || Number.POSITIVE_INFINITY
  const known = Math.min(thought, measured)
  return Number.isFinite(known) ? known * TRUST : UNKNOWN_BPS
}

/**
 * `startSeconds`: where playback will begin, so that nothing before it is fetched. `viewName`: what requests say whose
 * they are, the play session's id.
 */
export function prepareEngine(url: string, startSeconds: number, viewName: string): Prepared {
  const video = document.createElement('video')
  if (isApple(video) || !hasMediaSource()) return prepareNative(url, startSeconds)
  const loading = preloadEngine().then(({ default: Carrier }) =>
    startHls(Carrier, url, startSeconds, cmcdOf(url, viewName)),
  )
  let gone = false
  return {
    attach: (shown, events) => attachHls(loading, shown, url, events),
    destroy: () => {
      if (gone) return
      gone = true
      void loading.then(({ hls }) => hls.destroy())
    },
  }
}

/** What the origin is told with each request: docs/metrics.md, two witnesses. */
const SAID = 'sid v sf st ot d br tb bl mtp rtp su bs sta pr dl'.split(' ') as NonNullable<
  CMCDControllerConfig['includeKeys']
>

/**
 * In headers addresses stay the same for everybody, and so do caches. Another origin would have the browser ask first
 * whether it takes them, for every address: there they are in the query.
 */
function cmcdOf(url: string, viewName: string): CMCDControllerConfig {
  const useHeaders = new URL(url, location.href).origin === location.origin
  return {
    version: 2,
    sessionId: viewName,
    useHeaders,
    includeKeys: SAID,
  }
}

type Started = { readonly hls: Hls; readonly Carrier: typeof Hls; readonly failed: () => ErrorData | null }

function startHls(
  Carrier: typeof Hls,
  url: string,
  startSeconds: number,
  cmcd: CMCDControllerConfig,
): Started {
  const hls = new Carrier({
    startPosition: startSeconds > 0 ? startSeconds : -1,
    startFragPrefetch: true,
    abrEwmaDefaultEstimate: expectedBps(),
    capLevelToPlayerSize: true,
    testBandwidth: false,
    maxBufferLength: 24,
    backBufferLength: 30,
    cmcd,
  })
  let failed: ErrorData | null = null
  hls.on(Carrier.Events.ERROR, (_, data) => {
    if (data.fatal) failed ??= data
  })
  hls.loadSource(url)
  return { hls, Carrier, failed: () => failed }
}

const levelOf = (hls: Hls | null, index: number): Level | null => {
  const found = hls?.levels[index]
  return found === undefined
    ? null
    : { index, heightPx: found.height, bitrateKbps: Math.round(found.bitrate / 1000) }
}

const problemOf = (data: ErrorData): TrackedError => ({
  code: data.response?.code === undefined ? data.details : `${data.details}:${data.response.code}`,
  message: data.error?.message ?? data.details,
  fatal: data.fatal,
  business: GOOD_FOR_NOTHING.has(data.response?.code ?? 0),
})

function attachHls(
  loading: Promise<Started>,
  video: HTMLVideoElement,
  url: string,
  { onLevel, onProblem }: EngineEvents,
): Engine {
  let hls: Hls | null = null
  let gone = false
  let recoveries = 0
  let later: ReturnType<typeof setTimeout> | undefined
  const heardOf = (data: ErrorData, { Carrier, hls: carrier }: Started): void => {
    if (!data.fatal) {
      onProblem(problemOf(data))
      return
    }
    const refused = data.response?.code !== undefined && data.response.code >= 400 && data.response.code < 500
    const recoverable = recoveries < RECOVERIES && !refused
    recoveries++
    if (recoverable && data.type === Carrier.ErrorTypes.MEDIA_ERROR) recoverMedia(carrier, video)
    else if (recoverable && data.type === Carrier.ErrorTypes.NETWORK_ERROR && carrier.levels.length > 0) {
      later = setTimeout(() => carrier.startLoad(), 1000 * recoveries)
    } else onProblem(problemOf(data))
  }
  const restart = (): void => hls?.startLoad()
  window.addEventListener('online', restart)
  const ready = loading.then(
    (started) => {
      if (gone) {
        started.hls.destroy()
        return
      }
      hls = started.hls
      const { Carrier } = started
      hls.on(Carrier.Events.LEVEL_SWITCHED, onLevel)
      hls.on(Carrier.Events.ERROR, (_, data) => heardOf(data, started))
      hls.attachMedia(video)
      const failed = started.failed()
      if (failed !== null) onProblem(problemOf(failed))
    },
    (error: unknown) => onProblem({ code: 'player-not-loaded', message: String(error), fatal: true }),
  )
  return {
    ready,
    levels: () => (hls?.levels ?? []).flatMap((_, index) => levelOf(hls, index) ?? []),
    current: () => levelOf(hls, hls?.currentLevel ?? -1),
    choose: (index) => {
      if (hls !== null) hls.nextLevel = index ?? -1
    },
    chosen: () => (hls === null || hls.autoLevelEnabled ? null : hls.manualLevel),
    retry: () => {
      recoveries = 0
      hls?.loadSource(url)
    },
    destroy: () => {
      gone = true
      clearTimeout(later)
      window.removeEventListener('online', restart)
      rememberSpeed(hls)
      hls?.destroy()
    },
  }
}

function recoverMedia(hls: Hls, video: HTMLVideoElement): void {
  const wasPlaying = !video.paused
  hls.recoverMediaError()
  if (wasPlaying) void video.play().catch(() => undefined)
}

function rememberSpeed(hls: Hls | null): void {
  const bps = hls?.bandwidthEstimate ?? Number.NaN
  try {
    if (Number.isFinite(bps)) openStorage()?.setItem(SPEED, String(Math.round(bps)))
  } catch {
    // Storage is full: the next start is guessed.
  }
}

function prepareNative(url: string, startSeconds: number): Prepared {
  return {
    destroy: () => undefined,
    attach: (video, { onProblem, onLevel }) => {
      const problem = (): void => {
        const { code = 0, message = '' } = video.error ?? {}
        onProblem({ code: `media-${code}`, message, fatal: true })
      }
      const begin = (): void => {
        if (startSeconds > 0) video.currentTime = startSeconds
      }
      video.addEventListener('error', problem)
      video.addEventListener('loadedmetadata', begin, { once: true })
      video.addEventListener('resize', onLevel)
      video.src = url
      return {
        ready: Promise.resolve(),
        levels: () => [],
        current: () =>
          video.videoHeight === 0 ? null : { index: 0, heightPx: video.videoHeight, bitrateKbps: 0 },
        choose: () => undefined,
        chosen: () => null,
        retry: () => video.load(),
        destroy: () => {
          video.removeEventListener('error', problem)
          video.removeEventListener('loadedmetadata', begin)
          video.removeEventListener('resize', onLevel)
          video.removeAttribute('src')
          video.load()
        },
      }
    },
  }
}
