/** Batches that wait in the browser's storage for a page that can send them. Bounded; the oldest give way. */
export type BeaconStorage = {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}
/** Without `sentAt`: it is said when the batch is sent, so that an old batch is seen to be late. */
export type Batch = { readonly eventsUrl: string; readonly body: Readonly<Record<string, unknown>> }

export type Shelf = {
  put(batch: Batch): void
  /** Sends what waits, oldest first; stops at the first that has to wait on. */
  empty(send: (batch: Batch) => Promise<{ readonly status: number }>): Promise<void>
}

/** The browser's own storage; null where the viewer closed it to us. */
export function openStorage(): BeaconStorage | null {
  try {
    return globalThis.localStorage
  } catch {
    // Closed to this page.
    return null
  }
}

const NAME = 'streamverse.unsent'
const MOST_BATCHES = 12

export function openShelf(storage: BeaconStorage | null): Shelf {
  const read = (): Batch[] => {
    try {
      const held: unknown = JSON.parse(storage?.getItem(NAME) ?? '[]')
      return Array.isArray(held) ? (held as Batch[]).filter((one) => typeof one?.eventsUrl === 'string') : []
    } catch {
      // What stands there is not ours to read, or storage is closed to us.
      return []
    }
  }
  const write = (batches: readonly Batch[]): void => {
    try {
      if (batches.length === 0) storage?.removeItem(NAME)
      else storage?.setItem(NAME, JSON.stringify(batches))
    } catch {
      // Storage is full or closed to us: these events are lost, playback goes on.
    }
  }
  let emptying = false
  return {
    put: (batch) => write([...read(), batch].slice(-MOST_BATCHES)),
    empty: async (send) => {
      if (emptying) return
      emptying = true
      try {
        for (let left = read(); left.length > 0; left = read()) {
          const [first] = left as [Batch]
          const { status } = await send(first)
          if (status === 0 || status === 429 || status >= 500) return
          write(read().filter((one) => JSON.stringify(one) !== JSON.stringify(first)))
        }
      } finally {
        emptying = false
      }
    },
  }
}
