/** What carries the video: hls.js where the browser has Media Source Extensions, the browser itself where not. */
import Hls, { type ErrorData } from 'hls.js'

export type Level = { readonly index: number; readonly heightPx: number; readonly bitrateKbps: number }
export type EngineProblem = { readonly code: string; readonly message: string; readonly fatal: boolean }
export type Engine = {
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
  readonly onLevels: () => void
  readonly onLevel: () => void
  readonly onProblem: (problem: EngineProblem) => void
}

const RECOVERIES = 3

export function openEngine(video: HTMLVideoElement, url: string, events: EngineEvents): Engine {
  return Hls.isSupported() ? openHls(video, url, events) : openNative(video, url, events)
}

function openHls(video: HTMLVideoElement, url: string, events: EngineEvents): Engine {
  const hls = new Hls({
    startLevel: 0,
    capLevelToPlayerSize: true,
    maxBufferLength: 24,
    backBufferLength: 30,
    testBandwidth: true,
    lowLatencyMode: false,
  })
  let recoveries = 0
  const level = (index: number): Level | null => {
    const found = hls.levels[index]
    return found === undefined
      ? null
      : { index, heightPx: found.height, bitrateKbps: Math.round(found.bitrate / 1000) }
  }
  hls.on(Hls.Events.MANIFEST_PARSED, events.onLevels)
  hls.on(Hls.Events.LEVEL_SWITCHED, events.onLevel)
  hls.on(Hls.Events.ERROR, (_, data: ErrorData) => {
    const message = data.error?.message ?? data.details
    const recoverable = data.fatal && recoveries < RECOVERIES
    if (recoverable && data.type === Hls.ErrorTypes.MEDIA_ERROR) {
      recoveries++
      hls.recoverMediaError()
    } else if (recoverable && data.type === Hls.ErrorTypes.NETWORK_ERROR && data.response?.code !== 404) {
      recoveries++
      setTimeout(() => hls.startLoad(), 1000 * recoveries)
    } else if (data.fatal) events.onProblem({ code: data.details, message, fatal: true })
  })
  hls.loadSource(url)
  hls.attachMedia(video)
  return {
    levels: () => hls.levels.flatMap((_, index) => level(index) ?? []),
    current: () => level(hls.currentLevel),
    choose: (index) => {
      hls.nextLevel = index ?? -1
    },
    chosen: () => (hls.autoLevelEnabled ? null : hls.manualLevel),
    retry: () => {
      recoveries = 0
      hls.loadSource(url)
      hls.startLoad()
    },
    destroy: () => hls.destroy(),
  }
}

function openNative(video: HTMLVideoElement, url: string, { onProblem, onLevels }: EngineEvents): Engine {
  const problem = (): void => {
    const { code = 0, message = '' } = video.error ?? {}
    onProblem({ code: `media-${code}`, message, fatal: true })
  }
  video.addEventListener('error', problem)
  video.addEventListener('loadedmetadata', onLevels)
  video.src = url
  return {
    levels: () => [],
    current: () =>
      video.videoHeight === 0 ? null : { index: 0, heightPx: video.videoHeight, bitrateKbps: 0 },
    choose: () => {},
    chosen: () => null,
    retry: () => video.load(),
    destroy: () => {
      video.removeEventListener('error', problem)
      video.removeEventListener('loadedmetadata', onLevels)
      video.removeAttribute('src')
      video.load()
    },
  }
}
