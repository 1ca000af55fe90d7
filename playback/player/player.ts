/**
 * The player: a video with controls that work by mouse, touch and keys, and that tells the platform what its viewer
 * meets. Plain DOM, so that any page can have it. See README.md for how to embed it.
 */
import { clock, iconButton, make, setIcon } from '#playback/player/dom.ts'
import { type Engine, type EngineProblem, openEngine } from '#playback/player/engine.ts'
import { icons } from '#playback/player/icons.ts'
import { type Actions, onKey } from '#playback/player/keys.ts'
import { createMenu, type Group } from '#playback/player/menu.ts'
import { openReport } from '#playback/player/report.ts'
import { createScrubber } from '#playback/player/scrubber.ts'
import { loadStoryboard } from '#playback/player/storyboard.ts'

export type PlayerSession = {
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
  /** Play without waiting for a click; muted where the browser asks for it. */
  readonly autoplay?: boolean
  readonly onEnded?: () => void
}
export type Player = {
  readonly video: HTMLVideoElement
  play(): Promise<void>
  pause(): void
  seek(ms: number): void
  destroy(): void
}

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]
const HIDE_MS = 2600

export function createPlayer(
  container: HTMLElement,
  { session, autoplay = false, onEnded }: PlayerOptions,
): Player {
  const video = make('video', {
    playsinline: true,
    preload: 'auto',
    poster: session.posterUrl,
    class: 'svp-video',
  })
  const root = make(
    'div',
    { class: 'svp', tabindex: 0, role: 'region', 'aria-label': `Player: ${session.titleName}` },
    video,
  )
  const spinner = make('div', { class: 'svp-spinner', hidden: true })
  const status = make('div', { class: 'svp-status', role: 'status', 'aria-live': 'polite' })
  const problem = make('div', { class: 'svp-problem', role: 'alert', hidden: true })
  for (const { language, label, url } of session.captions) {
    video.append(make('track', { kind: 'subtitles', srclang: language, label, src: url }))
  }
  let engine: Engine | null = null
  const report = openReport(video, () => engine, session)
  const closing = new AbortController()
  const on = (target: EventTarget, name: string, heard: (event: Event) => void): void => {
    target.addEventListener(name, heard, { signal: closing.signal })
  }
  const say = (text: string): void => {
    status.textContent = text
  }

  const play = async (intent: 'click' | 'autoplay' = 'click'): Promise<void> => {
    problem.hidden = true
    report.requested(intent)
    try {
      await video.play()
    } catch (error) {
      if ((error as Error).name !== 'NotAllowedError' || intent === 'click') return
      video.muted = true
      await video.play().catch(() => undefined)
    }
  }
  const toggle = (): void => {
    if (video.paused || video.ended) void play()
    else video.pause()
  }
  const seek = (second: number): void => {
    video.currentTime = Math.min(Math.max(0, second), Math.max(0, (video.duration || 0) - 0.05))
  }
  const fail = ({ message, code, fatal }: EngineProblem): void => {
    report.problem({ message, code, fatal })
    if (!fatal) return
    spinner.hidden = true
    const retry = make('button', { type: 'button', class: 'svp-text-button' }, 'Try again')
    retry.addEventListener('click', () => {
      engine?.retry()
      void play()
    })
    problem.replaceChildren(
      make('p', {}, 'The video cannot be played right now. Check the connection and try again.'),
      retry,
    )
    problem.hidden = false
  }
  engine = openEngine(video, session.hlsUrl, {
    onLevels: () => {
      if (session.resumeMs > 0) video.currentTime = session.resumeMs / 1000
      if (autoplay) void play('autoplay')
    },
    onLevel: () => report.levelChanged(),
    onProblem: fail,
  })

  const actions = createActions(video, root, { toggle, seek, say })
  const controls = createControls({ video, root, actions, seek, engine: () => engine, session })
  root.append(spinner, controls.big, problem, controls.bar, status)
  container.append(root)

  on(video, 'waiting', () => {
    spinner.hidden = video.paused
  })
  for (const name of ['playing', 'pause', 'seeked', 'canplay'])
    on(video, name, () => void (spinner.hidden = true))
  on(video, 'ended', () => onEnded?.())
  on(root, 'keydown', (event) => {
    if (onKey(event as KeyboardEvent, actions)) controls.wake()
  })
  controls.bind(on, toggle)
  return {
    video,
    play: () => play(),
    pause: () => video.pause(),
    seek: (ms) => seek(ms / 1000),
    destroy: () => {
      closing.abort()
      report.destroy()
      engine?.destroy()
      root.remove()
    },
  }
}

type Handles = { toggle(): void; seek(second: number): void; say(text: string): void }

function createActions(video: HTMLVideoElement, root: HTMLElement, { toggle, seek, say }: Handles): Actions {
  return {
    toggle,
    seekBy: (seconds) => {
      seek(video.currentTime + seconds)
      say(`${seconds > 0 ? 'Forward' : 'Back'} ${Math.abs(seconds)} seconds`)
    },
    seekToShare: (share) => seek((video.duration || 0) * share),
    volumeBy: (step) => {
      video.volume = Math.min(1, Math.max(0, video.volume + step))
      video.muted = video.volume === 0
      say(`Volume ${Math.round(video.volume * 100)} %`)
    },
    mute: () => {
      video.muted = !video.muted
      say(video.muted ? 'Muted' : 'Sound on')
    },
    full: () => {
      if (document.fullscreenElement !== null) void document.exitFullscreen()
      else void root.requestFullscreen?.().catch(() => undefined)
    },
    captions: () => {
      const tracks = [...video.textTracks]
      const shown = tracks.some((track) => track.mode === 'showing')
      tracks.forEach((track, i) => {
        track.mode = !shown && i === 0 ? 'showing' : 'disabled'
      })
      if (tracks.length > 0) say(shown ? 'Captions off' : `Captions: ${tracks[0]?.label ?? 'on'}`)
    },
    speedBy: (steps) => {
      const at = SPEEDS.findIndex((speed) => speed >= video.playbackRate)
      video.playbackRate = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + steps))] ?? 1
      say(`Speed ${video.playbackRate}`)
    },
  }
}

type ControlInput = {
  readonly video: HTMLVideoElement
  readonly root: HTMLElement
  readonly actions: Actions
  readonly seek: (second: number) => void
  readonly engine: () => Engine | null
  readonly session: PlayerSession
}

function createControls({ video, root, actions, seek, engine, session }: ControlInput) {
  const playButton = iconButton(icons.play, 'Play', actions.toggle)
  const big = iconButton(icons.play, `Play ${session.titleName}`, actions.toggle)
  big.className = 'svp-big'
  const sound = iconButton(icons.loud, 'Mute', actions.mute)
  const volume = make('input', {
    type: 'range',
    min: 0,
    max: 1,
    step: 0.05,
    value: 1,
    class: 'svp-volume',
    'aria-label': 'Volume',
  })
  volume.addEventListener('input', () => {
    video.volume = Number(volume.value)
    video.muted = video.volume === 0
  })
  const time = make('span', { class: 'svp-time' }, '0:00 / 0:00')
  const full = iconButton(icons.full, 'Full screen', actions.full)
  const inset = iconButton(icons.inset, 'Picture in picture', () => {
    if (document.pictureInPictureElement !== null) void document.exitPictureInPicture()
    else void video.requestPictureInPicture().catch(() => undefined)
  })
  inset.hidden = !document.pictureInPictureEnabled
  const scrubber = createScrubber(video, seek)
  if (session.storyboardUrl !== null) {
    loadStoryboard(session.storyboardUrl).then(scrubber.setStoryboard, () => undefined)
  }
  const buttons = make(
    'div',
    { class: 'svp-buttons' },
    playButton,
    sound,
    volume,
    time,
    make('span', { class: 'svp-space' }),
    createMenu(icons.settings, 'Quality, speed and captions', groupsOf(video, engine)),
    inset,
    full,
  )
  const bar = make('div', { class: 'svp-bar' }, scrubber.element, buttons)

  let timer: ReturnType<typeof setTimeout> | undefined
  const wake = (): void => {
    root.classList.remove('svp-idle')
    clearTimeout(timer)
    timer = setTimeout(() => {
      const used = bar.contains(document.activeElement) && root.matches(':focus-within:not(:focus)')
      if (!video.paused && !used) root.classList.add('svp-idle')
    }, HIDE_MS)
  }
  const update = (): void => {
    scrubber.update()
    time.textContent = `${clock(video.currentTime)} / ${clock(video.duration)}`
    const ended = video.ended
    setIcon(
      playButton,
      ended ? icons.again : video.paused ? icons.play : icons.pause,
      ended ? 'Play again' : video.paused ? 'Play' : 'Pause',
    )
    setIcon(sound, video.muted ? icons.muted : icons.loud, video.muted ? 'Sound on' : 'Mute')
    if (document.activeElement !== volume) volume.value = String(video.muted ? 0 : video.volume)
    big.hidden = !video.paused || ended
  }
  const bind = (
    on: (target: EventTarget, name: string, heard: (event: Event) => void) => void,
    toggle: () => void,
  ): void => {
    for (const name of [
      'timeupdate',
      'progress',
      'durationchange',
      'play',
      'pause',
      'ended',
      'volumechange',
      'seeked',
    ]) {
      on(video, name, update)
    }
    for (const name of ['pointermove', 'focusin', 'keydown']) on(root, name, wake)
    on(document, 'fullscreenchange', () => {
      const inFull = document.fullscreenElement === root
      setIcon(full, inFull ? icons.small : icons.full, inFull ? 'Leave full screen' : 'Full screen')
    })
    let tappedAt = 0
    on(video, 'pointerup', (event) => {
      const { pointerType, offsetX, timeStamp } = event as PointerEvent
      wake()
      if (pointerType === 'mouse') {
        toggle()
        return
      }
      if (timeStamp - tappedAt < 320) actions.seekBy(offsetX > video.clientWidth / 2 ? 10 : -10)
      tappedAt = timeStamp
    })
    on(video, 'dblclick', () => actions.full())
    update()
    wake()
  }
  return { bar, big, bind, wake }
}

/** What can be chosen: quality by height, speed, captions. */
function groupsOf(video: HTMLVideoElement, engine: () => Engine | null): readonly Group<never>[] {
  const quality: Group<number | null> = {
    label: 'Quality',
    choices: () => {
      const levels = [...(engine()?.levels() ?? [])].sort((a, b) => b.heightPx - a.heightPx)
      const now = engine()?.current()
      const auto = { value: null, label: now == null ? 'Auto' : `Auto (${now.heightPx}p)` }
      return [auto, ...levels.map(({ index, heightPx }) => ({ value: index, label: `${heightPx}p` }))]
    },
    current: () => engine()?.chosen() ?? null,
    choose: (index) => engine()?.choose(index),
  }
  const speed: Group<number> = {
    label: 'Speed',
    choices: () => SPEEDS.map((value) => ({ value, label: value === 1 ? 'Normal' : `${value} ×` })),
    current: () => video.playbackRate,
    choose: (value) => {
      video.playbackRate = value
    },
  }
  const captions: Group<number> = {
    label: 'Captions',
    choices: () => [
      { value: -1, label: 'Off' },
      ...[...video.textTracks].map(({ label }, value) => ({ value, label })),
    ],
    current: () => [...video.textTracks].findIndex((track) => track.mode === 'showing'),
    choose: (value) => {
      ;[...video.textTracks].forEach((track, i) => {
        track.mode = i === value ? 'showing' : 'disabled'
      })
    },
  }
  return [quality, speed, captions] as unknown as Group<never>[]
}
