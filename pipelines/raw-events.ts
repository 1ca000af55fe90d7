/**
 * Finds in the bytes of a batch the bytes of each of its events, exactly as received. Only for batches that hold what is
 * set aside: everything else is parsed once and never looked at again.
 */
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN = new Set([0x5b, 0x7b])
const CLOSE = new Set([0x5d, 0x7d])
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d])
const EVENTS = '"events"'

/** Index behind the closing quote of the string that begins at `at`. */
function endOfString(bytes: Uint8Array, at: number): number {
  let i = at + 1
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1
  return i + 1
}
function skipSpace(bytes: Uint8Array, at: number): number {
  let i = at
  while (SPACE.has(bytes[i] as number)) i++
  return i
}

/** The elements of the array that begins at `at`, without the space around them. */
function elementsOf(bytes: Uint8Array, at: number): Uint8Array[] {
  const elements: Uint8Array[] = []
  let depth = 0
  let from = skipSpace(bytes, at + 1)
  const take = (to: number): void => {
    let end = to
    while (end > from && SPACE.has(bytes[end - 1] as number)) end--
    if (end > from) elements.push(bytes.subarray(from, end))
  }
  for (let i = from; i < bytes.length; ) {
    const byte = bytes[i] as number
    if (byte === QUOTE) {
      i = endOfString(bytes, i)
      continue
    }
    if (CLOSE.has(byte) && depth === 0) {
      take(i)
      break
    }
    if (OPEN.has(byte)) depth++
    else if (CLOSE.has(byte)) depth--
    else if (byte === COMMA && depth === 0) {
      take(i)
      from = skipSpace(bytes, i + 1)
    }
    i++
  }
  return elements
}

/** Where the array `events` of the batch begins: the last one of that name, as when JSON is parsed. */
function findEvents(bytes: Uint8Array): number {
  let found = -1
  let depth = 0
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i] as number
    if (byte !== QUOTE) {
      if (OPEN.has(byte)) depth++
      else if (CLOSE.has(byte)) depth--
      i++
      continue
    }
    const end = endOfString(bytes, i)
    if (depth === 1 && Buffer.from(bytes.subarray(i, end)).toString('latin1') === EVENTS) {
      const colon = skipSpace(bytes, end)
      const value = skipSpace(bytes, colon + 1)
      if (bytes[colon] === 0x3a && bytes[value] === 0x5b) found = value
    }
    i = end
  }
  return found
}

/** The bytes of each event of a batch that is JSON; null when they are not `count`: its name was spelled another way. */
export function rawEvents(bytes: Uint8Array, count: number): readonly Uint8Array[] | null {
  const at = findEvents(bytes)
  if (at < 0) return null
  const elements = elementsOf(bytes, at)
  return elements.length === count ? elements : null
}
