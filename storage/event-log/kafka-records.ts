/**
 * Kafka's record batch, version 2, as it stands in requests and on the broker's disk: records are written and read here
 * in bulk, which costs a tenth of a client that makes an object of each.
 * Format: https://kafka.apache.org/documentation/#recordbatch
 */
import { promisify } from 'node:util'
import { gunzipSync, constants as zlib, zstdCompress, zstdDecompressSync } from 'node:zlib'
import { assert } from '#base/assert.ts'
import { crc32c } from '#storage/event-log/crc32c.ts'
import { ByteWriter } from '#storage/warehouse/bytes.ts'

const HEADER_BYTES = 61
/** Base offset and length stand before what the length counts. */
const PREFIX_BYTES = 12
const CRC_AT = 17
/** The checksum covers what follows it. */
const CHECKED_AT = 21
const MAGIC = 2
const GZIP = 1
const ZSTD = 4
const CODECS = 7
const CONTROL = 0x20
/** Fast: what is left to gain is in the repetition of neighbours, which the first level finds. */
const ZSTD_OPTIONS = { params: { [zlib.ZSTD_c_compressionLevel]: 1 } }
const compress = promisify(zstdCompress)

/** Records one after the other, not yet a batch. */
export type Records = { readonly bytes: Buffer; readonly count: number }

/** Headers of a record: those that stand in many as they are, then `ownNames` with values of their own. */
export type HeaderSet = {
  readonly same: Uint8Array
  readonly ownNames: readonly Uint8Array[]
  readonly count: number
}

export type RecordWriter = {
  /** `own` are the values of the set's own headers, in their order. */
  add(key: string | null, value: string, headers: HeaderSet, own: readonly string[]): void
  count(): number
  /** Bytes written. */
  size(): number
  /** What was written; begins anew. */
  take(): Records
}

/** Lengths are written as signed numbers that are folded: zero, minus one, one, minus two ... */
const folded = (value: number): number => value * 2

const widthOf = (length: number): number => {
  const value = folded(length)
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5
}

export function headerSet(same: Readonly<Record<string, string>>, ownNames: readonly string[]): HeaderSet {
  const out = new ByteWriter()
  for (const [name, value] of Object.entries(same)) {
    writeText(out, name)
    writeText(out, value)
  }
  const named = ownNames.map((name) => {
    const single = new ByteWriter()
    writeText(single, name)
    return single.written()
  })
  return { same: out.written(), ownNames: named, count: Object.keys(same).length + ownNames.length }
}

/** Few characters are written faster here than by a call into the runtime. */
const SHORT = 64

/** Length, then UTF-8. The length is taken to be that of ASCII, which it nearly always is, and put right where not. */
function writeText(out: ByteWriter, text: string): void {
  const { length } = text
  out.reserve(length * 3 + 5)
  const { bytes } = out
  const start = out.at
  const width = widthOf(length)
  let at = start + width
  let i = 0
  if (length <= SHORT) {
    for (; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) break
      bytes[at++] = code
    }
  }
  if (i < length) at = start + width + bytes.write(text, start + width)
  out.at = at
  putLength(out, start, width)
}

/** Writes how much stands from `start + width` on into the `width` bytes before it; moves it where it needs another width. */
function putLength(out: ByteWriter, start: number, width: number): void {
  const length = out.at - start - width
  const needed = widthOf(length)
  const end = start + needed + length
  if (needed !== width) {
    out.reserve(needed)
    out.bytes.copyWithin(start + needed, start + width, out.at)
  }
  out.at = start
  out.varint(folded(length))
  out.at = end
}

/** Of a record of 64 to 8191 bytes, which most are. */
const USUAL_WIDTH = 2

export function createRecordWriter(): RecordWriter {
  const out = new ByteWriter()
  let count = 0
  return {
    add: (key, value, headers, own) => {
      const start = out.at
      out.reserve(USUAL_WIDTH)
      out.at += USUAL_WIDTH
      // No attributes; the time of the batch.
      out.varint(0)
      out.varint(0)
      out.varint(folded(count))
      // A key that is null has length -1.
      if (key === null) out.varint(1)
      else writeText(out, key)
      writeText(out, value)
      out.varint(folded(headers.count))
      out.raw(headers.same)
      for (let i = 0; i < own.length; i++) {
        out.raw(headers.ownNames[i] as Uint8Array)
        writeText(out, own[i] as string)
      }
      putLength(out, start, USUAL_WIDTH)
      count++
    },
    count: () => count,
    size: () => out.at,
    take: () => {
      const taken = { bytes: Buffer.from(out.written()), count }
      out.at = 0
      count = 0
      return taken
    },
  }
}

/** Who wrote a batch, and the how manieth record of the partition its first is: what a broker knows a repetition by. */
export type Stamp = {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly firstSequence: number
}

export async function encodeBatch(
  records: Records,
  stamp: Stamp,
  { zstd, at }: { zstd: boolean; at: number },
): Promise<Buffer> {
  const body = zstd ? await compress(records.bytes, ZSTD_OPTIONS) : records.bytes
  const batch = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(batch.length - PREFIX_BYTES, 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(MAGIC, 16)
  batch.writeInt16BE(zstd ? ZSTD : 0, 21)
  batch.writeInt32BE(records.count - 1, 23)
  batch.writeBigInt64BE(BigInt(at), 27)
  batch.writeBigInt64BE(BigInt(at), 35)
  batch.writeBigInt64BE(stamp.producerId, 43)
  batch.writeInt16BE(stamp.producerEpoch, 51)
  batch.writeInt32BE(stamp.firstSequence, 53)
  batch.writeInt32BE(records.count, 57)
  body.copy(batch, HEADER_BYTES)
  batch.writeUInt32BE(crc32c(batch, CHECKED_AT), CRC_AT)
  return batch
}

export type StoredBatch = {
  readonly firstOffset: number
  readonly lastOffset: number
  /** Records that are there: fewer than offsets where a compaction took some. */
  readonly count: number
  /** A transaction's marker: no records for readers. */
  readonly control: boolean
  /** The whole batch as the broker gave it. */
  readonly bytes: Buffer
}

/** The batch that starts at `at`, or null when it is not there to its end: a broker cuts what it sends at a size. */
export function readBatch(bytes: Buffer, at: number): StoredBatch | null {
  if (bytes.length - at < HEADER_BYTES) return null
  const end = at + PREFIX_BYTES + bytes.readInt32BE(at + 8)
  if (end > bytes.length) return null
  const batch = bytes.subarray(at, end)
  const firstOffset = Number(batch.readBigInt64BE(0))
  assert(batch.readInt8(16) === MAGIC, `record batch of another version at offset ${firstOffset}`)
  assert(
    batch.readUInt32BE(CRC_AT) === crc32c(batch, CHECKED_AT),
    `damaged record batch at offset ${firstOffset}`,
  )
  return {
    firstOffset,
    lastOffset: firstOffset + batch.readInt32BE(23),
    count: batch.readInt32BE(57),
    control: (batch.readInt16BE(21) & CONTROL) !== 0,
    bytes: batch,
  }
}

/** Offsets and values of a batch's records, in order; a value that is null (a deletion's mark) is left out. */
export function readRecords(
  { bytes, firstOffset, count }: StoredBatch,
  hear: (offset: number, value: string) => void,
): void {
  const records = uncompressed(bytes)
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = records[at++] as number
      value |= (byte & 127) << shift
      if (byte < 128) return (value >>> 1) ^ -(value & 1)
    }
  }
  const skipVarint = (): void => {
    while ((records[at++] as number) >= 128);
  }
  for (let i = 0; i < count; i++) {
    const end = varint() + at
    at++
    skipVarint()
    const offset = firstOffset + varint()
    const keyLength = varint()
    at += Math.max(keyLength, 0)
    const length = varint()
    if (length >= 0) hear(offset, records.toString('utf8', at, at + length))
    at = end
  }
}

function uncompressed(batch: Buffer): Buffer {
  const codec = batch.readInt16BE(21) & CODECS
  const body = batch.subarray(HEADER_BYTES)
  if (codec === 0) return body
  if (codec === ZSTD) return zstdDecompressSync(body)
  assert(codec === GZIP, `record batches compressed by codec ${codec} are not read: use zstd, gzip or none`)
  return gunzipSync(body)
}
