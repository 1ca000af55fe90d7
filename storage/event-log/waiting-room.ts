/** What may wait to be written, all partitions of a log together: bounded in events and in bytes. */

export type WaitingRoom = {
  isFull(): boolean
  /** Takes or gives back room. */
  change(events: number, bytes: number): void
  held(): { readonly events: number; readonly bytes: number }
}

export type WaitingLimits = { readonly events: number; readonly bytes: number }

/** Some 100 bytes an event as columns, and what the promises of their senders hold besides. */
export const waitingLimits: WaitingLimits = { events: 400_000, bytes: 64 * 1024 * 1024 }

export function createWaitingRoom(limits: WaitingLimits): WaitingRoom {
  let events = 0
  let bytes = 0
  return {
    isFull: () => events >= limits.events || bytes >= limits.bytes,
    change: (moreEvents, moreBytes) => {
      events += moreEvents
      bytes += moreBytes
    },
    held: () => ({ events, bytes }),
  }
}
