/** The line of time: where playback is, what is loaded, a picture under the pointer; by mouse, touch and keys. */
import { clock, make, spoken } from '#playback/player/controls/dom.ts'
import type { Storyboard, Tile } from '#playback/player/controls/storyboard.ts'

export type Scrubber = {
  readonly element: HTMLElement
  update(): void
  setStoryboard(storyboard: Storyboard): void
}

const TILE_PX = 176

export function createScrubber(video: HTMLVideoElement, seek: (second: number) => void): Scrubber {
  const loaded = make('span', { class: 'svp-loaded' })
  const played = make('span', { class: 'svp-played' })
  const knob = make('span', { class: 'svp-knob' })
  const input = make('input', {
    type: 'range',
    min: 0,
    max: 1,
    step: 0.1,
    value: 0,
    'aria-label': 'Position',
  })
  const track = make('span', { class: 'svp-track' }, loaded, played)
  const tip = createTip()
  const element = make('div', { class: 'svp-scrubber' }, track, knob, input, tip.element)
  let storyboard: Storyboard | null = null
  let dragging = false
  const duration = (): number => (Number.isFinite(video.duration) ? video.duration : 0)

  const place = (second: number): void => {
    const share = duration() === 0 ? 0 : Math.min(1, second / duration())
    played.style.transform = `scaleX(${share})`
    knob.style.left = `${share * 100}%`
    input.setAttribute('aria-valuetext', `${spoken(second)} of ${spoken(duration())}`)
  }
  const preview = (clientX: number): void => {
    if (duration() === 0) return
    const box = element.getBoundingClientRect()
    const share = Math.min(1, Math.max(0, (clientX - box.left) / box.width))
    tip.show(share * box.width, box.width, share * duration(), storyboard)
  }
  element.addEventListener('pointermove', (event) => preview(event.clientX))
  element.addEventListener('pointerdown', (event) => preview(event.clientX))
  element.addEventListener('pointerleave', tip.hide)
  input.addEventListener('input', () => {
    dragging = true
    place(Number(input.value))
  })
  input.addEventListener('change', () => {
    dragging = false
    tip.hide()
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
      loaded.style.transform = `scaleX(${total === 0 ? 0 : loadedEnd(video) / total})`
      if (dragging) return
      input.value = String(video.currentTime)
      place(video.currentTime)
    },
  }
}

/** End of what is loaded in one piece from the playhead on. */
function loadedEnd({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= currentTime + 0.1 && buffered.end(i) >= currentTime) return buffered.end(i)
  }
  return currentTime
}

function createTip() {
  const picture = make('span', { class: 'svp-tile' })
  const time = make('span', { class: 'svp-tip-time' })
  const element = make('span', { class: 'svp-tip', hidden: true, 'aria-hidden': true }, picture, time)
  const paint = (tile: Tile, sheetWidth: number): void => {
    const scale = TILE_PX / tile.width
    picture.style.width = `${TILE_PX}px`
    picture.style.height = `${tile.height * scale}px`
    picture.style.backgroundImage = `url("${tile.url}")`
    picture.style.backgroundPosition = `${-tile.x * scale}px ${-tile.y * scale}px`
    picture.style.backgroundSize = `${sheetWidth * scale}px auto`
  }
  const show = (x: number, width: number, second: number, storyboard: Storyboard | null): void => {
    const tile = storyboard?.tileAt(second) ?? null
    const again = (): void => {
      if (!element.hidden) show(x, width, second, storyboard)
    }
    const sheetWidth = tile === null ? null : (storyboard?.sheetWidth(tile.url, again) ?? null)
    picture.hidden = tile === null || sheetWidth === null
    if (tile !== null && sheetWidth !== null) paint(tile, sheetWidth)
    const half = picture.hidden ? 28 : TILE_PX / 2
    time.textContent = clock(second)
    element.style.left = `${Math.min(width - half, Math.max(half, x))}px`
    element.hidden = false
  }
  return {
    element,
    show,
    hide: (): void => {
      element.hidden = true
    },
  }
}
