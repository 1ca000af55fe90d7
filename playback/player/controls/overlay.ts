/** What lies over the video: waiting, a flash of what was just done, trouble, and room for what comes after the end. */
import { make } from '#playback/player/controls/dom.ts'
import { icons } from '#playback/player/controls/icons.ts'
import type { TrackedError } from '#playback/player/tracker.ts'

export type Overlay = {
  readonly elements: readonly HTMLElement[]
  /** Room a page may fill once the title has ended. */
  readonly end: HTMLElement
  waiting(is: boolean): void
  /** Read out by screen readers; shown for a moment when there is an icon. */
  say(text: string, icon?: string): void
  /** Seconds gained by a double tap, on the side that was tapped. */
  ripple(side: 'left' | 'right', seconds: number): void
  trouble(error: TrackedError | null): void
  muted(is: boolean): void
}

/** Shorter waits than this are not worth a spinner. */
const PATIENCE_MS = 250
const FLASH_MS = 650

export function createOverlay(on: { readonly retry: () => void; readonly unmute: () => void }): Overlay {
  const spinner = make('div', { class: 'svp-spinner', hidden: true })
  const status = make('div', { class: 'svp-status', role: 'status', 'aria-live': 'polite' })
  const flash = make('div', { class: 'svp-flash', 'aria-hidden': true, hidden: true })
  const ripple = make('div', { class: 'svp-ripple', 'aria-hidden': true, hidden: true })
  const problem = make('div', { class: 'svp-problem', role: 'alert', hidden: true })
  const unmute = make('button', { type: 'button', class: 'svp-unmute', hidden: true })
  const end = make('div', { class: 'svp-end' })
  unmute.innerHTML = icons.muted
  unmute.append('Turn the sound on')
  unmute.addEventListener('click', on.unmute)
  const timers = new Map<HTMLElement, ReturnType<typeof setTimeout>>()
  const after = (element: HTMLElement, ms: number, act: () => void): void => {
    clearTimeout(timers.get(element))
    timers.set(element, setTimeout(act, ms))
  }
  const showShortly = (element: HTMLElement): void => {
    element.hidden = true
    // Begins the animation anew.
    void element.offsetWidth
    element.hidden = false
    after(element, FLASH_MS, () => void (element.hidden = true))
  }
  return {
    elements: [spinner, flash, ripple, unmute, end, problem, status],
    end,
    waiting: (is) => {
      // Over trouble there is nothing to wait for.
      if (is && problem.hidden) after(spinner, PATIENCE_MS, () => void (spinner.hidden = false))
      else after(spinner, 0, () => void (spinner.hidden = true))
    },
    say: (text, icon) => {
      status.textContent = text
      if (icon === undefined) return
      flash.innerHTML = icon
      if (icon === icons.loud || icon === icons.settings) flash.append(text)
      showShortly(flash)
    },
    ripple: (side, seconds) => {
      ripple.dataset['side'] = side
      ripple.textContent = `${seconds} seconds`
      ripple.insertAdjacentHTML(
        side === 'left' ? 'afterbegin' : 'beforeend',
        icons[side === 'left' ? 'out' : 'into'],
      )
      status.textContent = `${side === 'left' ? 'Back' : 'Forward'} ${seconds} seconds`
      showShortly(ripple)
    },
    trouble: (error) => {
      problem.hidden = error === null
      if (error !== null) problem.replaceChildren(...explain(error, on.retry))
    },
    muted: (is) => {
      unmute.hidden = !is
    },
  }
}

/** What went wrong and what to do, in a sentence each. */
function sentencesOf({ code, business = false }: TrackedError): readonly [what: string, fix: string] {
  if (business)
    return ['You may not watch this here', 'Your plan or your region does not include this title.']
  if (!navigator.onLine) return ['You are offline', 'Playback goes on once the connection is back.']
  if (/:404|:410/.test(code))
    return ['This video is gone', 'It may have been removed, or is being made anew.']
  if (/:5\d\d/.test(code)) return ['The platform is busy', 'It did not answer. Try again in a moment.']
  if (/load|timeout|media-2/i.test(code))
    return ['The video did not arrive', 'Check the connection and try again.']
  if (/codec|incompatible|media-[34]/i.test(code))
    return ['This browser cannot play the video', 'Another browser, or an update of this one, may.']
  return ['Playback stopped', 'Something went wrong while playing. Try again.']
}

function explain(error: TrackedError, retry: () => void): HTMLElement[] {
  const [what, fix] = sentencesOf(error)
  const again = make('button', { type: 'button', class: 'svp-text-button' }, 'Try again')
  again.addEventListener('click', retry)
  const icon = make('span', { class: 'svp-problem-icon' })
  icon.innerHTML = icons.trouble
  return [
    icon,
    make('p', { class: 'svp-problem-what' }, what),
    make('p', {}, fix),
    again,
    make('p', { class: 'svp-problem-code' }, error.code),
  ]
}
