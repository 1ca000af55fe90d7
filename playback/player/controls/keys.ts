/** The player's keys, as people know them from elsewhere. */
export type Actions = {
  toggle(): void
  seekBy(seconds: number): void
  seekToShare(share: number): void
  volumeBy(step: number): void
  mute(): void
  full(): void
  captions(): void
  speedBy(steps: 1 | -1): void
}
type Keys = Readonly<Record<string, (actions: Actions) => void>>

/** Wherever the viewer is on the page. */
const ANYWHERE: Keys = {
  ' ': (a) => a.toggle(),
  k: (a) => a.toggle(),
  j: (a) => a.seekBy(-10),
  l: (a) => a.seekBy(10),
  m: (a) => a.mute(),
  f: (a) => a.full(),
  c: (a) => a.captions(),
  '>': (a) => a.speedBy(1),
  '<': (a) => a.speedBy(-1),
}
/** Only inside the player: elsewhere they scroll the page. */
const INSIDE: Keys = {
  ArrowLeft: (a) => a.seekBy(-5),
  ArrowRight: (a) => a.seekBy(5),
  ArrowUp: (a) => a.volumeBy(0.05),
  ArrowDown: (a) => a.volumeBy(-0.05),
  Home: (a) => a.seekToShare(0),
  End: (a) => a.seekToShare(1),
}
const MOVES_A_SLIDER = /^(Arrow|Home|End|Page)/

/** Keys meant for what has the focus are left to it. */
function isMeantFor(target: Element, key: string): boolean {
  if (target.matches('textarea, select, [contenteditable], input:not([type=range])')) return true
  if (target.matches('input[type=range]'))
    return MOVES_A_SLIDER.test(key) && !target.matches('.svp-scrubber *')
  return target.matches('button, a, [role^=menuitem]') && (key === ' ' || key === 'Enter')
}

/** True when the key was one of ours and has done its work. */
export function onKey(event: KeyboardEvent, root: HTMLElement, actions: Actions): boolean {
  const { key, target } = event
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false
  if (!(target instanceof Element) || isMeantFor(target, key)) return false
  const inside = root.contains(target)
  const name = key.length === 1 ? key.toLowerCase() : key
  const share = /^[0-9]$/.test(key) ? Number(key) / 10 : null
  const action =
    share === null
      ? (ANYWHERE[name] ?? (inside ? INSIDE[name] : undefined))
      : (a: Actions) => a.seekToShare(share)
  if (action === undefined || (event.repeat && /^[ kmfc]$/.test(name))) return false
  action(actions)
  event.preventDefault()
  return true
}
