/** Column readers of the `Native` format: numbers as typed arrays, everything else as plain arrays. */
import { assert } from '#base/assert.ts'
import type { ByteReader } from '#storage/warehouse/bytes.ts'

const inner = (type: string): string => type.slice(type.indexOf('(') + 1, -1)

export function readColumn(reader: ByteReader, type: string, rows: number): ArrayLike<unknown> {
  readPrefix(reader, type)
  return readValues(reader, type, rows)
}

/** Versions of dictionaries stand before the column's data, however deep they are. */
function readPrefix(reader: ByteReader, type: string): void {
  if (type.startsWith('LowCardinality(')) reader.u64()
  else if (type.startsWith('Array(')) readPrefix(reader, inner(type))
}

function readValues(reader: ByteReader, type: string, rows: number): ArrayLike<unknown> {
  if (type.startsWith('Nullable(')) return readNullable(reader, inner(type), rows)
  if (type.startsWith('LowCardinality(')) return readDictionary(reader, inner(type), rows)
  if (type.startsWith('Array(')) return readArrays(reader, inner(type), rows)
  return readScalars(reader, type, rows)
}

function readNullable(reader: ByteReader, type: string, rows: number): unknown[] {
  const nulls = new Uint8Array(reader.slice(rows))
  const values = readScalars(reader, type, rows)
  return Array.from({ length: rows }, (_, i) => (nulls[i] === 1 ? null : values[i]))
}

function readArrays(reader: ByteReader, type: string, rows: number): unknown[] {
  const ends = Array.from({ length: rows }, () => reader.u64())
  const total = ends.at(-1) ?? 0
  const items = total === 0 ? [] : Array.from(readValues(reader, type, total))
  return ends.map((end, i) => items.slice(i === 0 ? 0 : ends[i - 1], end))
}

function readDictionary(reader: ByteReader, type: string, rows: number): unknown[] {
  const width = reader.u64() & 0xff
  const nullableKeys = type.startsWith('Nullable(')
  const size = reader.u64()
  const keys: unknown[] = Array.from(readScalars(reader, nullableKeys ? inner(type) : type, size))
  if (nullableKeys) keys[0] = null
  const count = reader.u64()
  assert(count === rows, 'a dictionary column has another number of rows than its block')
  const bytes = reader.slice(rows * (1 << width))
  const indexes =
    width === 0 ? new Uint8Array(bytes) : width === 1 ? new Uint16Array(bytes) : new Uint32Array(bytes)
  return Array.from(indexes, (index) => keys[index])
}

function readScalars(reader: ByteReader, type: string, rows: number): ArrayLike<unknown> {
  if (type.startsWith('DateTime64(') || type === 'Int64')
    return Float64Array.from({ length: rows }, () => reader.i64())
  if (type.startsWith('DateTime')) return new Uint32Array(reader.slice(rows * 4))
  if (type.startsWith('Enum8')) return readEnum(reader, type, rows)
  switch (type) {
    case 'String':
      return Array.from({ length: rows }, () => reader.string())
    case 'UInt64':
      return Float64Array.from({ length: rows }, () => reader.u64())
    case 'Bool':
      return Array.from(new Uint8Array(reader.slice(rows)), (value) => value === 1)
    case 'UInt8':
      return new Uint8Array(reader.slice(rows))
    case 'Int8':
      return new Int8Array(reader.slice(rows))
    case 'UInt16':
    case 'Date':
      return new Uint16Array(reader.slice(rows * 2))
    case 'Int16':
      return new Int16Array(reader.slice(rows * 2))
    case 'UInt32':
      return new Uint32Array(reader.slice(rows * 4))
    case 'Int32':
      return new Int32Array(reader.slice(rows * 4))
    case 'Float32':
      return new Float32Array(reader.slice(rows * 4))
    case 'Float64':
      return new Float64Array(reader.slice(rows * 8))
    default:
      assert(false, `no reader for column type ${type}`)
  }
}

function readEnum(reader: ByteReader, type: string, rows: number): string[] {
  const words = new Map(
    [...type.matchAll(/'([^']*)' = (-?\d+)/g)].map(([, word, value]) => [Number(value), word ?? '']),
  )
  return Array.from(new Int8Array(reader.slice(rows)), (value) => words.get(value) ?? '')
}
