/**
 * Blocks of the `Native` format joined without being decoded. The engine takes about a millisecond for a block of a
 * stream, however few its rows: what many players sent at once becomes many small ones.
 */
import { ByteReader, ByteWriter } from '#storage/warehouse/bytes.ts'
import { SHARED_DICTIONARIES, writeDictionary } from '#storage/warehouse/native-dictionary.ts'
import { widthOf } from '#storage/warehouse/native-values.ts'

/** Blocks with more rows than this are not worth copying. */
const LARGE_ROWS = 2000

type Part = { readonly bytes: Uint8Array; readonly columns: number; readonly rows: number }
/** What stands next in a part: so many values of a column. */
type Run = { readonly reader: ByteReader; readonly count: number }

const inner = (type: string): string => type.slice(type.indexOf('(') + 1, -1)

/** The same rows in the same order: small neighbours of the same columns in one block, large ones as they are. */
export function joinBlocks(blocks: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = []
  let small: Part[] = []
  const flush = (): void => {
    for (const bytes of joinParts(small)) joined.push(bytes)
    small = []
  }
  for (const bytes of blocks) {
    const reader = new ByteReader(bytes)
    const columns = reader.varint()
    const rows = reader.varint()
    if (rows <= LARGE_ROWS) small.push({ bytes, columns, rows })
    else {
      flush()
      joined.push(bytes)
    }
  }
  flush()
  return joined
}

function joinParts(parts: readonly Part[]): readonly Uint8Array[] {
  const [first] = parts
  const asTheyAre = parts.map(({ bytes }) => bytes)
  // A stream that got a new field has blocks without it still.
  if (first === undefined || parts.length === 1 || parts.some(({ columns }) => columns !== first.columns))
    return asTheyAre
  const out = new ByteWriter(parts.reduce((sum, { bytes }) => sum + bytes.length, 0))
  const runs = parts.map(({ bytes, rows }): Run => {
    const reader = new ByteReader(bytes)
    reader.varint()
    reader.varint()
    return { reader, count: rows }
  })
  out.varint(first.columns)
  out.varint(parts.reduce((sum, { rows }) => sum + rows, 0))
  for (let column = 0; column < first.columns; column++) {
    const [head, type] = headOf(runs[0] as Run)
    if (!runs.every(({ reader }, i) => i === 0 || skips(reader, head))) return asTheyAre
    out.raw(head)
    if (isWords(type)) {
      for (const { reader } of runs) reader.u64()
      out.u64(SHARED_DICTIONARIES)
    }
    joinValues(out, type, runs)
  }
  return [out.written()]
}

/** Name and type of the next column, and the bytes they stand in. */
function headOf({ reader }: Run): readonly [Uint8Array, string] {
  const from = reader.at
  reader.string()
  const type = reader.string()
  return [reader.bytes.subarray(from, reader.at), type]
}

/** Whether these bytes come next; passes them. */
function skips(reader: ByteReader, head: Uint8Array): boolean {
  const end = reader.at + head.length
  const isNext =
    reader.bytes.compare(head, 0, head.length, reader.at, Math.min(end, reader.bytes.length)) === 0
  reader.at = end
  return isNext
}

/** Columns, or arrays, of words have the version of their dictionaries before all else. */
const isWords = (type: string): boolean =>
  type.startsWith('LowCardinality(') || (type.startsWith('Array(') && isWords(inner(type)))

function joinValues(out: ByteWriter, type: string, runs: readonly Run[]): void {
  if (type.startsWith('Nullable(')) {
    for (const run of runs) copy(out, run, run.count)
    joinValues(out, inner(type), runs)
  } else if (type.startsWith('LowCardinality(')) joinWords(out, inner(type), runs)
  else if (type.startsWith('Array(')) joinArrays(out, inner(type), runs)
  else if (type === 'String') for (const run of runs) copy(out, run, sizeOfStrings(run))
  else for (const run of runs) copy(out, run, run.count * widthOf(type))
}

function copy(out: ByteWriter, { reader }: Run, size: number): void {
  out.raw(reader.bytes.subarray(reader.at, reader.at + size))
  reader.at += size
}

function sizeOfStrings({ reader, count }: Run): number {
  const from = reader.at
  for (let i = 0; i < count; i++) {
    const length = reader.varint()
    reader.at += length
  }
  const size = reader.at - from
  reader.at = from
  return size
}

/** Each part counts its items from 0. */
function joinArrays(out: ByteWriter, type: string, runs: readonly Run[]): void {
  let before = 0
  const items = runs.map(({ reader, count }): Run => {
    let own = 0
    for (let i = 0; i < count; i++) {
      own = reader.u64()
      out.u64(before + own)
    }
    before += own
    return { reader, count: own }
  })
  joinValues(
    out,
    type,
    items.filter(({ count }) => count > 0),
  )
}

/** Each part has a dictionary of its own; the first key of all is the default, with nulls null and then the default. */
function joinWords(out: ByteWriter, type: string, runs: readonly Run[]): void {
  const defaults = type.startsWith('Nullable(') ? 2 : 1
  const keys = Array.from({ length: defaults }, () => '')
  const indexOf = new Map([['', defaults - 1]])
  const indexes = new Uint32Array(runs.reduce((sum, { count }) => sum + count, 0))
  if (indexes.length === 0) return
  let at = 0
  for (const { reader } of runs) {
    const width = 1 << (reader.u64() & 0xff)
    const size = reader.u64()
    const own = new Uint32Array(size)
    for (let key = 0; key < size; key++) {
      const text = reader.string()
      if (key < defaults) {
        own[key] = key
        continue
      }
      let index = indexOf.get(text)
      if (index === undefined) {
        index = keys.push(text) - 1
        indexOf.set(text, index)
      }
      own[key] = index
    }
    const rows = reader.u64()
    for (let row = 0; row < rows; row++) {
      indexes[at++] = own[reader.bytes.readUIntLE(reader.at, width)] as number
      reader.at += width
    }
  }
  writeDictionary(out, keys, indexes, at)
}
