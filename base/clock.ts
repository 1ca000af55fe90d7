/** Time as an argument: everything that needs "now" is handed a Clock, so that tests can stop and move it. */
export type Clock = {
  /** Epoch milliseconds. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

export type ManualClock = Clock & { set(at: number): void; advance(ms: number): void }

/** A clock that moves only when told. */
export function createManualClock(at = 0): ManualClock {
  let current = at
  return {
    now: () => current,
    set: (next) => {
      current = next
    },
    advance: (ms) => {
      current += ms
    },
  }
}
