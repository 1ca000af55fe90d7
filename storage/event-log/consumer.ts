/** A consumer of the embedded log: one loop a partition, each batch handled, then committed, then the next. */
import type { ConsumeOptions, Consumer, LogBatch } from '#storage/event-log/event-log.ts'
import { type Partition, readBlocks } from '#storage/event-log/partition.ts'
import type { Block } from '#storage/event-log/segment-file.ts'

type ConsumerInput = ConsumeOptions & {
  readonly partitions: readonly Partition[]
  readonly startAt: readonly number[]
  readonly commit: (partition: number, next: number) => Promise<void>
  readonly batchOf: (partition: number, blocks: readonly Block[], takenOver: boolean) => LogBatch
  readonly handle: (batch: LogBatch) => Promise<void>
  readonly onError: (error: unknown) => void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000

/** `positions`: next offset of each partition, committed. */
export function startConsumer(input: ConsumerInput): Consumer & { positions(): readonly number[] } {
  const { partitions, startAt, commit, batchOf, handle, onError, lingerMs = 0, maxEvents = 10_000 } = input
  const next = [...startAt]
  const takenOver = new Set(partitions.keys())
  const committedTo = new Set<() => void>()
  /** Per partition: what lies before is handed over without lingering. */
  const hurriedTo = partitions.map(() => 0)
  const lingering = new Set<() => void>()
  let closed = false
  const wakers = new Set<() => void>()

  /** Resolves when `begin` calls back, or when the consumer is closed; what `begin` returns undoes it. */
  const until = (begin: (done: () => void) => () => void): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        wakers.delete(done)
        undo()
        resolve()
      }
      const undo = begin(done)
      wakers.add(done)
    })
  const appended = (partition: Partition): Promise<void> => until((done) => partition.onAppend(done))
  const pause = (ms: number): Promise<void> =>
    until((done) => {
      const timer = setTimeout(done, ms)
      return () => clearTimeout(timer)
    })
  const linger = (): Promise<void> =>
    until((done) => {
      const timer = setTimeout(done, lingerMs)
      lingering.add(done)
      return () => {
        clearTimeout(timer)
        lingering.delete(done)
      }
    })
  const goOnAt = async (number: number, offset: number): Promise<void> => {
    await commit(number, offset)
    next[number] = offset
    for (const heard of committedTo) heard()
  }
  const handleUntilDone = async (number: number, batch: LogBatch): Promise<void> => {
    for (let pauseMs = FIRST_PAUSE_MS; !closed; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await handle(batch)
        await goOnAt(number, batch.lastOffset + 1)
        takenOver.delete(number)
        return
      } catch (error) {
        onError(error)
        await pause(pauseMs)
      }
    }
  }
  const loop = async (partition: Partition, number: number): Promise<void> => {
    while (!closed) {
      const at = next[number] ?? 0
      if (at >= partition.end()) {
        await appended(partition)
        continue
      }
      const mayGrow = lingerMs > 0 && at >= (hurriedTo[number] ?? 0) && partition.end() - at < maxEvents
      if (mayGrow) await linger()
      const end = partition.end()
      const blocks = await readBlocks(partition, at, maxEvents).catch(async (error: unknown) => {
        onError(error)
        await pause(LONGEST_PAUSE_MS)
        return null
      })
      if (blocks === null || closed) continue
      if (blocks.length > 0) await handleUntilDone(number, batchOf(number, blocks, takenOver.has(number)))
      else await goOnAt(number, end)
    }
  }
  const loops = partitions.map(loop)

  const reached = (ends: readonly number[]): boolean =>
    ends.every((end, number) => (next[number] ?? 0) >= end)
  const close = async (): Promise<void> => {
    closed = true
    for (const wake of wakers) wake()
    await Promise.all(loops)
    for (const heard of committedTo) heard()
  }
  return {
    positions: () => next,
    caughtUp: async () => {
      const ends = partitions.map((partition) => partition.end())
      while (!reached(ends) && !closed) {
        await new Promise<void>((resolve) => {
          const heard = (): void => {
            committedTo.delete(heard)
            resolve()
          }
          committedTo.add(heard)
        })
      }
    },
    hurry: () => {
      for (const [number, partition] of partitions.entries()) hurriedTo[number] = partition.end()
      for (const end of lingering) end()
    },
    lag: async () =>
      partitions.reduce((sum, partition, number) => sum + partition.end() - (next[number] ?? 0), 0),
    close,
  }
}
