/** A growing buffer for column bytes: little-endian numbers, varints and strings as ClickHouse's `Native` wants them. */

export class ByteWriter {
  bytes: Buffer
  at = 0
  constructor(capacity = 1 << 16) {
    this.bytes = Buffer.allocUnsafe(capacity)
  }

  /** Makes room for `size` more bytes. */
  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + size))
    this.bytes.copy(grown, 0, 0, this.at)
    this.bytes = grown
  }

  varint(value: number): void {
    this.reserve(10)
    let rest = value
    while (rest >= 128) {
      this.bytes[this.at++] = (rest & 127) | 128
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.at++] = rest
  }

  u64(value: number): void {
    this.reserve(8)
    this.bytes.writeUInt32LE(value >>> 0, this.at)
    this.bytes.writeUInt32LE(Math.floor(value / 4294967296), this.at + 4)
    this.at += 8
  }

  /** The first `count` numbers, each in `width` bytes. */
  unsigned(numbers: Uint32Array, count: number, width: number): void {
    this.reserve(count * width)
    const { bytes } = this
    let { at } = this
    for (let i = 0; i < count; i++) {
      const value = numbers[i] as number
      bytes[at++] = value
      if (width > 1) bytes[at++] = value >>> 8
      if (width > 2) {
        bytes[at++] = value >>> 16
        bytes[at++] = value >>> 24
      }
    }
    this.at = at
  }

  /** Length as varint, then UTF-8. A few ASCII characters are written faster here than by a call into the runtime. */
  string(text: string): void {
    const { length } = text
    this.reserve(length * 3 + 10)
    const { bytes } = this
    if (length <= 12) {
      let at = this.at + 1
      let i = 0
      for (; i < length; i++) {
        const code = text.charCodeAt(i)
        if (code > 127) break
        bytes[at++] = code
      }
      if (i === length) {
        bytes[this.at] = length
        this.at = at
        return
      }
    }
    if (length * 3 < 128) {
      const size = bytes.write(text, this.at + 1)
      bytes[this.at] = size
      this.at += 1 + size
      return
    }
    this.varint(Buffer.byteLength(text))
    this.at += bytes.write(text, this.at)
  }

  /** The same byte `count` times. */
  fill(byte: number, count: number): void {
    this.reserve(count)
    this.bytes.fill(byte, this.at, this.at + count)
    this.at += count
  }

  /** Bytes written before, once more. Few are copied faster here than by a call into the runtime. */
  again(start: number, size: number): void {
    this.reserve(size)
    const { bytes } = this
    let at = this.at
    if (size > 64) bytes.copyWithin(at, start, start + size)
    else for (let i = start; i < start + size; i++) bytes[at++] = bytes[i] as number
    this.at += size
  }

  /** What was written since `start`, until it stands there `times` times. */
  repeat(start: number, times: number): void {
    const size = this.at - start
    const end = start + size * times
    this.reserve(end - this.at)
    const { bytes } = this
    if (size === 1) bytes.fill(bytes[start] as number, this.at, end)
    else if (end - start <= 256) for (let at = this.at; at < end; at++) bytes[at] = bytes[at - size] as number
    else
      for (let { at } = this; at < end; ) {
        const copied = Math.min(at - start, end - at)
        bytes.copyWithin(at, start, start + copied)
        at += copied
      }
    this.at = end
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /** Appends what was written to another writer and begins anew. */
  moveTo(out: ByteWriter): void {
    out.reserve(this.at)
    this.bytes.copy(out.bytes, out.at, 0, this.at)
    out.at += this.at
    this.at = 0
  }

  /** What was written, in place: the next to write overwrites it. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.at)
  }
}

/** Reads what ByteWriter writes. */
export class ByteReader {
  readonly bytes: Buffer
  at: number
  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
  }

  get done(): boolean {
    return this.at >= this.bytes.length
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.bytes[this.at++] as number
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }

  u64(): number {
    const low = this.bytes.readUInt32LE(this.at)
    const high = this.bytes.readUInt32LE(this.at + 4)
    this.at += 8
    return high * 4294967296 + low
  }

  i64(): number {
    const low = this.bytes.readUInt32LE(this.at)
    const high = this.bytes.readInt32LE(this.at + 4)
    this.at += 8
    return high * 4294967296 + low
  }

  string(): string {
    const length = this.varint()
    const text = this.bytes.toString('utf8', this.at, this.at + length)
    this.at += length
    return text
  }

  /** A copy of the next bytes, aligned for a typed array. */
  slice(size: number): ArrayBuffer {
    const out = new Uint8Array(size)
    out.set(this.bytes.subarray(this.at, this.at + size))
    this.at += size
    return out.buffer
  }
}
