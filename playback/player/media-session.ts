/** Tells the system what plays: names it on lock screens, and lets media keys and headsets steer. */
import type { Actions } from '#playback/player/controls/keys.ts'

type Named = { readonly titleName: string; readonly posterUrl: string }

export function nameToSystem({ titleName, posterUrl }: Named, actions: Actions, signal: AbortSignal): void {
  const { mediaSession } = navigator
  if (mediaSession === undefined) return
  mediaSession.metadata = new MediaMetadata({ title: titleName, artwork: [{ src: posterUrl }] })
  const steps = [
    ['seekbackward', () => actions.seekBy(-10)],
    ['seekforward', () => actions.seekBy(10)],
  ] as const
  for (const [name, act] of steps) mediaSession.setActionHandler(name, act)
  signal.addEventListener('abort', () => {
    mediaSession.metadata = null
    for (const [name] of steps) mediaSession.setActionHandler(name, null)
  })
}
