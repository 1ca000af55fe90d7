/**
 * One partition: appends are encoded as they come; those that wait together are written as one block and synced once
 * (group commit). What was appended last stays at hand for those who follow closely.
 */
import { Refusal } from '#base/refusal.ts'
import type { Column } from '#events/define.ts'
import type { ColumnRun, EventRun } from '#events/run.ts'
import { refusals } from '#storage/event-log/errors.ts'
import type { Block } from '#storage/event-log/segment-file.ts'
import type { SegmentList } from '#storage/event-log/segment-list.ts'
import type { WaitingRoom } from '#storage/event-log/waiting-room.ts'
import { createBlockBuilder } from '#storage/warehouse/native.ts'

/** What is waiting when a block of this size is there is written without waiting for more. */
const BLOCK_EVENTS = 20_000
/** How long appends gather when the group before was made of several: a write and a sync cost more than the wait. */
const GATHER_MS = 3
/**
 * Blocks of so few events are kept in memory for consumers that follow closely, their events with them, up to so many
 * events in all. Larger ones are read again from the file: kept, they cost the collector more than they save.
 */
const TAIL_EVENTS = 250

export type Partition = {
  readonly segments: SegmentList
  append(run: EventRun): Promise<void>
  appendColumns(run: ColumnRun): Promise<void>
  /** The first block with an event at or after the offset; null at the end. */
  blockFrom(offset: number): Promise<Block | null>
  end(): number
  /** Blocks are read from the files again: some were compacted or are gone. */
  forgetTail(): void
  onAppend(heard: () => void): () => void
  close(): Promise<void>
}

export type PartitionOptions = {
  readonly number: number
  readonly columns: readonly Column[]
  readonly logId: string
  readonly segments: SegmentList
  readonly room: WaitingRoom
}

export function openPartition({ number, columns, logId, segments, room }: PartitionOptions): Partition {
  let writing: Promise<void> | null = null
  let builder = createBlockBuilder(columns)
  /** Bytes of the block being built that the room knows of. */
  let gathered = 0
  /** Appends that share the block being built, and its fate. */
  let group = Promise.withResolvers<void>()
  let appends = 0
  /** The events of the block being built, while they are few. */
  let young: EventRun[] | null = []
  let closed = false
  let busy = false
  const listeners = new Set<() => void>()
  const tail: Block[] = []
  let tailEvents = 0

  const writeBlock = async (block: Uint8Array, count: number, runs: EventRun[] | null): Promise<void> => {
    const firstOffset = segments.end()
    try {
      await segments.write(block, count)
    } catch (error) {
      throw new Refusal(refusals.unavailable, 'The event log could not be written.', { cause: error })
    }
    if (runs !== null)
      remember({ firstOffset, lastOffset: firstOffset + count - 1, count, bytes: block, runs })
  }
  const remember = (block: Block): void => {
    tail.push({ ...block, bytes: new Uint8Array(block.bytes) })
    tailEvents += block.count
    while (tailEvents > TAIL_EVENTS) tailEvents -= tail.shift()?.count ?? 0
  }
  const gather = (): Promise<void> =>
    new Promise((resolve) => {
      if (busy) setTimeout(resolve, GATHER_MS)
      else setImmediate(resolve)
    })
  const drain = async (): Promise<void> => {
    while (appends > 0) {
      if (builder.count() < BLOCK_EVENTS) await gather()
      if (appends === 0) break
      const { resolve, reject } = group
      const runs = young
      const count = builder.count()
      const bytes = gathered
      busy = appends > 1
      begin()
      try {
        await writeBlock(builder.take(number, segments.end(), logId), count, runs)
        room.change(-count, -bytes)
        resolve()
        for (const heard of listeners) heard()
      } catch (error) {
        room.change(-count, -bytes)
        reject(error)
      }
    }
    writing = null
  }
  const begin = (): void => {
    group = Promise.withResolvers<void>()
    appends = 0
    young = []
    gathered = 0
  }
  /** An event that no column can take is a bug of its sender, and takes the block it was to be part of with it. */
  const admit = (take: () => void, run: EventRun | null): Promise<void> => {
    if (closed) return Promise.reject(new Refusal(refusals.unavailable, 'The event log is closed.'))
    if (room.isFull()) {
      return Promise.reject(new Refusal(refusals.full, 'The event log has too much to write.'))
    }
    const { promise } = group
    appends++
    const before = builder.count()
    try {
      take()
      if (run === null || builder.count() > TAIL_EVENTS) young = null
      else young?.push(run)
    } catch (error) {
      builder = createBlockBuilder(columns)
      room.change(-before, -gathered)
      group.reject(error)
      begin()
      return promise
    }
    const size = builder.size()
    room.change(builder.count() - before, size - gathered)
    gathered = size
    writing ??= drain()
    return promise
  }
  return {
    segments,
    append: (run) => admit(() => builder.add(run), run),
    appendColumns: (run) => admit(() => builder.addColumns(run), null),
    blockFrom: async (offset) => {
      if (offset >= segments.end()) return null
      const kept = tail.find((block) => offset >= block.firstOffset && offset <= block.lastOffset)
      return kept ?? segments.find(offset)
    },
    end: segments.end,
    forgetTail: () => {
      tail.length = 0
      tailEvents = 0
    },
    onAppend: (heard) => {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
    close: async () => {
      closed = true
      await writing
      await segments.close()
    },
  }
}

/** Whole blocks from the first with an event at or after `fromOffset`, until about `maxEvents`. */
export async function readBlocks(
  partition: Partition,
  fromOffset: number,
  maxEvents: number,
): Promise<Block[]> {
  const blocks: Block[] = []
  let count = 0
  for (let offset = fromOffset; count < maxEvents; ) {
    const block = await partition.blockFrom(offset)
    if (block === null) break
    blocks.push(block)
    count += block.count
    offset = block.lastOffset + 1
  }
  return blocks
}
