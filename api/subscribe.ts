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

/** Sends one value at once, then one after each change. Ends and stops listening when the consumer returns. */
export async function* subscribe<T>({ listen, read, paceMs, everyMs }: Options<T>): AsyncGenerator<T> {
  let wake: (() => void) | undefined
  let changed = false
  const nudge = (): void => {
    changed = true
    wake?.()
  }
  const stop = listen(nudge)
  const timer = everyMs === null ? undefined : setInterval(nudge, everyMs)
  try {
    for (;;) {
      changed = false
      yield await read()
      await new Promise<void>((resolve) => setTimeout(resolve, paceMs))
      if (!changed) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    stop()
    clearInterval(timer)
  }
}
