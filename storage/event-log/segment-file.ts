/**
 * One segment file on disk: its frames found and checked, its blocks read, its end made ready and written. What a cut
 * left half written at the very end is taken away; damage with whole blocks behind it is refused, never skipped.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { assert } from '#base/assert.ts'
import type { StoredEvent } from '#events/define.ts'
import { decodeHeader, type Frame, HEADER_BYTES, isWhole, MAGIC_BYTES } from '#storage/event-log/frames.ts'

export type Segment = { readonly file: string; readonly frames: Frame[]; bytes: number }
export type Block = {
  readonly firstOffset: number
  readonly count: number
  readonly bytes: Uint8Array
  /** Dropped after a while. */
  events: readonly StoredEvent[] | null
}

/** Finds the frames of a file; in the last file every block is checked, and what follows the last whole one is cut. */
export function scanSegment(file: string, isLast: boolean): Segment {
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
    const torn = at === size || (isLast && !hasWholeFrame(fd, at + 1, size))
    assert(torn, `${file} is damaged at ${at}: restore it from a backup`)
    if (at < size) ftruncateSync(fd, at)
    return { file, frames, bytes: at }
  } finally {
    closeSync(fd)
  }
}

/** Whether a whole block begins anywhere in the range: what stands before it was then damaged, not torn. */
function hasWholeFrame(fd: number, from: number, size: number): boolean {
  const rest = Buffer.allocUnsafe(Math.max(0, size - from))
  readSync(fd, rest, 0, rest.length, from)
  for (let at = rest.indexOf(MAGIC_BYTES); at !== -1; at = rest.indexOf(MAGIC_BYTES, at + 1)) {
    const header = rest.subarray(at, at + HEADER_BYTES)
    const frame = decodeHeader(header, from + at)
    if (frame === null || at + HEADER_BYTES + frame.blockBytes > rest.length) continue
    if (isWhole(header, rest.subarray(at + HEADER_BYTES, at + HEADER_BYTES + frame.blockBytes))) return true
  }
  return false
}

function readBytes(fd: number, frame: Frame): Buffer {
  const block = Buffer.allocUnsafe(frame.blockBytes)
  readSync(fd, block, 0, frame.blockBytes, frame.position + HEADER_BYTES)
  return block
}

export async function readBlock(segments: readonly Segment[], offset: number): Promise<Block | null> {
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

/** Ready for the next block: what a failed write left behind the last whole one is cut. */
export async function openSegment(segment: Segment, dir: string): Promise<FileHandle> {
  const file = await open(segment.file, 'a', 0o600)
  try {
    await file.truncate(segment.bytes)
    if (segment.bytes === 0) await syncFolder(dir)
    return file
  } catch (error) {
    await file.close().catch(() => undefined)
    throw error
  }
}

/** A disk that fills up takes a part and reports no error: fewer bytes than asked is a failure. */
export async function writeWhole(file: FileHandle, header: Uint8Array, block: Uint8Array): Promise<void> {
  const { bytesWritten } = await file.writev([header, block])
  if (bytesWritten !== header.length + block.length)
    throw new Error(`only ${bytesWritten} bytes were written`)
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
