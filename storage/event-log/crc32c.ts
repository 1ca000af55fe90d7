/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), eight bytes a step: the checksum of Kafka's record batches. */

const POLYNOMIAL = 0x82f63b78
const STEP = 8

/** Table k says what a byte does to the checksum of k more bytes behind it. */
const tables = Array.from({ length: STEP }, () => new Uint32Array(256))
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
]
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  t0[byte] = crc
}
for (let k = 1; k < STEP; k++) {
  const shorter = tables[k - 1] as Uint32Array
  const longer = tables[k] as Uint32Array
  for (let byte = 0; byte < 256; byte++) {
    const crc = shorter[byte] as number
    longer[byte] = (t0[crc & 255] as number) ^ (crc >>> 8)
  }
}

/** The checksum of `bytes` from `start` to `end`. */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  let crc = -1
  let at = start
  const after = (table: Uint32Array, index: number): number => table[index & 255] as number
  for (const whole = end - STEP; at <= whole; at += STEP) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    crc =
      after(t7, crc) ^
      after(t6, crc >>> 8) ^
      after(t5, crc >>> 16) ^
      after(t4, crc >>> 24) ^
      after(t3, bytes[at + 4] as number) ^
      after(t2, bytes[at + 5] as number) ^
      after(t1, bytes[at + 6] as number) ^
      after(t0, bytes[at + 7] as number)
  }
  for (; at < end; at++) crc = after(t0, crc ^ (bytes[at] as number)) ^ (crc >>> 8)
  return ~crc >>> 0
}
