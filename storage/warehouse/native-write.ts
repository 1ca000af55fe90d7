/** Column writers of the `Native` format, one kind of type each, chosen once per column. */
import { assert } from '#base/assert.ts'
import type { ByteWriter } from '#storage/warehouse/bytes.ts'

type Fields = { readonly [field: string]: unknown }
/** Writes field `name` of every row as one column. */
export type ColumnWriter = (rows: readonly Fields[], out: ByteWriter) => void
type ValuesWriter = (values: readonly unknown[], out: ByteWriter) => void

const inner = (type: string): string => type.slice(type.indexOf('(') + 1, -1)

export function writerOf(type: string, name: string): ColumnWriter {
  const write = valuesWriter(type)
  return (rows, out) => {
    const values = new Array<unknown>(rows.length)
    for (let i = 0; i < rows.length; i++) values[i] = (rows[i] as Fields)[name]
    write(values, out)
  }
}

function valuesWriter(type: string): ValuesWriter {
  if (type.startsWith('Nullable(')) return nullable(inner(type))
  if (type === 'LowCardinality(String)') return lowCardinality(false)
  if (type === 'LowCardinality(Nullable(String))') return lowCardinality(true)
  if (type.startsWith('Array(')) return array(inner(type))
  return scalar(type)
}

function scalar(type: string): ValuesWriter {
  if (type === 'String') return writeStrings
  if (type === 'UInt64' || type.startsWith('DateTime64(')) return writeU64
  switch (type) {
    case 'Bool':
    case 'UInt8':
      return fixed(1, (bytes, value, at) => {
        bytes[at] = Number(value)
      })
    case 'UInt16':
      return fixed(2, (bytes, value, at) => bytes.writeUInt16LE(value, at))
    case 'UInt32':
      return fixed(4, (bytes, value, at) => bytes.writeUInt32LE(value, at))
    case 'Float32':
      return fixed(4, (bytes, value, at) => bytes.writeFloatLE(value, at))
    case 'Float64':
      return fixed(8, (bytes, value, at) => bytes.writeDoubleLE(value, at))
    default:
      assert(false, `no writer for column type ${type}`)
  }
}

function fixed(size: number, put: (bytes: Buffer, value: number, at: number) => unknown): ValuesWriter {
  return (values, out) => {
    out.reserve(values.length * size)
    const { bytes } = out
    let at = out.at
    for (let i = 0; i < values.length; i++) {
      put(bytes, (values[i] ?? 0) as number, at)
      at += size
    }
    out.at = at
  }
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
      out.reserve(size)
      out.bytes.copyWithin(out.at, start, start + size)
      start = out.at
      out.at += size
      continue
    }
    start = out.at
    out.string((value ?? '') as string)
    size = out.at - start
    previous = value
  }
}

function nullable(type: string): ValuesWriter {
  const write = scalar(type)
  return (values, out) => {
    out.reserve(values.length)
    const { bytes } = out
    for (let i = 0; i < values.length; i++) bytes[out.at++] = values[i] == null ? 1 : 0
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
  if (width === 0) out.raw(Uint8Array.from(indexes))
  else if (width === 1) out.raw(new Uint8Array(Uint16Array.from(indexes).buffer))
  else out.raw(new Uint8Array(indexes.buffer))
}

/** Ends of each row's items, then all items as one column. A dictionary's version stands before the ends. */
function array(type: string): ValuesWriter {
  const words = type === 'LowCardinality(String)'
  const write: ValuesWriter = words ? (values, out) => writeDictionary(values, false, out) : scalar(type)
  return (values, out) => {
    if (words) out.u64(SHARED_DICTIONARIES)
    const items: unknown[] = []
    for (const value of values) {
      if (value != null) for (const item of value as unknown[]) items.push(item)
      out.u64(items.length)
    }
    if (items.length > 0) write(items, out)
  }
}
