/** How values reach a column: read from the fields of events, each by code of its own, or out of columns there are already. */
import { assert } from '#base/assert.ts'
import type { ColumnValues, Fields } from '#events/run.ts'
import type { ByteWriter } from '#storage/warehouse/bytes.ts'

export type Numbers = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array

/** Takes values into a column of one type: one value for several rows, or what each event has. */
export type Kind = {
  same(value: unknown, times: number): void
  each(read: FieldReader, own: readonly Fields[], shared: unknown): void
  column(said: ColumnValues, shared: unknown, count: number): void
  flush(out: ByteWriter): void
  size(): number
}

/** Reads one field of events; where an event does not say it, it is the shared one. */
export type FieldReader = {
  readonly shared: (fields: Fields) => unknown
  readonly values: (own: readonly Fields[], shared: unknown) => unknown[]
  /** Into the target, from `at` on; null as 0. */
  readonly numbers: (own: readonly Fields[], shared: unknown, target: Numbers, at: number) => void
  /** As two halves of 32 bits each, the lower first. */
  readonly halves: (own: readonly Fields[], shared: unknown, target: Uint32Array, at: number) => void
  /** 1 for null, else 0. */
  readonly nulls: (own: readonly Fields[], shared: unknown, target: Uint8Array, at: number) => void
}
/**
 * Each field is read by code of its own: the engine then remembers where the field stands in an event, which it cannot
 * when one loop reads every field of every stream.
 */
export function readerOf(name: string): FieldReader {
  const field = JSON.stringify(name)
  const loop = (take: string): string => `
    for (let i = 0; i < own.length; i++) {
      let value = own[i][${field}]
      if (value === undefined) value = shared
      ${take}
    }`
  // oxlint-disable-next-line typescript/no-implied-eval -- the name is quoted and comes from our own contract
  const read = new Function(`return {
    shared: (fields) => fields[${field}],
    values: (own, shared) => { const values = new Array(own.length); ${loop('values[i] = value')} return values },
    numbers: (own, shared, target, at) => {${loop('target[at + i] = value ?? 0')}},
    halves: (own, shared, target, at) => {${loop(
      'target[at + 2 * i] = value ?? 0; target[at + 2 * i + 1] = (value ?? 0) / 4294967296',
    )}},
    nulls: (own, shared, target, at) => {${loop('target[at + i] = value == null ? 1 : 0')}},
  }`) as () => FieldReader
  return read()
}

/** As in ColumnValues. */
export const SAID = 1
export const NULL = 2

export function numbersIn(said: ColumnValues): {
  readonly states: Uint8Array
  readonly values: Float64Array
} {
  assert(said.kind === 'numbers', `${said.kind} in a column of numbers`)
  return said
}
/** As each event has it: for columns that are not worth more. */
export function valuesIn(said: ColumnValues, shared: unknown, count: number): unknown[] {
  assert(said.kind !== 'ids', 'ids in a column of something else')
  const { states, values } = said
  const read = said.kind === 'words' ? said.textOf : (value: number) => value
  return Array.from({ length: count }, (_, i) =>
    states[i] === SAID ? read(values[i] as number) : states[i] === NULL ? null : shared,
  )
}

/** Bytes of the default that stands in for a null: of text, its length. */
export const widthOf = (type: string): number =>
  type === 'String'
    ? 1
    : type === 'Bool'
      ? 1
      : type.startsWith('DateTime64(')
        ? 8
        : Number(/\d+$/.exec(type)) / 8
