/** The bar at the foot of the player: time line, buttons, menu. */
import { clock, iconButton, make, setIcon } from '#playback/player/controls/dom.ts'
import { icons } from '#playback/player/controls/icons.ts'
import type { Actions } from '#playback/player/controls/keys.ts'
import { createMenu, type Setting } from '#playback/player/controls/menu.ts'
import type { Scrubber } from '#playback/player/controls/scrubber.ts'

export type BarOptions = {
  readonly video: HTMLVideoElement
  readonly root: HTMLElement
  readonly actions: Actions
  readonly settings: readonly Setting[]
  readonly scrubber: Scrubber
  readonly hasCaptions: boolean
  readonly signal: AbortSignal
}

const CHANGES = [
  'timeupdate',
  'progress',
  'durationchange',
  'play',
  'pause',
  'ended',
  'volumechange',
  'seeked',
]

export function createBar(options: BarOptions): HTMLElement {
  const { video, root, actions, settings, scrubber, hasCaptions, signal } = options
  const play = iconButton(icons.play, 'Play', 'k', actions.toggle)
  const back = iconButton(icons.back, 'Back 10 seconds', 'j', () => actions.seekBy(-10))
  const forward = iconButton(icons.forward, 'Forward 10 seconds', 'l', () => actions.seekBy(10))
  back.classList.add('svp-wide-only')
  forward.classList.add('svp-wide-only')
  const time = make('span', { class: 'svp-time' })
  const captions = iconButton(icons.captions, 'Captions', 'c', actions.captions)
  captions.hidden = !hasCaptions
  const update = (): void => {
    const { paused, ended, currentTime, duration } = video
    scrubber.update()
    time.textContent = `${clock(currentTime)} / ${clock(Math.round(duration))}`
    if (ended) setIcon(play, icons.again, 'Play again')
    else if (paused) setIcon(play, icons.play, 'Play')
    else setIcon(play, icons.pause, 'Pause')
    const shown = [...video.textTracks].some((track) => track.mode === 'showing')
    captions.setAttribute('aria-pressed', String(shown))
  }
  for (const name of CHANGES) video.addEventListener(name, update, { signal })
  video.textTracks.addEventListener('change', update, { signal })
  const buttons = make(
    'div',
    { class: 'svp-buttons' },
    play,
    back,
    forward,
    createSound(video, actions, signal),
    time,
    make('span', { class: 'svp-space' }),
    captions,
    createMenu(settings, signal),
    createInset(video, signal),
    createFull(root, actions, signal),
  )
  update()
  return make('div', { class: 'svp-bar' }, scrubber.element, buttons)
}

function createSound(video: HTMLVideoElement, actions: Actions, signal: AbortSignal): HTMLElement {
  const button = iconButton(icons.loud, 'Mute', 'm', actions.mute)
  const slider = make('input', {
    type: 'range',
    min: 0,
    max: 1,
    step: 0.05,
    value: 1,
    class: 'svp-volume',
    'aria-label': 'Volume',
  })
  slider.addEventListener('input', () => {
    video.volume = Number(slider.value)
    video.muted = video.volume === 0
  })
  const update = (): void => {
    const volume = video.muted ? 0 : video.volume
    const icon = volume === 0 ? icons.muted : volume < 0.5 ? icons.quiet : icons.loud
    setIcon(button, icon, volume === 0 ? 'Sound on' : 'Mute')
    button.innerHTML = icon
    if (document.activeElement !== slider) slider.value = String(volume)
    slider.style.setProperty('--share', `${volume * 100}%`)
    slider.setAttribute('aria-valuetext', `${Math.round(volume * 100)} %`)
  }
  video.addEventListener('volumechange', update, { signal })
  update()
  return make('span', { class: 'svp-sound' }, button, slider)
}

function createInset(video: HTMLVideoElement, signal: AbortSignal): HTMLElement {
  const button = iconButton(icons.inset, 'Picture in picture', '', () => {
    if (document.pictureInPictureElement === video) void document.exitPictureInPicture()
    else void video.requestPictureInPicture().catch(() => undefined)
  })
  button.classList.add('svp-wide-only')
  button.hidden = !document.pictureInPictureEnabled
  const update = (): void =>
    button.setAttribute('aria-pressed', String(document.pictureInPictureElement === video))
  video.addEventListener('enterpictureinpicture', update, { signal })
  video.addEventListener('leavepictureinpicture', update, { signal })
  return button
}

function createFull(root: HTMLElement, actions: Actions, signal: AbortSignal): HTMLElement {
  const button = iconButton(icons.full, 'Full screen', 'f', actions.full)
  const update = (): void => {
    const inFull = document.fullscreenElement === root
    setIcon(button, inFull ? icons.small : icons.full, inFull ? 'Leave full screen' : 'Full screen')
  }
  document.addEventListener('fullscreenchange', update, { signal })
  return button
}
