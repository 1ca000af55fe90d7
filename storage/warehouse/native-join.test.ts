/** Blocks joined without decoding say what they said apart, whatever their columns. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#base/random.ts'
import { decodeBlocks, decodeRows, encodeRows, type NativeColumn } from '#storage/warehouse/native.ts'
import { joinBlocks } from '#storage/warehouse/native-join.ts'

const COLUMNS: readonly NativeColumn[] = [
  'String',
  'Nullable(String)',
  'LowCardinality(String)',
  'LowCardinality(Nullable(String))',
  'Array(String)',
  'Array(LowCardinality(String))',
  'Array(UInt32)',
  'UInt8',
  'Bool',
  'Nullable(Bool)',
  'UInt16',
  'UInt32',
  'Nullable(UInt32)',
  'UInt64',
  'Int64',
  "DateTime64(3, 'UTC')",
  'Float32',
  'Float64',
  'Nullable(Float64)',
].map((type, i) => ({ name: `c${i}`, type }))

test('rows come out of joined blocks as they went into them apart', () => {
  const random = createRandom(5)
  const text = (): string =>
    ['', 'a', 'ä', 'x'.repeat(random.below(300)), `w${random.below(2000)}`][random.below(5)] ?? ''
  const valueOf = (type: string): unknown => {
    if (type.startsWith('Array('))
      return Array.from({ length: random.below(4) }, () => valueOf(type.slice(6, -1)))
    if (type.includes('Nullable(') && random.below(3) === 0) return null
    if (type.includes('String')) return text()
    if (type.includes('Bool')) return random.below(2) === 1
    return random.below(200)
  }
  for (let round = 0; round < 60; round++) {
    const blocks = Array.from({ length: random.below(12) }, () => {
      // Now and then a column in which nothing is said, or every row says something else.
      const quiet = random.below(4) === 0
      const rows = Array.from({ length: 1 + random.below(round === 0 ? 1500 : 40) }, () =>
        Object.fromEntries(COLUMNS.map(({ name, type }) => [name, quiet ? null : valueOf(type)])),
      )
      return encodeRows(COLUMNS, rows)
    })
    const joined = joinBlocks(blocks)
    assert.ok(joined.length <= 1)
    assert.deepEqual(
      joined.flatMap((block) => decodeRows(block)),
      blocks.flatMap((block) => decodeRows(block)),
    )
  }
})

test('large blocks and blocks of other columns stay as they are, and in their place', () => {
  const block = (names: readonly string[], rows: number): Uint8Array =>
    encodeRows(
      names.map((name) => ({ name, type: 'UInt32' })),
      Array.from({ length: rows }, (_, i) => ({ a: i, b: i + 1 })),
    )
  const small = block(['a'], 3)
  const large = block(['a'], 3000)
  const rowsOf = (blocks: readonly Uint8Array[]): number[] =>
    blocks.flatMap(decodeBlocks).map(({ rows }) => rows)
  assert.deepEqual(rowsOf(joinBlocks([small, small, large, small, small])), [6, 3000, 6])
  assert.deepEqual(joinBlocks([small, block(['a', 'b'], 2)]), [small, block(['a', 'b'], 2)])
  assert.deepEqual(joinBlocks([small, block(['b'], 3)]), [small, block(['b'], 3)])
  assert.deepEqual(joinBlocks([]), [])
})
