/** What the viewer can do, by whatever means: each done, said and shown the same. */
import { icons } from '#playback/player/controls/icons.ts'
import type { Actions } from '#playback/player/controls/keys.ts'
import type { Overlay } from '#playback/player/controls/overlay.ts'
import { keepPreferences } from '#playback/player/controls/preferences.ts'
import { SPEEDS } from '#playback/player/controls/settings.ts'

export type ActionOptions = {
  readonly video: HTMLVideoElement
  readonly root: HTMLElement
  readonly overlay: Overlay
  readonly play: () => void
  readonly seek: (second: number) => void
}
export type PlayerActions = Actions & { showCaptions(index: number): void }

export function createActions({ video, root, overlay, play, seek }: ActionOptions): PlayerActions {
  const { say } = overlay
  const showCaptions = (index: number): void => {
    const tracks = [...video.textTracks]
    tracks.forEach((track, i) => {
      track.mode = i === index ? 'showing' : 'disabled'
    })
    const shown = tracks[index]
    keepPreferences({ captions: shown?.language ?? null })
    say(shown === undefined ? 'Captions off' : `Captions: ${shown.label}`)
  }
  const percent = (): string => `${Math.round(video.volume * 100)} %`
  return {
    showCaptions,
    toggle: () => {
      if (video.paused || video.ended) {
        play()
        say('Playing', icons.play)
      } else {
        video.pause()
        say('Paused', icons.pause)
      }
    },
    seekBy: (seconds) => {
      seek(video.currentTime + seconds)
      const icon = Math.abs(seconds) !== STEP ? (seconds < 0 ? icons.out : icons.into) : undefined
      say(
        `${seconds < 0 ? 'Back' : 'Forward'} ${Math.abs(seconds)} seconds`,
        icon ?? (seconds < 0 ? icons.back : icons.forward),
      )
    },
    seekToShare: (share) => seek((video.duration || 0) * share),
    volumeBy: (step) => {
      video.volume = Math.min(1, Math.max(0, (video.muted ? 0 : video.volume) + step))
      video.muted = video.volume === 0
      say(`Volume ${percent()}`, icons.loud)
    },
    mute: () => {
      if (video.volume === 0) video.volume = 0.5
      video.muted = !video.muted
      if (video.muted) say('Sound off', icons.muted)
      else say(`Volume ${percent()}`, icons.loud)
    },
    full: () => {
      if (document.fullscreenElement !== null) void document.exitFullscreen()
      else if (root.requestFullscreen !== undefined) void root.requestFullscreen().catch(() => undefined)
      else (video as { webkitEnterFullscreen?: () => void }).webkitEnterFullscreen?.()
    },
    captions: () => {
      const shown = [...video.textTracks].some((track) => track.mode === 'showing')
      if (video.textTracks.length > 0) showCaptions(shown ? -1 : 0)
      else say('This title has no captions')
    },
    speedBy: (steps) => {
      const at = SPEEDS.findIndex((speed) => speed >= video.playbackRate)
      video.playbackRate = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + steps))] ?? 1
      say(`Speed ${video.playbackRate} ×`, icons.settings)
    },
  }
}

/** Seconds of the buttons beside Play, which have icons of their own. */
const STEP = 10
