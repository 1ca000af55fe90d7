/** Column writers of the `Native` format, one kind of type each, chosen once per column. */
import { assert } from '#base/assert.ts'
import type { ByteWriter } from '#storage/warehouse/bytes.ts'

type Fields = { readonly [field: string]: unknown }
/** Writes field `name` of every row as one column. */
export type ColumnWriter = (rows: readonly Fields[], out: ByteWriter) => void
type ValuesWriter = (values: readonly unknown[], out: ByteWriter) => void

const inner = (type: string): string => type.slice(type.indexOf('(') + 1, -1)

/**
 * Each field is read by code of its own: the engine then remembers where the field stands in an event, which it cannot
 * when one loop reads every field of every stream.
 */
export function writerOf(type: string, name: string): ColumnWriter {
  const write = valuesWriter(type)
  // oxlint-disable-next-line typescript/no-implied-eval -- the name is quoted and comes from our own contract
  const gather = new Function(
    'rows',
    `const values = new Array(rows.length)
     for (let i = 0; i < rows.length; i++) values[i] = rows[i][${JSON.stringify(name)}]
     return values`,
  ) as (rows: readonly Fields[]) => unknown[]
  return (rows, out) => write(gather(rows), out)
}

function valuesWriter(type: string): ValuesWriter {
  if (type.startsWith('Nullable(')) return nullable(inner(type))
  if (type === 'LowCardinality(String)') return lowCardinality(false)
  if (type === 'LowCardinality(Nullable(String))') return lowCardinality(true)
  if (type.startsWith('Array(')) return array(inner(type))
  return scalar(type)
}

function scalar(type: string): ValuesWriter {
  if (type === 'UInt64' || type.startsWith('DateTime64(')) return writeU64
  switch (type) {
    case 'String':
      return writeStrings
    case 'Bool':
    case 'UInt8':
      return writeU8
    case 'UInt16':
      return writeU16
    case 'UInt32':
      return writeU32
    case 'Float32':
      return (values, out) => writeFloats(new Float32Array(values.length), values, out)
    case 'Float64':
      return (values, out) => writeFloats(new Float64Array(values.length), values, out)
    default:
      assert(false, `no writer for column type ${type}`)
  }
}

const writeU8: ValuesWriter = (values, out) => {
  out.reserve(values.length)
  const { bytes } = out
  let at = out.at
  for (let i = 0; i < values.length; i++) bytes[at++] = Number(values[i])
  out.at = at
}

const writeU16: ValuesWriter = (values, out) => {
  out.reserve(values.length * 2)
  const { bytes } = out
  let at = out.at
  for (let i = 0; i < values.length; i++) {
    const value = (values[i] ?? 0) as number
    bytes[at++] = value
    bytes[at++] = value >>> 8
  }
  out.at = at
}

const writeU32: ValuesWriter = (values, out) => {
  out.reserve(values.length * 4)
  const { bytes } = out
  let at = out.at
  for (let i = 0; i < values.length; i++) {
    const value = (values[i] ?? 0) as number
    bytes[at] = value
    bytes[at + 1] = value >>> 8
    bytes[at + 2] = value >>> 16
    bytes[at + 3] = value >>> 24
    at += 4
  }
  out.at = at
}

function writeFloats(
  numbers: Float32Array | Float64Array,
  values: readonly unknown[],
  out: ByteWriter,
): void {
  for (let i = 0; i < values.length; i++) numbers[i] = (values[i] ?? 0) as number
  out.raw(new Uint8Array(numbers.buffer))
}

const writeU64: ValuesWriter = (values, out) => {
  out.reserve(values.length * 8)
  const { bytes } = out
  let at = out.at
  for (let i = 0; i < values.length; i++) {
    const value = (values[i] ?? 0) as number
    const low = value >>> 0
    const high = (value / 4294967296) >>> 0
    bytes[at] = low
    bytes[at + 1] = low >>> 8
    bytes[at + 2] = low >>> 16
    bytes[at + 3] = low >>> 24
    bytes[at + 4] = high
    bytes[at + 5] = high >>> 8
    bytes[at + 6] = high >>> 16
    bytes[at + 7] = high >>> 24
    at += 8
  }
  out.at = at
}

/** Neighbours are often equal (one view, one title): then the bytes just written are copied. */
const writeStrings: ValuesWriter = (values, out) => {
  let previous: unknown
  let start = 0
  let size = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (i > 0 && value === previous) {
      out.again(start, size)
      continue
    }
    start = out.at
    out.string((value ?? '') as string)
    size = out.at - start
    previous = value
  }
}

const isNothing = (value: unknown): boolean => value == null
/** Bytes of the default that stands in for a null: of text, its length. */
const widthOf = (type: string): number =>
  type === 'String'
    ? 1
    : type === 'Bool'
      ? 1
      : type.startsWith('DateTime64(')
        ? 8
        : Number(/\d+$/.exec(type)) / 8

function nullable(type: string): ValuesWriter {
  const write = scalar(type)
  const width = widthOf(type)
  return (values, out) => {
    const { length } = values
    // Most fields that may be empty are, in every event of a block.
    if (values.every(isNothing)) {
      out.fill(1, length)
      out.fill(0, length * width)
      return
    }
    out.reserve(length)
    const { bytes } = out
    let at = out.at
    for (let i = 0; i < length; i++) bytes[at++] = values[i] == null ? 1 : 0
    out.at = at
    write(values, out)
  }
}

const SHARED_DICTIONARIES = 1
const HAS_KEYS = 0x200
const UPDATES_KEYS = 0x400

/** Dictionary first, then one index a row. Key 0 is the empty default; with nulls, key 0 is null and 1 the default. */
function lowCardinality(withNulls: boolean): ValuesWriter {
  return (values, out) => {
    out.u64(SHARED_DICTIONARIES)
    writeDictionary(values, withNulls, out)
  }
}

function writeDictionary(values: readonly unknown[], withNulls: boolean, out: ByteWriter): void {
  const keys: string[] = withNulls ? ['', ''] : ['']
  const indexOf = new Map<unknown, number>([['', keys.length - 1]])
  const indexes = new Uint32Array(values.length)
  let previous: unknown
  let index = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (i === 0 || value !== previous) {
      if (value == null) index = 0
      else {
        const known = indexOf.get(value)
        index = known ?? keys.push(value as string) - 1
        if (known === undefined) indexOf.set(value, index)
      }
      previous = value
    }
    indexes[i] = index
  }
  const width = keys.length <= 256 ? 0 : keys.length <= 65_536 ? 1 : 2
  out.u64(width + HAS_KEYS + UPDATES_KEYS)
  out.u64(keys.length)
  for (const key of keys) out.string(key)
  out.u64(values.length)
  if (width === 0) out.raw(new Uint8Array(indexes))
  else if (width === 1) out.raw(new Uint8Array(new Uint16Array(indexes).buffer))
  else out.raw(new Uint8Array(indexes.buffer))
}

const isEmpty = (value: unknown): boolean => value == null || (value as unknown[]).length === 0

/** Ends of each row's items, then all items as one column. A dictionary's version stands before the ends. */
function array(type: string): ValuesWriter {
  const words = type === 'LowCardinality(String)'
  const write: ValuesWriter = words ? (values, out) => writeDictionary(values, false, out) : scalar(type)
  return (values, out) => {
    if (words) out.u64(SHARED_DICTIONARIES)
    const items: unknown[] = []
    if (values.every(isEmpty)) {
      out.fill(0, values.length * 8)
      return
    }
    for (const value of values) {
      if (value != null) for (const item of value as unknown[]) items.push(item)
      out.u64(items.length)
    }
    if (items.length > 0) write(items, out)
  }
}
