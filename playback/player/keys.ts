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

const KEYS: Readonly<Record<string, (actions: Actions) => void>> = {
  ' ': (a) => a.toggle(),
  k: (a) => a.toggle(),
  j: (a) => a.seekBy(-10),
  l: (a) => a.seekBy(10),
  ArrowLeft: (a) => a.seekBy(-5),
  ArrowRight: (a) => a.seekBy(5),
  ArrowUp: (a) => a.volumeBy(0.05),
  ArrowDown: (a) => a.volumeBy(-0.05),
  Home: (a) => a.seekToShare(0),
  End: (a) => a.seekToShare(1),
  m: (a) => a.mute(),
  f: (a) => a.full(),
  c: (a) => a.captions(),
  '>': (a) => a.speedBy(1),
  '<': (a) => a.speedBy(-1),
}

/** True when the key was one of ours. Keys meant for a focused control are left to it. */
export function onKey(event: KeyboardEvent, actions: Actions): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  const target = event.target as HTMLElement
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && (target as HTMLInputElement).type !== 'range')
    return false
  if (target.tagName === 'BUTTON' && (event.key === ' ' || event.key === 'Enter')) return false
  const digit = /^[0-9]$/.test(event.key)
  const action = digit ? (a: Actions) => a.seekToShare(Number(event.key) / 10) : KEYS[event.key]
  if (action === undefined) return false
  action(actions)
  event.preventDefault()
  return true
}
