/** What a viewer set and will want again: volume, sound off, captions. Kept in this browser only. */
import { openStorage } from '#playback/player/shelf.ts'

export type Preferences = {
  readonly volume: number
  readonly muted: boolean
  readonly captions: string | null
}

const NAME = 'streamverse.player'
const PLAIN: Preferences = { volume: 1, muted: false, captions: null }

export function readPreferences(): Preferences {
  try {
    const held = JSON.parse(openStorage()?.getItem(NAME) ?? '{}') as Partial<Preferences>
    const { volume, muted, captions } = held
    return {
      volume: typeof volume === 'number' ? Math.min(1, Math.max(0, volume)) : PLAIN.volume,
      muted: muted === true,
      captions: typeof captions === 'string' ? captions : null,
    }
  } catch {
    // Not ours to read: as if nothing had been set.
    return PLAIN
  }
}

export function keepPreferences(changed: Partial<Preferences>): void {
  try {
    openStorage()?.setItem(NAME, JSON.stringify({ ...readPreferences(), ...changed }))
  } catch {
    // Storage is full or closed: set again next time.
  }
}
