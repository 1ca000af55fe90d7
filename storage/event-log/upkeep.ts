/** What the log does beside its work, now and each hour: notes closed segments, compacts keyed streams, lets old ones go. */
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { StreamDefinition } from '#events/define.ts'
import { type CompactionInput, compact } from '#storage/event-log/compaction.ts'
import type { LogBook } from '#storage/event-log/log-book.ts'
import { neededFrom, removable } from '#storage/event-log/retention.ts'

const EVERY_MS = 3_600_000

export type UpkeepInput = {
  readonly partitions: readonly CompactionInput[]
  readonly book: LogBook
  /** Positions in the partition of groups that consume right now. */
  readonly reading: (stream: StreamDefinition, partition: number) => readonly number[]
  readonly clock: Clock
  readonly log: Log
}
export type Upkeep = {
  /** Resolves when everything that is due is done. */
  sweep(): Promise<void>
  close(): Promise<void>
}

export function startUpkeep({ partitions, book, reading, clock, log }: UpkeepInput): Upkeep {
  let closed = false
  /** Closed segments that were looked at for compaction, by partition. */
  const looked = new Map<CompactionInput, string>()

  const compactOne = async (input: CompactionInput): Promise<void> => {
    const names = (): string =>
      input.partition.segments
        .closed()
        .map(({ name }) => name)
        .join()
    if (names() === (looked.get(input) ?? '')) return
    const gone = await compact(input)
    looked.set(input, names())
    if (gone > 0) log.info({ stream: input.stream.name, events: gone }, 'a stream was compacted')
  }
  const letGo = async ({ stream, number, partition }: CompactionInput): Promise<void> => {
    const { segments } = partition
    const closedOnes = segments.closed()
    const now = clock.now()
    const marks = book.groupsOf(stream.name, number).values()
    const needed = neededFrom(marks, reading(stream, number), now)
    const { count, held } = removable(closedOnes, segments.lastBytes(), stream, { now, needed })
    for (let i = 0; i < count; i++) await segments.removeFirst()
    const about = { stream: stream.name, partition: number }
    if (count > 0) partition.forgetTail()
    if (count > 0) log.info({ ...about, segments: count }, 'old segments were removed')
    if (held > 0) log.warn({ ...about, segments: held }, 'a group that lags behind holds old segments')
  }
  const sweepOnce = async (): Promise<void> => {
    for (const input of partitions) {
      if (closed) return
      try {
        await input.partition.segments.noteClosed()
        if (input.stream.compacted === true) await compactOne(input)
        await letGo(input)
      } catch (error) {
        log.error({ err: error, stream: input.stream.name }, 'the upkeep of the log failed')
      }
    }
  }
  let sweeping: Promise<void> = Promise.resolve()
  const sweep = (): Promise<void> => (sweeping = sweeping.then(sweepOnce))
  const timer = setInterval(sweep, EVERY_MS)
  timer.unref()
  void sweep()
  return {
    sweep,
    close: async () => {
      closed = true
      clearInterval(timer)
      await sweeping
    },
  }
}
