/** How statements are sent to a cluster: in chunks, a bounded number at once, again while a node is away. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/online-store/errors.ts'

/** A node that died is noticed, and its work given to others, well within this. */
const ATTEMPTS = 6
const FIRST_PAUSE_MS = 100
/** Coordinator's words: unavailable, overloaded, bootstrapping, write timeout, read timeout, read and write failure. */
const CODES = new Set([0x1000, 0x1001, 0x1002, 0x1100, 0x1200, 0x1300, 0x1500])
const NAMES = new Set(['NoHostAvailableError', 'OperationTimedOutError', 'BusyConnectionError'])

const isAway = (error: unknown): boolean => {
  const { name = '', code } = error as { name?: string; code?: unknown }
  return NAMES.has(name) || (typeof code === 'number' && CODES.has(code))
}

/** Everything we say may be said twice: each write carries its own time. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isAway(error)) throw error
      if (attempt === ATTEMPTS) {
        throw new Refusal(
          refusals.unavailable,
          `The online store does not answer: ${(error as Error).message}`,
          {
            cause: error,
          },
        )
      }
      await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1))
    }
  }
}

/** Runs `work` on every item, at most `atOnce` at a time; rejects with the first failure when all in hand are done. */
export async function pool<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++] as T)
  }
  const results = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** Neighbours together: at most `most` of them, and at most about `bytes` in all. */
export function inChunks<T>(
  items: readonly T[],
  most: number,
  bytes = Number.POSITIVE_INFINITY,
  sizeOf: (item: T) => number = () => 0,
): T[][] {
  const chunks: T[][] = []
  let size = 0
  for (const item of items) {
    const last = chunks.at(-1)
    size += sizeOf(item)
    if (last !== undefined && last.length < most && size <= bytes) last.push(item)
    else {
      chunks.push([item])
      size = sizeOf(item)
    }
  }
  return chunks
}
