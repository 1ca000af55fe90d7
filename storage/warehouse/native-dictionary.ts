/** Columns of text that repeats: a dictionary, then one index a row. */
import { assert } from '#base/assert.ts'
import type { ByteWriter } from '#storage/warehouse/bytes.ts'
import { type Kind, NULL, SAID } from '#storage/warehouse/native-values.ts'

const FIRST_INDEXES = 256
export const SHARED_DICTIONARIES = 1
const HAS_KEYS = 0x200
const UPDATES_KEYS = 0x400

/** Dictionary first, then one index a row. Key 0 is the empty default; with nulls, key 0 is null and 1 the default. */
export function dictionary(withNulls: boolean): Kind {
  const values = dictionaryBody(withNulls)
  return {
    ...values,
    flush: (out) => {
      out.u64(SHARED_DICTIONARIES)
      values.flush(out)
    },
  }
}

/** The body of a `LowCardinality(String)` column that says the same in each row. */
export function writeRepeated(out: ByteWriter, value: string, count: number): void {
  out.u64(SHARED_DICTIONARIES)
  out.u64(HAS_KEYS + UPDATES_KEYS)
  out.u64(2)
  out.string('')
  out.string(value)
  out.u64(count)
  out.fill(value === '' ? 0 : 1, count)
}

/** All keys, then the key of each of `count` rows. */
export function writeDictionary(
  out: ByteWriter,
  keys: readonly string[],
  indexes: Uint32Array,
  count: number,
): void {
  const width = keys.length <= 256 ? 0 : keys.length <= 65_536 ? 1 : 2
  out.u64(width + HAS_KEYS + UPDATES_KEYS)
  out.u64(keys.length)
  for (const key of keys) out.string(key)
  out.u64(count)
  out.unsigned(indexes, count, 1 << width)
}

export function dictionaryBody(withNulls: boolean): Kind {
  const defaults = withNulls ? ['', ''] : ['']
  let keys = [...defaults]
  let indexOf = new Map<unknown, number>([['', keys.length - 1]])
  let indexes = new Uint32Array(FIRST_INDEXES)
  let count = 0
  const keyOf = (value: unknown): number => {
    if (value == null) return 0
    const known = indexOf.get(value)
    if (known !== undefined) return known
    const index = keys.push(value as string) - 1
    indexOf.set(value, index)
    return index
  }
  const reserve = (more: number): void => {
    if (count + more <= indexes.length) return
    const grown = new Uint32Array((count + more) * 2)
    grown.set(indexes)
    indexes = grown
  }
  const add = (values: readonly unknown[]): void => {
    reserve(values.length)
    let previous: unknown
    let index = 0
    for (const value of values) {
      if (value !== previous) {
        index = keyOf(value)
        previous = value
      }
      indexes[count++] = index
    }
  }
  return {
    same: (value, times) => {
      reserve(times)
      indexes.fill(keyOf(value), count, count + times)
      count += times
    },
    each: (read, own, shared) => add(read.values(own, shared)),
    column: (said, shared, more) => {
      assert(said.kind === 'words', `${said.kind} in a column of words`)
      reserve(more)
      const { states, values, textOf } = said
      const other = keyOf(shared)
      let previous = -1
      let index = 0
      for (let i = 0; i < more; i++) {
        const word = values[i] as number
        if (states[i] === SAID && word !== previous) {
          index = keyOf(textOf(word))
          previous = word
        }
        indexes[count++] = states[i] === SAID ? index : states[i] === NULL ? 0 : other
      }
    },
    flush: (out) => {
      writeDictionary(out, keys, indexes, count)
      count = 0
      if (keys.length === defaults.length) return
      keys = [...defaults]
      indexOf = new Map([['', keys.length - 1]])
    },
    size: () => count * 4,
  }
}
