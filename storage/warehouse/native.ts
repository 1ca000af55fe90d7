/**
 * ClickHouse's `Native` format: blocks of columns. Events become a block the engine reads as it is; blocks and query
 * answers become rows or typed columns again. Format: https://clickhouse.com/docs/interfaces/formats/Native
 */
import type { Column } from '#events/define.ts'
import { type ColumnRun, type EventRun, type Fields, runOf } from '#events/run.ts'
import { ByteReader, ByteWriter } from '#storage/warehouse/bytes.ts'
import { writeRepeated } from '#storage/warehouse/native-dictionary.ts'
import { readColumn } from '#storage/warehouse/native-read.ts'
import { builderOf } from '#storage/warehouse/native-write.ts'
import type { ColumnSet } from '#storage/warehouse/warehouse.ts'

/** The offset of the first row, where the rows are neighbours, or one for each. */
export type Offsets = number | readonly number[]

export type NativeColumn = { readonly name: string; readonly type: string }

/** Gathers events column by column as they come, so that nothing holds on to them until their block is written. */
export type BlockBuilder = {
  add(run: EventRun): void
  addColumns(run: ColumnRun): void
  /** Events gathered. */
  count(): number
  /** Bytes gathered, about. */
  size(): number
  /**
   * The block of all that was added, and begins a new one. `logId`, `partition` and `offsets` fill the position columns;
   * where `offsets` is a number, row i has that plus i. The bytes stand in a buffer of the builder until the next block
   * is taken.
   */
  take(partition: number, offsets: Offsets, logId?: string): Uint8Array
}

export function createBlockBuilder(columns: readonly Column[]): BlockBuilder {
  const builders = columns.map(({ name, type }) => builderOf(type, name))
  const heads = columns.map(({ name, type }) => headOf(name, type))
  const masks = new WeakMap<ReadonlySet<string>, readonly boolean[]>()
  const everything = columns.map(() => true)
  const maskOf = (said: ReadonlySet<string> | null): readonly boolean[] => {
    if (said === null) return everything
    let mask = masks.get(said)
    if (mask === undefined) {
      mask = columns.map(({ name }) => said.has(name))
      masks.set(said, mask)
    }
    return mask
  }
  const out = new ByteWriter()
  let count = 0
  return {
    add: (run) => {
      const mask = maskOf(run.said)
      for (let i = 0; i < builders.length; i++) builders[i]?.add(run, mask[i] as boolean)
      count += run.own.length
    },
    addColumns: ({ shared, said, count: more }) => {
      for (const [i, { name }] of columns.entries())
        builders[i]?.addValues(shared[name], said.get(name), more)
      count += more
    },
    count: () => count,
    size: () => {
      let size = 0
      for (const builder of builders) size += builder.size()
      return size
    },
    take: (partition, offsets, logId = '') => {
      out.at = 0
      out.varint(builders.length + 3)
      out.varint(count)
      for (const [i, builder] of builders.entries()) {
        out.raw(heads[i] as Uint8Array)
        builder.flush(out)
      }
      writePositions(out, count, { partition, offsets, logId })
      count = 0
      return out.written()
    },
  }
}

/** Whole events as one block. */
export function encodeBlock(
  columns: readonly Column[],
  events: readonly Fields[],
  partition: number,
  offsets: Offsets,
  logId = '',
): Uint8Array {
  const builder = createBlockBuilder(columns)
  builder.add(runOf(events))
  return builder.take(partition, offsets, logId)
}

function headOf(name: string, type: string): Uint8Array {
  const out = new ByteWriter(name.length + type.length + 4)
  out.string(name)
  out.string(type)
  return out.written()
}

type Positions = { readonly partition: number; readonly offsets: Offsets; readonly logId: string }

/** `logOffset` stands last: the log reads the last offset of a block from its last bytes. */
function writePositions(out: ByteWriter, count: number, { partition, offsets, logId }: Positions): void {
  out.string('logId')
  out.string('LowCardinality(String)')
  writeRepeated(out, logId, count)
  out.string('logPartition')
  out.string('UInt16')
  out.reserve(count * 2)
  for (let i = 0; i < count; i++) {
    out.bytes[out.at++] = partition
    out.bytes[out.at++] = partition >>> 8
  }
  out.string('logOffset')
  out.string('UInt64')
  if (typeof offsets === 'number') for (let i = 0; i < count; i++) out.u64(offsets + i)
  else for (const offset of offsets) out.u64(offset)
}

/** Encodes rows of any columns as one block, without positions: for tables that are not streams. */
export function encodeRows(columns: readonly NativeColumn[], rows: readonly Fields[]): Uint8Array {
  const out = new ByteWriter()
  const run = runOf(rows)
  out.varint(columns.length)
  out.varint(rows.length)
  for (const { name, type } of columns) {
    out.string(name)
    out.string(type)
    const builder = builderOf(type, name)
    builder.add(run, true)
    builder.flush(out)
  }
  return out.written()
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

/** Some columns of one block; reading ends with the last of them. */
export function decodeColumns(
  block: Uint8Array,
  names: readonly string[],
): Readonly<Record<string, ArrayLike<unknown>>> {
  const reader = new ByteReader(block)
  const width = reader.varint()
  const rows = reader.varint()
  const columns: Record<string, ArrayLike<unknown>> = {}
  let missing = names.length
  for (let i = 0; i < width && missing > 0 && rows > 0; i++) {
    const name = reader.string()
    const values = readColumn(reader, reader.string(), rows)
    if (!names.includes(name)) continue
    columns[name] = values
    missing--
  }
  return columns
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
