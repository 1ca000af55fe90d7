/**
 * One partition: segment files of frames, in order. Appends that wait together are written as one block and synced
 * once (group commit). A torn tail is cut when the partition is opened; a failed write is undone before the next.
 */
import { mkdirSync, readdirSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { Refusal } from '#base/refusal.ts'
import type { StoredEvent } from '#events/define.ts'
import { refusals } from '#storage/event-log/errors.ts'
import { encodeHeader, HEADER_BYTES } from '#storage/event-log/frames.ts'
import {
  type Block,
  openSegment,
  readBlock,
  type Segment,
  scanSegment,
  writeWhole,
} from '#storage/event-log/segment-file.ts'
import type { BlockEncoder } from '#storage/warehouse/native.ts'

const SEGMENT_BYTES = 128 * 1024 * 1024
const BLOCK_EVENTS = 20_000
/** How long appends gather when the group before was made of several: a write and a sync cost more than the wait. */
const GATHER_MS = 3
const WAITING_EVENTS = 200_000
/** Blocks kept in memory for consumers that are close behind. */
const TAIL_BYTES = 16 * 1024 * 1024
/** Of the newest of them the events too: kept for long, objects cost the collector more than decoding them again. */
const TAIL_EVENTS = 2000

type Waiting = { readonly events: readonly StoredEvent[]; done(): void; failed(error: unknown): void }

export type Partition = {
  append(events: readonly StoredEvent[]): Promise<void>
  /** The block holding the offset, or null at the end. */
  blockAt(offset: number): Promise<Block | null>
  end(): number
  onAppend(heard: () => void): () => void
  close(): Promise<void>
}

export function openPartition(dir: string, number: number, encoder: BlockEncoder): Partition {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const segments = readdirSync(dir)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name, i, all) => scanSegment(path.join(dir, name), i === all.length - 1))
  let end = endOf(segments)
  let handle: FileHandle | null = null
  let writing: Promise<void> | null = null
  const waiting: Waiting[] = []
  let waitingEvents = 0
  let closed = false
  let busy = false
  const listeners = new Set<() => void>()
  const tail: Block[] = []
  let tailBytes = 0
  let liveEvents = 0
  /** Where in the tail the blocks begin that still have their events. */
  let livingFrom = 0

  const current = async (): Promise<{ handle: FileHandle; segment: Segment }> => {
    let segment = segments.at(-1)
    if (segment === undefined || segment.bytes >= SEGMENT_BYTES) {
      await handle?.close()
      handle = null
      segment = { file: path.join(dir, `${String(end).padStart(16, '0')}.log`), frames: [], bytes: 0 }
      segments.push(segment)
    }
    handle ??= await openSegment(segment, dir)
    return { handle, segment }
  }
  const writeBlock = async (events: readonly StoredEvent[]): Promise<void> => {
    const block = encoder.encode(events as readonly { [field: string]: unknown }[], number, end)
    let segment: Segment
    try {
      const open = await current()
      segment = open.segment
      await writeWhole(open.handle, encodeHeader(block, end, events.length), block)
      await open.handle.datasync()
    } catch (error) {
      // Reopening cuts what was half written, so that the next block follows the last whole one.
      const failed = handle
      handle = null
      await failed?.close().catch(() => undefined)
      throw new Refusal(refusals.unavailable, 'The event log could not be written.', { cause: error })
    }
    segment.frames.push({
      position: segment.bytes,
      firstOffset: end,
      count: events.length,
      blockBytes: block.length,
    })
    segment.bytes += HEADER_BYTES + block.length
    remember({ firstOffset: end, count: events.length, bytes: block, events })
    end += events.length
  }
  const remember = (block: Block): void => {
    tail.push(block)
    tailBytes += block.bytes.length
    liveEvents += block.count
    while (liveEvents > TAIL_EVENTS && livingFrom < tail.length) {
      const old = tail[livingFrom++] as Block
      old.events = null
      liveEvents -= old.count
    }
    while (tailBytes > TAIL_BYTES && tail.length > 1) {
      tailBytes -= tail.shift()?.bytes.length ?? 0
      livingFrom = Math.max(0, livingFrom - 1)
    }
  }
  const takeGroup = (): Waiting[] => {
    let count = 0
    let taken = 0
    while (taken < waiting.length && (taken === 0 || count < BLOCK_EVENTS))
      count += waiting[taken++]?.events.length ?? 0
    waitingEvents -= count
    return waiting.splice(0, taken)
  }
  const gather = (): Promise<void> =>
    new Promise((resolve) => {
      if (busy) setTimeout(resolve, GATHER_MS)
      else setImmediate(resolve)
    })
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      if (waitingEvents < BLOCK_EVENTS) await gather()
      const group = takeGroup()
      busy = group.length > 1
      try {
        await writeBlock(group.length === 1 ? (group[0]?.events ?? []) : group.flatMap((one) => one.events))
        for (const one of group) one.done()
        for (const heard of listeners) heard()
      } catch (error) {
        for (const one of group) one.failed(error)
      }
    }
    writing = null
  }
  return {
    append: (events) => {
      if (closed) return Promise.reject(new Refusal(refusals.unavailable, 'The event log is closed.'))
      if (waitingEvents + events.length > WAITING_EVENTS) {
        return Promise.reject(new Refusal(refusals.full, 'The event log has too much to write.'))
      }
      return new Promise((resolve, reject) => {
        waiting.push({ events, done: resolve, failed: reject })
        waitingEvents += events.length
        writing ??= drain()
      })
    },
    blockAt: async (offset) => {
      if (offset >= end) return null
      const kept = tail.find(
        (block) => offset >= block.firstOffset && offset < block.firstOffset + block.count,
      )
      return kept ?? readBlock(segments, offset)
    },
    end: () => end,
    onAppend: (heard) => {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
    close: async () => {
      closed = true
      await writing
      await handle?.close()
      handle = null
    },
  }
}

/** Whole blocks from the one holding `fromOffset`, until about `maxEvents`. */
export async function readBlocks(
  partition: Partition,
  fromOffset: number,
  maxEvents: number,
): Promise<Block[]> {
  const blocks: Block[] = []
  let count = 0
  for (let offset = fromOffset; count < maxEvents; ) {
    const block = await partition.blockAt(offset)
    if (block === null) break
    blocks.push(block)
    count += block.count
    offset = block.firstOffset + block.count
  }
  return blocks
}

const endOf = (segments: readonly Segment[]): number => {
  const last = segments.findLast((segment) => segment.frames.length > 0)?.frames.at(-1)
  if (last !== undefined) return last.firstOffset + last.count
  const name = segments.at(-1)?.file
  return name === undefined ? 0 : Number(path.basename(name, '.log'))
}
