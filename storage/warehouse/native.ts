/**
 * ClickHouse's `Native` format: blocks of columns. Events become a block the engine reads as it is; blocks and query
 * answers become rows or typed columns again. Format: https://clickhouse.com/docs/interfaces/formats/Native
 */
import type { Column } from '#events/define.ts'
import { ByteReader, ByteWriter } from '#storage/warehouse/bytes.ts'
import { readColumn } from '#storage/warehouse/native-read.ts'
import { writerOf } from '#storage/warehouse/native-write.ts'
import type { ColumnSet } from '#storage/warehouse/warehouse.ts'

export type NativeColumn = { readonly name: string; readonly type: string }
type Fields = { readonly [field: string]: unknown }

/** Encodes rows of a fixed set of columns; keeps its buffer between calls. */
export type BlockEncoder = {
  /** `partition` and `firstOffset` fill the position columns; row i has offset firstOffset + i. */
  encode(rows: readonly Fields[], partition: number, firstOffset: number): Uint8Array
}

export function createBlockEncoder(columns: readonly Column[]): BlockEncoder {
  const writers = columns.map(({ name, type }) => ({ head: headOf(name, type), write: writerOf(type, name) }))
  const out = new ByteWriter()
  return {
    encode: (rows, partition, firstOffset) => {
      out.at = 0
      out.varint(writers.length + 2)
      out.varint(rows.length)
      for (const { head, write } of writers) {
        out.raw(head)
        write(rows, out)
      }
      writePositions(out, rows.length, partition, firstOffset)
      return out.take()
    },
  }
}

function headOf(name: string, type: string): Uint8Array {
  const out = new ByteWriter(256)
  out.string(name)
  out.string(type)
  return out.take()
}

function writePositions(out: ByteWriter, count: number, partition: number, firstOffset: number): void {
  out.string('logPartition')
  out.string('UInt16')
  out.reserve(count * 2)
  for (let i = 0; i < count; i++) {
    out.bytes[out.at++] = partition
    out.bytes[out.at++] = partition >>> 8
  }
  out.string('logOffset')
  out.string('UInt64')
  for (let i = 0; i < count; i++) out.u64(firstOffset + i)
}

/** Encodes rows of any columns as one block, without positions: for tables that are not streams. */
export function encodeRows(columns: readonly NativeColumn[], rows: readonly Fields[]): Uint8Array {
  const out = new ByteWriter()
  out.varint(columns.length)
  out.varint(rows.length)
  for (const { name, type } of columns) {
    out.string(name)
    out.string(type)
    writerOf(type, name)(rows, out)
  }
  return out.take()
}

export type DecodedColumn = NativeColumn & { readonly values: ArrayLike<unknown> }
export type DecodedBlock = { readonly rows: number; readonly columns: readonly DecodedColumn[] }

/** Every block in the bytes. 64-bit integers and DateTime64 come as numbers. */
export function decodeBlocks(bytes: Uint8Array): DecodedBlock[] {
  const reader = new ByteReader(bytes)
  const blocks: DecodedBlock[] = []
  while (!reader.done) {
    const width = reader.varint()
    const rows = reader.varint()
    const columns: DecodedColumn[] = []
    for (let i = 0; i < width; i++) {
      const name = reader.string()
      const type = reader.string()
      columns.push({ name, type, values: rows === 0 ? [] : readColumn(reader, type, rows) })
    }
    blocks.push({ rows, columns })
  }
  return blocks
}

/** Rows as objects; null fields are left out, as in the event that was appended. */
export function decodeRows<T extends Fields>(bytes: Uint8Array): T[] {
  const out: T[] = []
  for (const { rows, columns } of decodeBlocks(bytes)) {
    for (let i = 0; i < rows; i++) {
      const row: Record<string, unknown> = {}
      for (const { name, values } of columns) {
        const value = values[i]
        if (value !== null) row[name] = value
      }
      out.push(row as T)
    }
  }
  return out
}

type Numbers =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Uint16Array
  | Uint8Array
  | Int8Array
  | Int16Array

/** The blocks of an answer joined column by column. */
export function joinColumns(bytes: Uint8Array): ColumnSet {
  const blocks = decodeBlocks(bytes)
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0)
  const columns: Record<string, ArrayLike<number> | readonly unknown[]> = {}
  blocks[0]?.columns.forEach(({ name }, i) => {
    const parts = blocks.filter((block) => block.rows > 0).map((block) => block.columns[i]?.values ?? [])
    columns[name] = joinParts(parts, rows)
  })
  return { rows, columns }
}

function joinParts(
  parts: readonly ArrayLike<unknown>[],
  rows: number,
): ArrayLike<number> | readonly unknown[] {
  const [first] = parts
  if (first === undefined) return []
  if (parts.length === 1) return first as readonly unknown[]
  if (!ArrayBuffer.isView(first)) return parts.flatMap((part) => part as unknown[])
  const joined = new (first.constructor as new (length: number) => Numbers)(rows)
  let at = 0
  for (const part of parts) {
    joined.set(part as ArrayLike<number>, at)
    at += part.length
  }
  return joined
}
