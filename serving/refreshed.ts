/**
 * A value per tenant that is read from memory and refreshed in the background: at most once at a time, again when it
 * was touched meanwhile. A failed refresh keeps the old value, is logged, and is tried again at the next turn.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '#base/log.ts'

export type Refreshed<T> = {
  /** What is in memory, without waiting; starts the first load. */
  peek(tenantId: string): T | undefined
  /** What is in memory, or the first load's result. */
  get(tenantId: string): Promise<T>
  /** Loads again; the old value serves until then. Resolves when the new one is there, or could not be had. */
  refresh(tenantId: string): Promise<void>
  refreshAll(): Promise<void>
  close(): Promise<void>
}

type Entry<T> = { value: T | undefined; running: Promise<void> | null; stale: boolean; loadedAt: number }

export function createRefreshed<T>(options: {
  readonly name: string
  readonly load: (tenantId: string, previous: T | undefined) => Promise<T>
  readonly everyMs: number
  /** Least time between two loads of a tenant, so that many changes at once are one load. */
  readonly restMs?: number
  readonly log: Log
}): Refreshed<T> {
  const entries = new Map<string, Entry<T>>()
  const entryOf = (tenantId: string): Entry<T> => {
    let entry = entries.get(tenantId)
    if (entry === undefined) {
      entry = { value: undefined, running: null, stale: false, loadedAt: Number.NEGATIVE_INFINITY }
      entries.set(tenantId, entry)
    }
    return entry
  }
  const run = async (tenantId: string, entry: Entry<T>): Promise<void> => {
    try {
      do {
        const restMs = entry.loadedAt + (options.restMs ?? 0) - performance.now()
        if (restMs > 0) await sleep(restMs)
        entry.stale = false
        entry.value = await options.load(tenantId, entry.value)
        entry.loadedAt = performance.now()
      } while (entry.stale)
    } catch (error) {
      options.log.warn({ error, tenantId }, `${options.name} could not be refreshed`)
      if (entry.value === undefined) throw error
    } finally {
      entry.running = null
    }
  }
  const load = (tenantId: string): Promise<void> => {
    const entry = entryOf(tenantId)
    if (entry.running !== null) entry.stale = true
    entry.running ??= run(tenantId, entry)
    return entry.running
  }
  const quietly = (tenantId: string): Promise<void> =>
    load(tenantId).catch(() => {
      // Logged by run; the next turn tries again.
    })
  const refreshAll = async (): Promise<void> => {
    await Promise.all([...entries.keys()].map(quietly))
  }
  const timer = setInterval(refreshAll, options.everyMs).unref()
  return {
    peek: (tenantId) => {
      const entry = entryOf(tenantId)
      if (entry.value === undefined && entry.running === null) void quietly(tenantId)
      return entry.value
    },
    get: async (tenantId) => {
      const entry = entryOf(tenantId)
      if (entry.value === undefined) await (entry.running ?? load(tenantId))
      return entry.value as T
    },
    refresh: quietly,
    refreshAll,
    close: async () => {
      clearInterval(timer)
      await Promise.allSettled([...entries.values()].map((entry) => entry.running ?? Promise.resolve()))
    },
  }
}
