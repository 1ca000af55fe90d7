/**
 * One partition: segment files of frames, in order. Appends that wait together are written as one block and synced
 * once (group commit). A torn tail is cut when the partition is opened; a failed write is undone before the next.
 */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readdirSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { assert } from '#base/assert.ts'
import { Refusal } from '#base/refusal.ts'
import type { StoredEvent } from '#events/define.ts'
import { refusals } from '#storage/event-log/errors.ts'
import { decodeHeader, encodeHeader, type Frame, HEADER_BYTES, isWhole } from '#storage/event-log/frames.ts'
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

type Segment = { readonly file: string; readonly frames: Frame[]; bytes: number }
export type Block = {
  readonly firstOffset: number
  readonly count: number
  readonly bytes: Uint8Array
  /** Dropped after a while. */
  events: readonly StoredEvent[] | null
}
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
    if (handle === null) {
      handle = await open(segment.file, 'a', 0o600)
      await handle.truncate(segment.bytes)
      if (segment.bytes === 0) await syncFolder(dir)
    }
    return { handle, segment }
  }
  const writeBlock = async (events: readonly StoredEvent[]): Promise<void> => {
    const block = encoder.encode(events as readonly { [field: string]: unknown }[], number, end)
    const { handle: file, segment } = await current()
    try {
      await file.writev([encodeHeader(block, end, events.length), block])
      await file.datasync()
    } catch (error) {
      // Reopening cuts what was half written, so that the next block follows the last whole one.
      handle = null
      await file.close().catch(() => undefined)
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

/** Finds the frames of a file; in the last file every block is checked, and what follows the last whole one is cut. */
function scanSegment(file: string, isLast: boolean): Segment {
  const fd = openSync(file, 'r+')
  try {
    const size = fstatSync(fd).size
    const frames: Frame[] = []
    let at = 0
    while (at + HEADER_BYTES <= size) {
      const header = Buffer.alloc(HEADER_BYTES)
      readSync(fd, header, 0, HEADER_BYTES, at)
      const frame = decodeHeader(header, at)
      if (frame === null || at + HEADER_BYTES + frame.blockBytes > size) break
      if (isLast && !isWhole(header, readBytes(fd, frame))) break
      frames.push(frame)
      at += HEADER_BYTES + frame.blockBytes
    }
    assert(isLast || at === size, `${file} is damaged at ${at}: restore it from a backup`)
    if (at < size) ftruncateSync(fd, at)
    return { file, frames, bytes: at }
  } finally {
    closeSync(fd)
  }
}

function readBytes(fd: number, frame: Frame): Buffer {
  const block = Buffer.allocUnsafe(frame.blockBytes)
  readSync(fd, block, 0, frame.blockBytes, frame.position + HEADER_BYTES)
  return block
}

async function readBlock(segments: readonly Segment[], offset: number): Promise<Block | null> {
  const segment = segments.findLast(
    (one) => (one.frames[0]?.firstOffset ?? Number.POSITIVE_INFINITY) <= offset,
  )
  const frame = segment === undefined ? undefined : frameAt(segment.frames, offset)
  if (segment === undefined || frame === undefined) return null
  const file = await open(segment.file, 'r')
  try {
    const whole = Buffer.allocUnsafe(HEADER_BYTES + frame.blockBytes)
    await file.read(whole, 0, whole.length, frame.position)
    const block = whole.subarray(HEADER_BYTES)
    assert(isWhole(whole, block), `${segment.file} is damaged at ${frame.position}`)
    return { firstOffset: frame.firstOffset, count: frame.count, bytes: block, events: null }
  } finally {
    await file.close()
  }
}

/** Binary search: the last frame that begins at or before the offset. */
function frameAt(frames: readonly Frame[], offset: number): Frame | undefined {
  let low = 0
  let high = frames.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((frames[middle] as Frame).firstOffset <= offset) low = middle
    else high = middle - 1
  }
  return frames[low]
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
