/** Identifiers: UUIDv7 (RFC 9562), time-ordered, made from a clock and bytes handed in. Browser-safe. */
const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

const cryptoBytes = (bytes: Uint8Array<ArrayBuffer>): Uint8Array => globalThis.crypto.getRandomValues(bytes)

/**
 * A UUIDv7 whose first 48 bits are `at` (epoch ms) and whose remaining bits come from `fill`.
 * Two ids of one millisecond are not ordered.
 */
export function uuidv7(
  at: number = Date.now(),
  fill: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = cryptoBytes,
): string {
  const b = fill(new Uint8Array(16))
  const high = Math.floor(at / 0x100000000)
  const low = at >>> 0
  b[0] = (high >>> 8) & 255
  b[1] = high & 255
  b[2] = low >>> 24
  b[3] = (low >>> 16) & 255
  b[4] = (low >>> 8) & 255
  b[5] = low & 255
  b[6] = 0x70 | ((b[6] as number) & 0x0f)
  b[8] = 0x80 | ((b[8] as number) & 0x3f)
  let out = ''
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) out += '-'
    out += HEX[b[i] as number]
  }
  return out
}

/** 32-bit FNV-1a of the string's UTF-16 code units: a stable spread of keys over partitions and buckets. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  return hash >>> 0
}
