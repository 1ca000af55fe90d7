/**
 * The segments of one partition, oldest first: found and checked at the start, written at the end, read anywhere, taken
 * away at the beginning. A segment whose write failed is left for good: what the disk made of those pages is unknown.
 */
import { readdirSync, rmSync, statSync } from 'node:fs'
import { type FileHandle, rm } from 'node:fs/promises'
import path from 'node:path'
import { assert, required } from '#base/assert.ts'
import type { Log } from '#base/log.ts'
import { syncFolder } from '#storage/event-log/folders.ts'
import {
  encodeHeader,
  type Frame,
  HEADER_BYTES,
  packFrames,
  unpackFrames,
} from '#storage/event-log/frames.ts'
import type { LogBook } from '#storage/event-log/log-book.ts'
import {
  type Block,
  beginSegment,
  nameOf,
  parseName,
  readBlock,
  resumeSegment,
  type SegmentName,
  scanSegment,
  writeWhole,
} from '#storage/event-log/segment-file.ts'

export type Segment = SegmentName & {
  /** Bytes of whole frames. */
  bytes: number
  endOffset: number
  events: number
  /** When its last block was written, by our clock; of a segment found without a note, when its file was. */
  writtenAt: number
  /** Null in a closed segment: they are in the book. */
  frames: Frame[] | null
}

export type SegmentListOptions = {
  readonly dir: string
  readonly stream: string
  readonly partition: number
  readonly book: LogBook
  readonly log: Log
  readonly now: () => number
  /** A segment of this size or older than `segmentMs` is closed by the next block. */
  readonly segmentBytes: number
  readonly segmentMs: number
}

export type SegmentList = {
  /** Offset the next event gets. */
  end(): number
  /** Offset of the first event that is kept. */
  begin(): number
  /** Appends a block; durable when it resolves. Nothing of it counts when it rejects. */
  write(block: Uint8Array, count: number): Promise<void>
  /** The first block with an event at or after the offset; null when there is none. */
  find(offset: number): Promise<Block | null>
  /** All but the last, oldest first. */
  closed(): readonly Segment[]
  lastBytes(): number
  framesOf(segment: Segment): readonly Frame[]
  /** Has the book know every closed segment. */
  noteClosed(): Promise<void>
  /** Takes the oldest segment away. */
  removeFirst(): Promise<void>
  /** Puts a compacted file, whole and durable under its name, in the place of a closed segment. */
  replace(
    segment: Segment,
    by: Pick<Segment, 'name' | 'compacted' | 'bytes' | 'events'>,
    frames: Frame[],
  ): Promise<void>
  close(): Promise<void>
}

const OPEN_TABLES = 4

export function openSegmentList(options: SegmentListOptions): SegmentList {
  const { dir, stream, partition, book, log, now, segmentBytes, segmentMs } = options
  const segments = findSegments(options)
  const fileOf = (segment: SegmentName): string => path.join(dir, segment.name)
  let end = segments.at(-1)?.endOffset ?? 0
  let handle: FileHandle | null = null
  let begunAt = bornAt(options, segments.at(-1)) ?? now()
  let isLeft = false
  /** Frames of closed segments that were read last. */
  const tables = new Map<string, readonly Frame[]>()

  const framesOf = (segment: Segment): readonly Frame[] => {
    if (segment.frames !== null) return segment.frames
    const known = tables.get(segment.name)
    if (known !== undefined) return known
    const note = book.note(stream, partition, segment.name)
    const frames = note === null ? scan(options, segment).frames : unpackFrames(note.frames)
    if (tables.size >= OPEN_TABLES) tables.delete(required(tables.keys().next().value, 'table'))
    tables.set(segment.name, frames)
    return frames
  }
  const note = async (segment: Segment, frames: readonly Frame[]): Promise<void> => {
    const { bytes, endOffset, events, writtenAt, name } = segment
    try {
      const fileBytes = statSync(fileOf(segment)).size
      await book.setNote(stream, partition, name, {
        fileBytes,
        bytes,
        endOffset,
        events,
        writtenAt,
        frames: packFrames(frames),
      })
      segment.frames = null
    } catch (error) {
      // The frames stay in memory, and the next start reads them from the file.
      log.warn({ err: error, stream, partition }, 'a closed segment could not be noted')
    }
  }
  const begin = async (): Promise<Segment> => {
    const last = segments.at(-1)
    await handle?.close()
    handle = null
    if (last?.events === 0 && last.compacted === 0) segments.pop()
    else if (last !== undefined) await note(last, framesOf(last))
    const name = nameOf(end)
    handle = await beginSegment(path.join(dir, name))
    const segment = {
      name,
      firstOffset: end,
      compacted: 0,
      bytes: 0,
      endOffset: end,
      events: 0,
      writtenAt: now(),
      frames: [],
    }
    segments.push(segment)
    isLeft = false
    begunAt = now()
    return segment
  }
  const current = async (): Promise<Segment> => {
    const last = segments.at(-1)
    const isFull = last !== undefined && (last.bytes >= segmentBytes || now() - begunAt > segmentMs)
    if (last === undefined || isLeft || (isFull && last.events > 0) || last.frames === null) return begin()
    handle ??= await resumeSegment(fileOf(last), last.bytes)
    return last
  }
  const leave = async (segment: Segment | undefined): Promise<void> => {
    isLeft = true
    const failed = handle
    handle = null
    // What was half written is cut where that works; where it does not, the name of the next segment says where it ends.
    if (segment !== undefined) await failed?.truncate(segment.bytes).catch(() => undefined)
    await failed?.close().catch(() => undefined)
  }

  return {
    end: () => end,
    begin: () => segments.find((segment) => segment.events > 0)?.firstOffset ?? end,
    write: async (block, count) => {
      let segment: Segment | undefined
      try {
        segment = await current()
        await writeWhole(required(handle ?? undefined, 'handle'), encodeHeader(block, end, count), block)
      } catch (error) {
        await leave(segment)
        throw error
      }
      const lastOffset = end + count - 1
      segment.frames?.push({
        position: segment.bytes,
        firstOffset: end,
        lastOffset,
        count,
        blockBytes: block.length,
      })
      segment.bytes += HEADER_BYTES + block.length
      segment.events += count
      segment.writtenAt = now()
      end += count
      segment.endOffset = end
    },
    find: async (offset) => {
      for (let tries = 0; ; tries++) {
        const place = placeOf(segments, framesOf, offset)
        if (place === null) return null
        const { segment, frame } = place
        const file = fileOf(segment)
        try {
          const block = await readBlock(file, frame)
          if (block !== null) return block
        } catch (error) {
          // Taken away or replaced in this moment: then the list says so by now.
          const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
          if (!isGone || (segments.includes(segment) && fileOf(segment) === file)) throw error
          continue
        }
        // The note may be of another file; a scan tells, or finds the damage.
        assert(segment.frames === null && tries === 0, `${file} is damaged at ${frame.position}`)
        tables.set(segment.name, scan(options, segment).frames)
      }
    },
    closed: () => segments.slice(0, -1),
    lastBytes: () => segments.at(-1)?.bytes ?? 0,
    framesOf,
    noteClosed: async () => {
      for (const segment of segments.slice(0, -1))
        if (segment.frames !== null) await note(segment, segment.frames)
    },
    removeFirst: async () => {
      assert(segments.length > 1, 'the last segment is kept')
      const first = required(segments.shift(), 'segment')
      try {
        await rm(fileOf(first), { force: true })
      } catch (error) {
        segments.unshift(first)
        throw error
      }
      // One after the other: a power cut must not leave an older one without a younger.
      await syncFolder(dir)
      await book.dropNote(stream, partition, first.name)
    },
    replace: async (segment, by, frames) => {
      const old = segment.name
      Object.assign(segment, by, { frames })
      await note(segment, frames)
      await rm(path.join(dir, old), { force: true })
      await syncFolder(dir)
      tables.delete(old)
      await book.dropNote(stream, partition, old)
    },
    close: async () => {
      await handle?.close()
      handle = null
    },
  }
}

/** Where the first event at or after the offset stands. */
function placeOf(
  segments: readonly Segment[],
  framesOf: (segment: Segment) => readonly Frame[],
  offset: number,
): { segment: Segment; frame: Frame } | null {
  let at = segments.findLastIndex((segment) => segment.firstOffset <= offset)
  for (at = Math.max(0, at); at < segments.length; at++) {
    const segment = segments[at] as Segment
    if (segment.endOffset <= offset) continue
    const frame = frameFrom(framesOf(segment), offset)
    if (frame !== undefined) return { segment, frame }
  }
  return null
}

/** Binary search: the first frame that ends at or after the offset. */
function frameFrom(frames: readonly Frame[], offset: number): Frame | undefined {
  let low = 0
  let high = frames.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((frames[middle] as Frame).lastOffset < offset) low = middle + 1
    else high = middle
  }
  return frames[low]
}

function scan({ dir }: SegmentListOptions, segment: SegmentName & { endOffset: number }) {
  const is = segment.compacted > 0 ? 'compacted' : 'closed'
  return scanSegment(path.join(dir, segment.name), is, segment.endOffset)
}

/** What is in the folder: of a segment that was compacted, the newest file; drafts and older ones are removed. */
function listNames(dir: string): SegmentName[] {
  const byOffset = new Map<number, SegmentName>()
  for (const file of readdirSync(dir)) {
    const name = parseName(file)
    if (name === null) {
      if (file.endsWith('.log.new')) rmSync(path.join(dir, file))
      continue
    }
    const other = byOffset.get(name.firstOffset)
    const newest = other === undefined || other.compacted < name.compacted ? name : other
    if (other !== undefined) rmSync(path.join(dir, newest === name ? other.name : name.name))
    byOffset.set(name.firstOffset, newest)
  }
  return [...byOffset.values()].sort((a, b) => a.firstOffset - b.firstOffset)
}

function findSegments(options: SegmentListOptions): Segment[] {
  const { dir, stream, partition, book } = options
  const names = listNames(dir)
  return names.map((name, i) => {
    const next = names[i + 1]
    const file = path.join(dir, name.name)
    const { size, mtimeMs } = statSync(file)
    if (next === undefined) {
      const { frames, bytes } = scanSegment(file, 'last', Number.POSITIVE_INFINITY)
      const endOffset = (frames.at(-1)?.lastOffset ?? name.firstOffset - 1) + 1
      return { ...name, bytes, endOffset, events: eventsIn(frames), writtenAt: mtimeMs, frames }
    }
    const note = book.note(stream, partition, name.name)
    if (note !== null && note.fileBytes === size && note.endOffset === next.firstOffset) {
      const { bytes, endOffset, events, writtenAt } = note
      return { ...name, bytes, endOffset, events, writtenAt, frames: null }
    }
    const { frames, bytes } = scan(options, { ...name, endOffset: next.firstOffset })
    return {
      ...name,
      bytes,
      endOffset: next.firstOffset,
      events: eventsIn(frames),
      writtenAt: mtimeMs,
      frames,
    }
  })
}

/** When a segment was begun, as its file says. */
function bornAt({ dir }: SegmentListOptions, segment: Segment | undefined): number | undefined {
  if (segment === undefined) return undefined
  const { birthtimeMs, mtimeMs } = statSync(path.join(dir, segment.name))
  return birthtimeMs > 0 ? Math.min(birthtimeMs, mtimeMs) : mtimeMs
}

const eventsIn = (frames: readonly Frame[]): number => frames.reduce((sum, frame) => sum + frame.count, 0)
