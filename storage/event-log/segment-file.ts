/**
 * One segment file on disk: its frames found and checked, its blocks read, a new one begun and written. What a cut left
 * half written at the very end is taken away; damage with whole blocks behind it is refused, never skipped.
 */
import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import path from 'node:path'
import { assert } from '#base/assert.ts'
import type { EventRun } from '#events/run.ts'
import { syncFolder } from '#storage/event-log/folders.ts'
import {
  decodeHeader,
  type Frame,
  HEADER_BYTES,
  isWhole,
  LAST_OFFSET_BYTES,
  lastOffsetOf,
  MAGIC_BYTES,
} from '#storage/event-log/frames.ts'

/** Where the system has it, a write returns when its bytes would survive a power cut: one call in place of two. */
const SYNCED_WRITES: number | undefined = constants.O_DSYNC
const APPEND = constants.O_WRONLY | constants.O_APPEND | (SYNCED_WRITES ?? 0)

export type Block = {
  readonly firstOffset: number
  readonly lastOffset: number
  readonly count: number
  readonly bytes: Uint8Array
  /** The events themselves, where they are still at hand. */
  readonly runs: readonly EventRun[] | null
}

/** A segment is named by its first offset, and by how often it was compacted. */
export type SegmentName = { readonly name: string; readonly firstOffset: number; readonly compacted: number }

export const nameOf = (firstOffset: number, compacted = 0): string =>
  `${String(firstOffset).padStart(16, '0')}${compacted === 0 ? '' : `.${compacted}`}.log`

export function parseName(name: string): SegmentName | null {
  const parts = /^(\d{16})(?:\.(\d+))?\.log$/.exec(name)
  return parts === null ? null : { name, firstOffset: Number(parts[1]), compacted: Number(parts[2] ?? 0) }
}

/** What a file is expected to be. */
export type Scanned = 'last' | 'closed' | 'compacted'

/**
 * Finds the frames of a file, those before `until`. In the last file every block is checked, what follows the last whole
 * one is cut, and what is there is on the disk when this returns. A closed file reaches `until`; what follows was never
 * acknowledged: its segment was left after a failed write.
 */
export function scanSegment(file: string, is: Scanned, until: number): { frames: Frame[]; bytes: number } {
  const fd = openSync(file, is === 'last' ? 'r+' : 'r')
  try {
    const size = fstatSync(fd).size
    const frames: Frame[] = []
    let at = 0
    while (at + HEADER_BYTES <= size) {
      const header = Buffer.alloc(HEADER_BYTES)
      readSync(fd, header, 0, HEADER_BYTES, at)
      let frame = decodeHeader(header, at)
      if (frame === null || at + HEADER_BYTES + frame.blockBytes > size || frame.firstOffset >= until) break
      if (is === 'last' && !isWhole(header, readBytes(fd, frame))) break
      if (is === 'compacted') frame = { ...frame, lastOffset: readLastOffset(fd, frame) }
      frames.push(frame)
      at += HEADER_BYTES + frame.blockBytes
    }
    assert(isSound(fd, size, frames, at, is, until), `${file} is damaged at ${at}: restore it from a backup`)
    if (is === 'last') {
      if (at < size) ftruncateSync(fd, at)
      // A process killed while it wrote may have left whole frames that no disk has yet.
      fdatasyncSync(fd)
    }
    return { frames, bytes: at }
  } finally {
    closeSync(fd)
  }
}

function isSound(fd: number, size: number, frames: Frame[], at: number, is: Scanned, until: number): boolean {
  if (at === size && is !== 'closed') return true
  if (is === 'last') return !hasWholeFrame(fd, at + 1, size)
  if (is === 'compacted') return false
  const last = frames.at(-1)
  return last === undefined ? at === size : last.lastOffset + 1 === until
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

function readLastOffset(fd: number, frame: Frame): number {
  const end = Buffer.alloc(LAST_OFFSET_BYTES)
  readSync(fd, end, 0, end.length, frame.position + HEADER_BYTES + frame.blockBytes - LAST_OFFSET_BYTES)
  return lastOffsetOf(end)
}

/** The block of a frame; null when the file holds something else there. */
export async function readBlock(file: string, frame: Frame): Promise<Block | null> {
  const handle = await open(file, 'r')
  try {
    const whole = Buffer.allocUnsafe(HEADER_BYTES + frame.blockBytes)
    const { bytesRead } = await handle.read(whole, 0, whole.length, frame.position)
    const header = decodeHeader(whole, frame.position)
    const block = whole.subarray(HEADER_BYTES)
    if (bytesRead !== whole.length || header?.firstOffset !== frame.firstOffset || !isWhole(whole, block)) {
      return null
    }
    const { firstOffset, lastOffset, count } = frame
    return { firstOffset, lastOffset, count, bytes: block, runs: null }
  } finally {
    await handle.close()
  }
}

/** An empty file, on new pages whatever stood there before, and its name on the disk. */
export async function beginSegment(file: string): Promise<FileHandle> {
  await rm(file, { force: true })
  const handle = await open(file, APPEND | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    await syncFolder(path.dirname(file))
    return handle
  } catch (error) {
    await handle.close().catch(() => undefined)
    throw error
  }
}

/** Goes on after the last whole frame. */
export async function resumeSegment(file: string, bytes: number): Promise<FileHandle> {
  const handle = await open(file, APPEND)
  try {
    await handle.truncate(bytes)
    return handle
  } catch (error) {
    await handle.close().catch(() => undefined)
    throw error
  }
}

/** Durable when it resolves. A disk that fills up takes a part and reports no error: fewer bytes is a failure. */
export async function writeWhole(file: FileHandle, header: Uint8Array, block: Uint8Array): Promise<void> {
  const { bytesWritten } = await file.writev([header, block])
  if (bytesWritten !== header.length + block.length)
    throw new Error(`only ${bytesWritten} bytes were written`)
  if (SYNCED_WRITES === undefined) await file.datasync()
}
