/** Column builders of the `Native` format, one kind of type each, chosen once per column. */
import { assert } from '#base/assert.ts'
import type { ColumnValues, EventRun } from '#events/run.ts'
import { ByteWriter } from '#storage/warehouse/bytes.ts'
import { dictionary, dictionaryBody, SHARED_DICTIONARIES } from '#storage/warehouse/native-dictionary.ts'
import {
  type Kind,
  NULL,
  type Numbers,
  numbersIn,
  readerOf,
  SAID,
  valuesIn,
  widthOf,
} from '#storage/warehouse/native-values.ts'

/** Gathers one column, run by run. */
export type ColumnBuilder = {
  /** Adds field by field what the events of a run hold; `isSaid` when they may say the field themselves. */
  add(run: EventRun, isSaid: boolean): void
  /** Adds `count` values: the shared one where none is said. */
  addValues(shared: unknown, said: ColumnValues | undefined, count: number): void
  /** Writes the column and begins a new one. */
  flush(out: ByteWriter): void
  /** Bytes gathered. */
  size(): number
}

const inner = (type: string): string => type.slice(type.indexOf('(') + 1, -1)
const FIRST_BYTES = 1024

export function builderOf(type: string, name: string): ColumnBuilder {
  const kind = kindOf(type)
  const read = readerOf(name)
  // What neighbours hold together is taken once, however many runs it goes on.
  let held: unknown
  let times = 0
  const takeHeld = (): void => {
    if (times > 0) kind.same(held, times)
    times = 0
  }
  const hold = (value: unknown, count: number): void => {
    if (value !== held) takeHeld()
    held = value
    times += count
  }
  return {
    add: ({ shared, own }, isSaid) => {
      const value = read.shared(shared)
      if (!isSaid) return hold(value, own.length)
      takeHeld()
      kind.each(read, own, value)
    },
    addValues: (shared, said, count) => {
      if (said === undefined) return hold(shared, count)
      takeHeld()
      kind.column(said, shared, count)
    },
    flush: (out) => {
      takeHeld()
      kind.flush(out)
    },
    size: kind.size,
  }
}

function kindOf(type: string): Kind {
  if (type.startsWith('Nullable(')) return nullable(inner(type))
  if (type === 'LowCardinality(String)') return dictionary(false)
  if (type === 'LowCardinality(Nullable(String))') return dictionary(true)
  if (type.startsWith('Array(')) return arrays(inner(type))
  return plain(type)
}

const plain = (type: string): Kind => (type === 'String' ? strings() : numbers(type))

const numberOf = (value: unknown): number => Number(value ?? 0)

/** Numbers of fixed width as this machine holds them, which is as the format wants them: little-endian. */
function numbers(type: string): Kind {
  if (type === 'UInt64' || type === 'Int64' || type.startsWith('DateTime64(')) return wideNumbers()
  switch (type) {
    case 'Bool':
    case 'UInt8':
      return narrowNumbers((size) => new Uint8Array(size))
    case 'UInt16':
      return narrowNumbers((size) => new Uint16Array(size))
    case 'UInt32':
      return narrowNumbers((size) => new Uint32Array(size))
    case 'Float32':
      return narrowNumbers((size) => new Float32Array(size))
    case 'Float64':
      return narrowNumbers((size) => new Float64Array(size))
    default:
      assert(false, `no writer for column type ${type}`)
  }
}

const FIRST_ROWS = 256

function narrowNumbers<N extends Numbers>(make: (size: number) => N): Kind {
  let data = make(FIRST_ROWS)
  let count = 0
  const reserve = (more: number): void => {
    if (count + more <= data.length) return
    const grown = make((count + more) * 2)
    grown.set(data)
    data = grown
  }
  return {
    same: (value, times) => {
      reserve(times)
      data.fill(numberOf(value), count, count + times)
      count += times
    },
    each: (read, own, shared) => {
      reserve(own.length)
      read.numbers(own, shared, data, count)
      count += own.length
    },
    column: (said, shared, more) => {
      reserve(more)
      const { states, values } = numbersIn(said)
      const other = numberOf(shared)
      for (let i = 0; i < more; i++)
        data[count++] = states[i] === SAID ? (values[i] as number) : states[i] === NULL ? 0 : other
    },
    flush: (out) => {
      out.raw(new Uint8Array(data.buffer, 0, count * data.BYTES_PER_ELEMENT))
      count = 0
    },
    size: () => count * data.BYTES_PER_ELEMENT,
  }
}

/** 64 bits as two halves, the lower first. */
function wideNumbers(): Kind {
  let data = new Uint32Array(FIRST_ROWS * 2)
  let at = 0
  const reserve = (more: number): void => {
    if (at + more * 2 <= data.length) return
    const grown = new Uint32Array(at * 2 + more * 4)
    grown.set(data)
    data = grown
  }
  return {
    same: (value, times) => {
      reserve(times)
      const number = numberOf(value)
      for (let i = 0; i < times; i++) {
        data[at++] = number
        data[at++] = number / 4294967296
      }
    },
    each: (read, own, shared) => {
      reserve(own.length)
      read.halves(own, shared, data, at)
      at += own.length * 2
    },
    column: (said, shared, more) => {
      reserve(more)
      const { states, values } = numbersIn(said)
      const other = numberOf(shared)
      for (let i = 0; i < more; i++) {
        const number = states[i] === SAID ? (values[i] as number) : states[i] === NULL ? 0 : other
        data[at++] = number
        data[at++] = number / 4294967296
      }
    },
    flush: (out) => {
      out.raw(new Uint8Array(data.buffer, 0, at * 4))
      at = 0
    },
    size: () => at * 4,
  }
}

/** Neighbours are often equal (one view, one title): then the bytes just written are copied. */
function strings(): Kind {
  const data = new ByteWriter(FIRST_BYTES)
  const add = (values: readonly unknown[]): void => {
    let previous: unknown
    let start = 0
    let size = 0
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (i > 0 && value === previous) {
        data.again(start, size)
        continue
      }
      start = data.at
      data.string((value ?? '') as string)
      size = data.at - start
      previous = value
    }
  }
  return {
    same: (value, times) => {
      const start = data.at
      data.string((value ?? '') as string)
      data.repeat(start, times)
    },
    each: (read, own, shared) => add(read.values(own, shared)),
    column: (said, shared, count) =>
      said.kind === 'ids' ? data.raw(said.bytes) : add(valuesIn(said, shared, count)),
    flush: (out) => data.moveTo(out),
    size: () => data.at,
  }
}

/** A byte for each row that says whether it is null, then all values with defaults in place of nulls. */
function nullable(type: string): Kind {
  const width = widthOf(type)
  const values = plain(type)
  const nulls = new ByteWriter(FIRST_BYTES)
  /** Most fields that may be empty are, in every event of a block: these first nulls are only counted. */
  let nothing = 0
  const begin = (): void => {
    if (nothing === 0) return
    nulls.fill(1, nothing)
    values.same(null, nothing)
    nothing = 0
  }
  return {
    same: (value, times) => {
      if (value == null && nulls.at === 0) {
        nothing += times
        return
      }
      begin()
      nulls.fill(value == null ? 1 : 0, times)
      values.same(value, times)
    },
    each: (read, own, shared) => {
      begin()
      nulls.reserve(own.length)
      read.nulls(own, shared, nulls.bytes, nulls.at)
      nulls.at += own.length
      values.each(read, own, shared)
    },
    column: (said, shared, count) => {
      assert(said.kind !== 'ids', 'ids in a column that may be empty')
      begin()
      nulls.reserve(count)
      const { states } = said
      const other = shared == null ? 1 : 0
      for (let i = 0; i < count; i++)
        nulls.bytes[nulls.at++] = states[i] === SAID ? 0 : states[i] === NULL ? 1 : other
      values.column(said, shared, count)
    },
    flush: (out) => {
      if (nothing > 0) {
        out.fill(1, nothing)
        out.fill(0, nothing * width)
        nothing = 0
      }
      nulls.moveTo(out)
      values.flush(out)
    },
    size: () => nulls.at + values.size(),
  }
}

/** Ends of each row's items, then all items as one column. A dictionary's version stands before the ends. */
function arrays(type: string): Kind {
  const words = type === 'LowCardinality(String)'
  const items = words ? dictionaryBody(false) : plain(type)
  const ends = new ByteWriter(FIRST_BYTES)
  let total = 0
  const add = (value: unknown): void => {
    const list = (value ?? []) as readonly unknown[]
    for (const item of list) items.same(item, 1)
    total += list.length
    ends.u64(total)
  }
  return {
    same: (value, times) => {
      if (value == null || (value as unknown[]).length === 0) {
        const start = ends.at
        ends.u64(total)
        ends.repeat(start, times)
      } else for (let i = 0; i < times; i++) add(value)
    },
    each: (read, own, shared) => read.values(own, shared).forEach(add),
    column: (said, shared, count) => valuesIn(said, shared, count).forEach(add),
    flush: (out) => {
      if (words) out.u64(SHARED_DICTIONARIES)
      ends.moveTo(out)
      if (total > 0) items.flush(out)
      total = 0
    },
    size: () => ends.at + items.size(),
  }
}
