/**
 * The player: a video with controls that work by mouse, touch and keys, and that tells the platform what its viewer
 * meets. Plain DOM, so that any page can have it. See README.md for how to embed it.
 */
import { createActions } from '#playback/player/controls/actions.ts'
import { createBar } from '#playback/player/controls/bar.ts'
import { iconButton, make } from '#playback/player/controls/dom.ts'
import { icons } from '#playback/player/controls/icons.ts'
import { onKey } from '#playback/player/controls/keys.ts'
import { createOverlay, type Overlay } from '#playback/player/controls/overlay.ts'
import { followPointer } from '#playback/player/controls/pointer.ts'
import { keepPreferences, readPreferences } from '#playback/player/controls/preferences.ts'
import { createScrubber } from '#playback/player/controls/scrubber.ts'
import { settingsOf } from '#playback/player/controls/settings.ts'
import { loadStoryboard } from '#playback/player/controls/storyboard.ts'
import { type Engine, type Prepared, prepareEngine } from '#playback/player/engine.ts'
import { nameToSystem } from '#playback/player/media-session.ts'
import { openReport, type Report } from '#playback/player/report.ts'
import type { TrackedError } from '#playback/player/tracker.ts'

export type PlayerSession = {
  /** Names the player to the platform, in events and in requests for media. */
  readonly id: string
  readonly token: string
  readonly writeKey: string
  readonly eventsUrl: string
  readonly hlsUrl: string
  readonly posterUrl: string
  readonly storyboardUrl: string | null
  readonly captions: readonly { readonly language: string; readonly label: string; readonly url: string }[]
  readonly resumeMs: number
  readonly titleName: string
}
export type PlayerOptions = {
  readonly session: PlayerSession
  /** Play without waiting for a click; without sound where the browser asks for it. */
  readonly autoplay?: boolean
  /** The viewer asked for this title on another page, at this moment (epoch ms): the wait counts from there. */
  readonly askedAt?: number
  /** Of `prepareEngine` with the session's `hlsUrl` and `id`, when the title was likely to be played. */
  readonly prepared?: Prepared
  readonly onEnded?: () => void
  /** Playback began again after the end. */
  readonly onReplay?: () => void
}
export type Player = {
  readonly video: HTMLVideoElement
  /** Over the video, also in full screen: for what a page offers at the end. Hidden while empty. */
  readonly end: HTMLElement
  play(): Promise<void>
  pause(): void
  seek(ms: number): void
  /** Resolves when the platform knows of everything that was watched, or will be told later. */
  destroy(): Promise<void>
}

export function createPlayer(container: HTMLElement, options: PlayerOptions): Player {
  const { session, autoplay = false, askedAt, onEnded, onReplay } = options
  const { video, root } = makeStage(session)
  const closing = new AbortController()
  const { signal } = closing
  const prepared = options.prepared ?? prepareEngine(session.hlsUrl, session.resumeMs / 1000, session.id)
  const overlay = createOverlay({
    retry: () => {
      engine.retry()
      void play('click')
    },
    unmute: () => {
      video.muted = false
    },
  })
  const report = openReport(video, () => engine, session)
  const play = (intent: 'click' | 'autoplay', at?: number): Promise<void> => {
    overlay.trouble(null)
    overlay.waiting(video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA)
    report.requested(intent, at)
    return engine.ready.then(() => begin(video, intent, overlay, report))
  }
  const seek = (second: number): void => {
    const again = video.ended
    video.currentTime = Math.min(Math.max(0, second), Math.max(0, (video.duration || 0) - 0.05))
    if (again) void play('click')
  }
  const fail = (problem: TrackedError): void => {
    report.problem(problem)
    if (!problem.fatal) return
    overlay.waiting(false)
    overlay.trouble(problem)
  }
  const engine: Engine = prepared.attach(video, { onLevel: report.levelChanged, onProblem: fail })

  const actions = createActions({ video, root, overlay, seek, play: () => void play('click') })
  const scrubber = createScrubber(video, seek)
  const settings = settingsOf(video, () => engine, actions.showCaptions)
  const hasCaptions = session.captions.length > 0
  const bar = createBar({ video, root, actions, settings, scrubber, hasCaptions, signal })
  const big = iconButton(icons.play, `Play ${session.titleName}`.trim(), '', () => void play('click'))
  big.className = 'svp-big'
  root.append(...overlay.elements, big, bar)
  container.append(root)
  followVideo({ video, overlay, big, signal, onEnded, onReplay })
  const wake = followPointer({ video, root, bar, actions, overlay, signal })
  document.addEventListener('keydown', (event) => onKey(event, root, actions) && wake(), { signal })
  nameToSystem(session, actions, signal)
  if (session.storyboardUrl !== null) {
    loadStoryboard(session.storyboardUrl).then(scrubber.setStoryboard, () => undefined)
  }
  if (autoplay) void play(askedAt === undefined ? 'autoplay' : 'click', askedAt)
  return {
    video,
    end: overlay.end,
    play: () => play('click'),
    pause: () => video.pause(),
    seek: (ms) => seek(ms / 1000),
    destroy: async () => {
      const told = report.close()
      closing.abort()
      engine.destroy()
      root.remove()
      await told
    },
  }
}

function makeStage({ posterUrl, titleName, captions }: PlayerSession) {
  const { volume, muted, captions: language } = readPreferences()
  const video = make('video', { playsinline: true, preload: 'auto', poster: posterUrl, class: 'svp-video' })
  video.volume = volume
  video.muted = muted
  for (const { language: srclang, label, url } of captions) {
    video.append(make('track', { kind: 'subtitles', srclang, label, src: url }))
  }
  // The browser makes a choice of its own before this; the viewer's holds.
  video.addEventListener(
    'loadedmetadata',
    () => {
      for (const track of video.textTracks) track.mode = track.language === language ? 'showing' : 'disabled'
    },
    { once: true },
  )
  const label = titleName === '' ? 'Video player' : `Video player: ${titleName}`
  const root = make('div', { class: 'svp', tabindex: 0, role: 'region', 'aria-label': label }, video)
  return { video, root }
}

/** Plays; without sound where the browser allows no other way; gives up where it allows none. */
async function begin(
  video: HTMLVideoElement,
  intent: 'click' | 'autoplay',
  overlay: Overlay,
  report: Report,
): Promise<void> {
  try {
    await video.play()
    return
  } catch (error) {
    if ((error as Error).name !== 'NotAllowedError') return
  }
  if (!video.muted) {
    video.muted = true
    overlay.muted(true)
    try {
      await video.play()
      return
    } catch {
      // Not even without sound: the big button waits for a click.
    }
  }
  overlay.muted(false)
  overlay.waiting(false)
  if (intent === 'autoplay' || video.paused) report.gaveUp()
}

type Followed = {
  readonly video: HTMLVideoElement
  readonly overlay: Overlay
  readonly big: HTMLElement
  readonly signal: AbortSignal
  readonly onEnded: (() => void) | undefined
  readonly onReplay: (() => void) | undefined
}

/** Spinner, big button, kept preferences, and what the page wants to know. */
function followVideo({ video, overlay, big, signal, onEnded, onReplay }: Followed): void {
  const on = (names: readonly string[], heard: () => void): void => {
    for (const name of names) video.addEventListener(name, heard, { signal })
  }
  let begun = false
  let ended = false
  const show = (): void => {
    big.hidden = !video.paused || begun
  }
  on(['waiting', 'seeking'], () => overlay.waiting(!video.paused))
  on(['playing', 'pause', 'seeked', 'canplay', 'ended'], () => overlay.waiting(false))
  on(['play', 'pause'], show)
  on(['playing'], () => {
    begun = true
    show()
    if (ended) onReplay?.()
    ended = false
  })
  on(['ended'], () => {
    ended = true
    onEnded?.()
  })
  let wasMuted = video.muted
  on(['volumechange'], () => {
    const byBrowser = !wasMuted && video.muted && !begun
    wasMuted = video.muted
    if (!video.muted) overlay.muted(false)
    if (!byBrowser) keepPreferences({ volume: video.volume, muted: video.muted })
  })
}
