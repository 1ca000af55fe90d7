/** Turns "call me on change" into the async iterator a subscription wants: latest value wins, paced, never queued up. */
import type { Listen } from '#api/ports.ts'

type Options<T> = {
  readonly listen: Listen<unknown>
  /** Reads the value to send. */
  readonly read: () => Promise<T>
  /** At most one value per this many ms. */
  readonly paceMs: number
  /** Also read this often without being told; null: never. */
  readonly everyMs: number | null
}

/**
 * Sends one value at once, then one after each change. Ends and stops listening as soon as the consumer returns, also
 * while it waits for a change that may never come.
 */
export function subscribe<T>(options: Options<T>): AsyncGenerator<T> {
  const ending = { wake: () => {}, ended: false }
  const values = run(options, ending)
  const end = (): void => {
    ending.ended = true
    ending.wake()
  }
  const subscription: AsyncGenerator<T> = {
    next: () => values.next(),
    return: (value) => {
      end()
      return values.return(value)
    },
    throw: (error) => {
      end()
      return values.throw(error)
    },
    [Symbol.asyncIterator]: () => subscription,
    [Symbol.asyncDispose]: async () => {
      end()
      await values.return(undefined)
    },
  }
  return subscription
}

async function* run<T>(
  { listen, read, paceMs, everyMs }: Options<T>,
  ending: { wake: () => void; readonly ended: boolean },
): AsyncGenerator<T> {
  let changed = false
  const nudge = (): void => {
    changed = true
    ending.wake()
  }
  const stop = listen(nudge)
  const timer = everyMs === null ? undefined : setInterval(nudge, everyMs)
  try {
    while (!ending.ended) {
      changed = false
      yield await read()
      await new Promise<void>((resolve) => setTimeout(resolve, paceMs))
      if (changed || ending.ended) continue
      await new Promise<void>((resolve) => {
        ending.wake = resolve
      })
    }
  } finally {
    stop()
    clearInterval(timer)
  }
}
