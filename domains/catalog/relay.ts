/** Says what the outbox holds: at the start, on every change, and again a while after a failure. */
import type { Log } from '#base/log.ts'
import { type CatalogDb, relayOutbox } from '#domains/catalog/records.ts'
import type { StoredEvent } from '#events/define.ts'

const RETRY_MS = 2000

export type Relay = {
  wake(): void
  /** Resolves when the outbox is empty; rejects when it could not be emptied now. */
  drained(): Promise<void>
  close(): Promise<void>
}

export function startRelay(
  db: CatalogDb,
  say: (events: StoredEvent[]) => Promise<unknown>,
  log: Log | undefined,
): Relay {
  let running: Promise<void> | null = null
  let again = false
  let closed = false
  let retry: NodeJS.Timeout | undefined
  const drain = async (): Promise<void> => {
    do {
      again = false
      while (!closed && (await relayOutbox(db, say)) > 0);
    } while (again && !closed)
  }
  const run = (): Promise<void> => {
    again = true
    clearTimeout(retry)
    running ??= drain().finally(() => {
      running = null
    })
    return running
  }
  const wake = (): void => {
    if (closed) return
    run().catch((err: unknown) => {
      if (closed) return
      log?.warn({ err }, 'changes of titles could not be said yet; they stay in the outbox')
      retry = setTimeout(wake, RETRY_MS).unref()
    })
  }
  wake()
  return {
    wake,
    drained: run,
    close: async () => {
      closed = true
      clearTimeout(retry)
      await running?.catch(() => {})
    },
  }
}
