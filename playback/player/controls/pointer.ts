/** Mouse and touch on the picture, and hiding the controls when nobody uses them. */
import type { Actions } from '#playback/player/controls/keys.ts'
import type { Overlay } from '#playback/player/controls/overlay.ts'

export type PointerOptions = {
  readonly video: HTMLVideoElement
  readonly root: HTMLElement
  readonly bar: HTMLElement
  readonly actions: Actions
  readonly overlay: Overlay
  readonly signal: AbortSignal
}

const HIDE_MS = 2600
const DOUBLE_MS = 300
const STEP_SECONDS = 10

/** Returns `wake`, which shows the controls. */
export function followPointer({ video, root, bar, actions, overlay, signal }: PointerOptions): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const isUsed = (): boolean =>
    bar.querySelector('[aria-expanded=true]') !== null || bar.querySelector(':focus-visible') !== null
  const rest = (): void => {
    if (!video.paused && !isUsed()) root.classList.add('svp-idle')
  }
  const wake = (): void => {
    root.classList.remove('svp-idle')
    clearTimeout(timer)
    timer = setTimeout(rest, HIDE_MS)
  }
  const on = (target: EventTarget, name: string, heard: (event: PointerEvent) => void): void =>
    target.addEventListener(name, heard as (event: Event) => void, { signal })
  for (const name of ['focusin', 'keydown']) on(root, name, wake)
  on(root, 'pointermove', ({ pointerType }) => {
    if (pointerType === 'mouse') wake()
  })
  on(root, 'pointerleave', ({ pointerType }) => {
    if (pointerType === 'mouse') rest()
  })
  for (const name of ['play', 'pause', 'ended']) on(video, name, wake)
  on(video, 'click', ({ pointerType }) => {
    // Touches are judged below: one shows the controls, two seek.
    if (pointerType !== 'touch') actions.toggle()
  })
  on(video, 'dblclick', ({ pointerType }) => {
    if (pointerType !== 'touch') actions.full()
  })
  const tap = followTaps(video, actions, overlay)
  on(video, 'pointerup', (event) => {
    if (event.pointerType !== 'touch') return
    const wasIdle = root.classList.contains('svp-idle')
    if (tap(event)) return
    if (wasIdle || video.paused) wake()
    else rest()
  })
  on(bar, 'pointerup', wake)
  wake()
  signal.addEventListener('abort', () => clearTimeout(timer))
  return wake
}

/** True when the tap was one of several: those add up to one seek to the side they are on. */
function followTaps(video: HTMLVideoElement, actions: Actions, overlay: Overlay) {
  let lastAt = Number.NEGATIVE_INFINITY
  let lastSide = ''
  let seconds = 0
  return ({ timeStamp, clientX }: PointerEvent): boolean => {
    const box = video.getBoundingClientRect()
    const side = clientX < box.left + box.width / 2 ? 'left' : 'right'
    const again = timeStamp - lastAt < DOUBLE_MS && side === lastSide
    lastAt = timeStamp
    lastSide = side
    seconds = again ? seconds + STEP_SECONDS : 0
    if (!again) return false
    actions.seekBy(side === 'left' ? -STEP_SECONDS : STEP_SECONDS)
    overlay.ripple(side, seconds)
    return true
  }
}
