/**
 * The embedded event log: streams and partitions as folders of segment files, group offsets in lmdb beside them.
 * Blocks are stored as the warehouse reads them, so that from here on no event is encoded again.
 */
import path from 'node:path'
import { assert, required } from '#base/assert.ts'
import type { Clock } from '#base/clock.ts'
import { fnv1a, uuidv7 } from '#base/ids.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import type { StoredEvent, StreamDefinition } from '#events/define.ts'
import { eventsOf } from '#events/run.ts'
import { takeLock } from '#storage/data-dir-lock.ts'
import type { CompactionInput } from '#storage/event-log/compaction.ts'
import { startConsumer } from '#storage/event-log/consumer.ts'
import { refusals } from '#storage/event-log/errors.ts'
import type { EventLog, LogBatch } from '#storage/event-log/event-log.ts'
import { makeFolder } from '#storage/event-log/folders.ts'
import { identityOf } from '#storage/event-log/identity.ts'
import { type LogBook, openLogBook } from '#storage/event-log/log-book.ts'
import { openPartition, type Partition, readBlocks } from '#storage/event-log/partition.ts'
import { logColumns, type Part, split } from '#storage/event-log/rows.ts'
import type { Block } from '#storage/event-log/segment-file.ts'
import { openSegmentList } from '#storage/event-log/segment-list.ts'
import { allStored } from '#storage/event-log/settle.ts'
import { startUpkeep } from '#storage/event-log/upkeep.ts'
import { createWaitingRoom, type WaitingLimits, waitingLimits } from '#storage/event-log/waiting-room.ts'
import { decodeRows } from '#storage/warehouse/native.ts'

export type SegmentLogOptions = {
  readonly dir: string
  readonly streams: readonly StreamDefinition[]
  readonly clock: Clock
  readonly log: Log
  /** A segment is closed at this size. Default 128 MiB. */
  readonly segmentBytes?: number
  /** A segment is closed at this age, so that retention and compaction reach quiet streams. Default 7 days. */
  readonly segmentMs?: number
  /** Bounds of what waits for the disk; beyond them appends are refused. */
  readonly waiting?: WaitingLimits
}

export type SegmentLog = EventLog & {
  /** Does what is otherwise done each hour: compaction and retention. */
  sweep(): Promise<void>
}

const SEGMENT_BYTES = 128 * 1024 * 1024
const SEGMENT_MS = 7 * 24 * 3_600_000

/** One writer at a time: two would give the same offsets to different events. */
export async function openSegmentLog(options: SegmentLogOptions): Promise<SegmentLog> {
  await makeFolder(options.dir)
  const lock = takeLock(options.dir)
  if ('heldBy' in lock) {
    throw new Refusal(
      refusals.unavailable,
      `Process ${lock.heldBy} has the event log of ${options.dir} open.`,
    )
  }
  try {
    return await openLocked(options, lock.release)
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Every partition of every stream, by the stream's name. */
async function openPartitions(
  options: SegmentLogOptions,
  book: LogBook,
  logId: string,
): Promise<ReadonlyMap<string, CompactionInput[]>> {
  const { dir, streams, clock, log, segmentBytes = SEGMENT_BYTES, segmentMs = SEGMENT_MS } = options
  const room = createWaitingRoom(options.waiting ?? waitingLimits)
  const opened = new Map<string, CompactionInput[]>()
  for (const stream of streams) {
    const columns = logColumns(stream)
    const list: CompactionInput[] = []
    for (let number = 0; number < stream.partitions; number++) {
      const own = path.join(dir, stream.name, String(number))
      await makeFolder(own)
      const segments = openSegmentList({
        dir: own,
        stream: stream.name,
        partition: number,
        book,
        log,
        now: () => clock.now(),
        segmentBytes,
        segmentMs,
      })
      const partition = openPartition({ number, columns, logId, segments, room })
      list.push({ dir: own, stream, number, partition, columns, logId })
    }
    opened.set(stream.name, list)
  }
  return opened
}

async function openLocked(options: SegmentLogOptions, release: () => void): Promise<SegmentLog> {
  const { dir, clock, log } = options
  const identity = await identityOf(dir, () => uuidv7(clock.now()))
  const book = openLogBook(dir)
  const partitions = await openPartitions(options, book, identity).catch(async (error: unknown) => {
    await book.close()
    throw error
  })
  const of = (stream: StreamDefinition): readonly Partition[] =>
    required(partitions.get(stream.name), stream.name).map(({ partition }) => partition)
  const commit = (group: string, stream: StreamDefinition, partition: number, next: number): Promise<void> =>
    book.setMark(group, stream.name, partition, { next, at: clock.now() })
  const consumers = new Set<{
    stream: StreamDefinition
    positions(): readonly number[]
    close(): Promise<void>
  }>()
  const upkeep = startUpkeep({
    partitions: [...partitions.values()].flat(),
    book,
    reading: (stream, partition) =>
      [...consumers]
        .filter((consumer) => consumer.stream === stream)
        .map((consumer) => consumer.positions()[partition] ?? 0),
    clock,
    log,
  })

  return {
    identity,
    append: (stream, run) => {
      if (run.own.length === 0) return Promise.resolve()
      return appendParts(of(stream), split(run, stream, byFnv))
    },
    appendColumns: (stream, run) => {
      const key = run.shared[stream.key]
      assert(typeof key === 'string' && !run.said.has(stream.key), 'columns share the key of their stream')
      return required(of(stream)[fnv1a(key) % stream.partitions], 'partition').appendColumns(run)
    },
    consume: (
      options,
      handle,
      onError = (error) => log.error({ err: error, group: options.group }, 'a batch failed'),
    ) => {
      const { group, stream, from } = options
      const list = of(stream)
      const consumer = startConsumer({
        ...options,
        partitions: list,
        startAt: list.map((partition, number) => {
          const mark = book.mark(group, stream.name, number)
          return mark?.next ?? (from === 'start' ? partition.segments.begin() : partition.end())
        }),
        commit: (partition, next) => commit(group, stream, partition, next),
        batchOf: (number, blocks, takenOver) => toBatch(stream, number, blocks, takenOver),
        handle,
        onError,
      })
      const held = { stream, positions: consumer.positions, close: () => consumer.close() }
      consumers.add(held)
      return {
        ...consumer,
        close: async () => {
          await consumer.close()
          consumers.delete(held)
        },
      }
    },
    read: async (stream, partition, fromOffset, maxEvents) => {
      const blocks = await readBlocks(required(of(stream)[partition], 'partition'), fromOffset, maxEvents)
      return blocks.length === 0 ? null : toBatch(stream, partition, blocks, false)
    },
    ends: async (stream) => of(stream).map((partition) => partition.end()),
    committed: async (group, stream) =>
      of(stream).map((_, number) => book.mark(group, stream.name, number)?.next ?? null),
    seek: async (group, stream, wanted) => {
      for (const [number, offset] of wanted.entries()) await commit(group, stream, number, offset)
    },
    sweep: upkeep.sweep,
    close: async () => {
      await Promise.all([...consumers].map((consumer) => consumer.close()))
      await upkeep.close()
      for (const list of partitions.values())
        await Promise.all(list.map(({ partition }) => partition.close()))
      await book.close()
      release()
    },
  }
}

const byFnv = (key: string, partitions: number): number => fnv1a(key) % partitions

/** Resolves when every part is durable; says what is when only some are. */
function appendParts(partitions: readonly Partition[], parts: readonly Part[]): Promise<void> {
  const appends = parts.map(({ partition, run }) => required(partitions[partition], 'partition').append(run))
  if (appends.length === 1 && appends[0] !== undefined) return appends[0]
  return allStored(
    parts.map(({ run }) => run),
    appends,
  )
}

function toBatch(
  stream: StreamDefinition,
  partition: number,
  blocks: readonly Block[],
  takenOver: boolean,
): LogBatch {
  let decoded: StoredEvent[] | undefined
  const first = required(blocks[0], 'block')
  const last = required(blocks.at(-1), 'block')
  return {
    stream,
    partition,
    firstOffset: first.firstOffset,
    lastOffset: last.lastOffset,
    count: blocks.reduce((sum, block) => sum + block.count, 0),
    takenOver,
    events: () =>
      (decoded ??= blocks.flatMap(
        ({ runs, bytes }) => runs?.flatMap(eventsOf) ?? decodeRows<StoredEvent>(bytes),
      )),
    native: () => blocks.map((block) => block.bytes),
  }
}
