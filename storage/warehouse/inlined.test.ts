import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { silentLog } from '#base/log.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { inlined, laidOut, runnable } from '#storage/warehouse/inlined.ts'
import type { Statement, Warehouse } from '#storage/warehouse/warehouse.ts'

const root = mkdtempSync(path.join(tmpdir(), 'inlined-'))
let warehouse: Warehouse
before(async () => {
  warehouse = await openChdb({ dir: root, log: silentLog })
})
after(async () => {
  await warehouse.close()
  rmSync(root, { recursive: true, force: true })
})

/** What hurts in SQL, among what people write. */
const CHARS = Array.from('\'\\"`\n\r\t\0\b\f\x1a\x7f;%_?😀é\u202e\u2028\ufeff ')
const nasty = fc.constantFrom("''", "\\'", '{to:Int64}', '--', '/*', '*/', '$$', "' OR 1 = 1 --", ...CHARS)
const text = fc
  .array(fc.oneof(nasty, fc.string({ unit: 'grapheme', maxLength: 5 })), { maxLength: 12 })
  .map((parts) => parts.join(''))

const bothWays = async <T>(statement: Statement<T>): Promise<[bound: T[], written: T[]]> => [
  await warehouse.query(statement),
  await warehouse.query(runnable(statement)),
]

test('any text written into a statement is that text and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(text, fc.array(text, { maxLength: 4 }), async (one, many) => {
      const [bound, written] = await bothWays({
        sql: 'SELECT {one:String} AS one, {many:Array(String)} AS many, length(one) AS bytes',
        params: { one, many },
      })
      assert.deepEqual(written, [{ one, many, bytes: Buffer.byteLength(one) }])
      assert.deepEqual(written, bound)
    }),
    { numRuns: 300 },
  )
})

test('numbers, nothing and truth keep their types', async () => {
  const sql = `SELECT toTypeName({a:Int64}) AS a, {a:Int64} - 1 AS less, toTypeName({b:Nullable(UInt32)}) AS b,
    {b:Nullable(UInt32)} IS NULL AS none, toTypeName({c:Array(Int64)}) AS c, arraySum({c:Array(Int64)}) AS sum,
    toTypeName({d:Bool}) AS d, {d:Bool} AS truth, toTypeName({e:Array(String)}) AS e
    LIMIT {f:UInt32}`
  const params = { a: -1_770_000_000_000, b: null, c: [1, -2, 2 ** 40], d: true, e: [], f: 1 }
  const [bound, written] = await bothWays<Record<string, unknown>>({ sql, params })
  assert.deepEqual(written, bound)
  assert.deepEqual(written[0]?.['less'], -1_770_000_000_001)
})

test('braces in texts, names and comments of a statement are no parameters; one without a value is refused', () => {
  const sql = `SELECT '{a:String}', "{a:String}", \`{a:String}\`, 'it\\'s {a:String}', {a:String} -- {a:String}
    /* {b:String} */`
  assert.equal(
    inlined({ sql, params: { a: 'x' } }),
    `SELECT '{a:String}', "{a:String}", \`{a:String}\`, 'it\\'s {a:String}', 'x' -- {a:String}
    /* {b:String} */`,
  )
  assert.throws(() => inlined({ sql: 'SELECT {b:String}', params: { a: 'x' } }), /no value for b/)
})

test('SQL is laid out by its brackets, those in texts aside, and says the same', async () => {
  const sql = `SELECT sum(n) AS n,
        '((' AS text FROM (
    SELECT number AS n FROM numbers(
    4
    )
        WHERE n > 1)
  SETTINGS max_threads = 1`
  assert.equal(
    laidOut(sql),
    `SELECT sum(n) AS n,
'((' AS text FROM (
  SELECT number AS n FROM numbers(
    4
  )
  WHERE n > 1)
SETTINGS max_threads = 1`,
  )
  assert.deepEqual(await warehouse.query({ sql: laidOut(sql) }), [{ n: 5, text: '((' }])
})
