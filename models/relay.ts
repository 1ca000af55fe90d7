/** Says what the outbox holds: at the start, on every change, and again a while after a failure. */
import type { StoredEvent } from '#events/define.ts'
import { type ModelsDb, relayOutbox } from '#models/records.ts'

const RETRY_MS = 5000

export type Relay = { wake(): void; close(): Promise<void> }

export function startRelay(db: ModelsDb, say: (events: StoredEvent[]) => Promise<unknown>): Relay {
  let running: Promise<void> | null = null
  let again = false
  let closed = false
  let retry: NodeJS.Timeout | undefined
  const drain = async (): Promise<void> => {
    try {
      do {
        again = false
        while (!closed && (await relayOutbox(db, say)) > 0);
      } while (again && !closed)
    } catch {
      // The collector or the database is away; the events stay in the outbox.
      if (!closed) retry = setTimeout(wake, RETRY_MS).unref()
    } finally {
      running = null
    }
  }
  const wake = (): void => {
    if (closed) return
    again = true
    clearTimeout(retry)
    running ??= drain()
  }
  wake()
  return {
    wake,
    close: async () => {
      closed = true
      clearTimeout(retry)
      await running
    },
  }
}
