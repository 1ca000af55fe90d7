/** Says what waits in the outbox, in order, until it is said: a crash in between says an event twice, never not at all. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import type { JobStore } from '#playback/records.ts'

export type Say = (events: StoredEvent[]) => Promise<unknown>
export type Relay = { wake(): void; close(): Promise<void> }

const RETRY_MS = 1000

export function createRelay(store: JobStore, say: Say, log: Log): Relay {
  const stop = new AbortController()
  let asked = false
  let working: Promise<void> | null = null
  const work = async (): Promise<void> => {
    while (asked && !stop.signal.aborted) {
      asked = false
      try {
        const { events, said } = await store.unsaid()
        if (events.length === 0) continue
        await say(events)
        await said()
        asked = true
      } catch (error) {
        log.warn({ err: error }, 'events of media jobs could not be said yet')
        asked = true
        await sleep(RETRY_MS, undefined, { signal: stop.signal }).catch(() => {})
      }
    }
  }
  const wake = (): void => {
    asked = true
    working ??= work().finally(() => {
      working = null
      if (asked && !stop.signal.aborted) wake()
    })
  }
  return {
    wake,
    async close() {
      stop.abort()
      await working
    },
  }
}
