/** The line of time: where playback is, what is loaded, a picture under the pointer; by mouse, touch and keys. */
import { clock, make } from '#playback/player/dom.ts'
import type { Storyboard } from '#playback/player/storyboard.ts'

export type Scrubber = {
  readonly element: HTMLElement
  update(): void
  setStoryboard(storyboard: Storyboard): void
}

const TILE_PX = 176

export function createScrubber(video: HTMLVideoElement, seek: (second: number) => void): Scrubber {
  const loaded = make('span', { class: 'svp-loaded' })
  const played = make('span', { class: 'svp-played' })
  const input = make('input', {
    type: 'range',
    min: 0,
    max: 1,
    step: 0.1,
    value: 0,
    'aria-label': 'Position',
  })
  const picture = make('span', { class: 'svp-tile' })
  const time = make('span', { class: 'svp-tip-time' })
  const tip = make('span', { class: 'svp-tip', hidden: true, 'aria-hidden': true }, picture, time)
  const element = make(
    'div',
    { class: 'svp-scrubber' },
    make('span', { class: 'svp-track' }, loaded, played),
    input,
    tip,
  )
  let storyboard: Storyboard | null = null
  let dragging = false
  const duration = (): number => (Number.isFinite(video.duration) ? video.duration : 0)

  const preview = (clientX: number): void => {
    const box = element.getBoundingClientRect()
    const share = Math.min(1, Math.max(0, (clientX - box.left) / box.width))
    const second = share * duration()
    const tile = storyboard?.tileAt(second) ?? null
    time.textContent = clock(second)
    tip.hidden = duration() === 0
    picture.hidden = tile === null
    if (tile !== null) {
      const scale = TILE_PX / tile.width
      picture.style.width = `${TILE_PX}px`
      picture.style.height = `${tile.height * scale}px`
      picture.style.background = `url("${tile.url}") ${-tile.x * scale}px ${-tile.y * scale}px / auto`
      const sheet = new Image()
      sheet.onload = () => {
        picture.style.backgroundSize = `${sheet.naturalWidth * scale}px auto`
      }
      sheet.src = tile.url
    }
    const half = tile === null ? 28 : TILE_PX / 2
    tip.style.left = `${Math.min(box.width - half, Math.max(half, share * box.width))}px`
  }
  element.addEventListener('pointermove', (event) => preview(event.clientX))
  element.addEventListener('pointerleave', () => {
    tip.hidden = true
  })
  input.addEventListener('input', () => {
    dragging = true
    played.style.width = `${(100 * Number(input.value)) / (duration() || 1)}%`
    input.setAttribute('aria-valuetext', clock(Number(input.value)))
  })
  input.addEventListener('change', () => {
    dragging = false
    seek(Number(input.value))
  })
  return {
    element,
    setStoryboard: (next) => {
      storyboard = next
    },
    update: () => {
      const total = duration()
      input.max = String(total || 1)
      const end = video.buffered.length === 0 ? 0 : video.buffered.end(video.buffered.length - 1)
      loaded.style.width = `${total === 0 ? 0 : (100 * end) / total}%`
      if (dragging) return
      input.value = String(video.currentTime)
      input.setAttribute('aria-valuetext', `${clock(video.currentTime)} of ${clock(total)}`)
      played.style.width = `${total === 0 ? 0 : (100 * video.currentTime) / total}%`
    },
  }
}
