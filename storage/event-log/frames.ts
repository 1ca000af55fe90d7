/**
 * Frames of a segment file: a fixed header, then one `Native` block. The header says how long the block is, how many
 * events it holds, from which offset, and the CRC-32 of header fields and block: a torn or damaged tail is found.
 */
import { crc32 } from 'node:zlib'

export const HEADER_BYTES = 28
const MAGIC = 0x53564c31 // "SVL1"
export const MAGIC_BYTES = Buffer.from([0x31, 0x4c, 0x56, 0x53])

export type Frame = {
  /** Where the frame's header begins in its file. */
  readonly position: number
  readonly firstOffset: number
  /** Of its last event; in a compacted segment further from the first than the count says. */
  readonly lastOffset: number
  readonly count: number
  readonly blockBytes: number
}

export function encodeHeader(block: Uint8Array, firstOffset: number, count: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(MAGIC, 0)
  header.writeUInt32LE(block.length, 4)
  header.writeUInt32LE(count, 8)
  header.writeBigUInt64LE(BigInt(firstOffset), 12)
  header.writeUInt32LE(crc32(header.subarray(0, 20)), 20)
  header.writeUInt32LE(crc32(block), 24)
  return header
}

/** The frame whose header starts the bytes, or null when there is no whole, undamaged header. */
export function decodeHeader(header: Buffer, position: number): Frame | null {
  if (header.length < HEADER_BYTES || header.readUInt32LE(0) !== MAGIC) return null
  if (header.readUInt32LE(20) !== crc32(header.subarray(0, 20))) return null
  const firstOffset = Number(header.readBigUInt64LE(12))
  const count = header.readUInt32LE(8)
  return {
    position,
    firstOffset,
    lastOffset: firstOffset + count - 1,
    count,
    blockBytes: header.readUInt32LE(4),
  }
}

export const isWhole = (header: Buffer, block: Uint8Array): boolean =>
  header.readUInt32LE(24) === crc32(block)

/** A block ends with the offset of its last event: `logOffset` is its last column. */
export const LAST_OFFSET_BYTES = 8
export const lastOffsetOf = (blockEnd: Buffer): number => Number(blockEnd.readBigUInt64LE(0))

const PACKED_BYTES = 32

/** Frames as they are kept in an index. */
export function packFrames(frames: readonly Frame[]): Buffer {
  const packed = Buffer.allocUnsafe(frames.length * PACKED_BYTES)
  for (const [i, frame] of frames.entries()) {
    const at = i * PACKED_BYTES
    packed.writeDoubleLE(frame.position, at)
    packed.writeDoubleLE(frame.firstOffset, at + 8)
    packed.writeDoubleLE(frame.lastOffset, at + 16)
    packed.writeUInt32LE(frame.count, at + 24)
    packed.writeUInt32LE(frame.blockBytes, at + 28)
  }
  return packed
}

export function unpackFrames(bytes: Uint8Array): Frame[] {
  const packed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: packed.length / PACKED_BYTES }, (_, i) => {
    const at = i * PACKED_BYTES
    return {
      position: packed.readDoubleLE(at),
      firstOffset: packed.readDoubleLE(at + 8),
      lastOffset: packed.readDoubleLE(at + 16),
      count: packed.readUInt32LE(at + 24),
      blockBytes: packed.readUInt32LE(at + 28),
    }
  })
}
