/** The work going on right now, for people to see: seeding, clips, training. Finished work stays visible a moment. */
import type { Clock } from '#base/clock.ts'

export type WorkState = {
  readonly key: string
  readonly name: string
  readonly progress: number
  readonly detail: string
  readonly failed: boolean
}
export type Work = {
  /** `progress` from 0 to 1. */
  update(progress: number, detail: string): void
  done(detail?: string): void
  fail(detail: string): void
}
export type StatusBoard = {
  begin(key: string, name: string): Work
  current(): WorkState[]
  listen(heard: () => void): () => void
}

const LINGER_MS = 8000

export function createStatusBoard(clock: Clock): StatusBoard {
  const states = new Map<string, WorkState & { endedAt: number | null }>()
  const listeners = new Set<() => void>()
  const changed = (): void => {
    for (const listener of listeners) listener()
  }
  return {
    begin: (key, name) => {
      const set = (progress: number, detail: string, failed: boolean, ended: boolean): void => {
        const bounded = Math.max(0, Math.min(1, progress))
        states.set(key, { key, name, progress: bounded, detail, failed, endedAt: ended ? clock.now() : null })
        changed()
      }
      set(0, '', false, false)
      return {
        update: (progress, detail) => set(progress, detail, false, false),
        done: (detail = 'done') => set(1, detail, false, true),
        fail: (detail) => set(states.get(key)?.progress ?? 0, detail, true, true),
      }
    },
    current: () => {
      const now = clock.now()
      for (const [key, state] of states) {
        if (state.endedAt !== null && !state.failed && now - state.endedAt > LINGER_MS) states.delete(key)
      }
      return [...states.values()].map(({ key, name, progress, detail, failed }) => ({
        key,
        name,
        progress,
        detail,
        failed,
      }))
    },
    listen: (heard) => {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
  }
}
