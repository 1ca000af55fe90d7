/** What every driver of the warehouse must do. `openWarehouse` gives one with no tables. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { DURABLE } from '#storage/warehouse/ddl.ts'
import { decodeRows, encodeRows } from '#storage/warehouse/native.ts'
import { MAX_QUESTIONS } from '#storage/warehouse/questions.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const COLUMNS = [
  { name: 'n', type: 'UInt64' },
  { name: 'text', type: 'String' },
  { name: 'word', type: 'LowCardinality(String)' },
  { name: 'maybeWord', type: 'LowCardinality(Nullable(String))' },
  { name: 'flag', type: 'Bool' },
  { name: 'tiny', type: 'UInt8' },
  { name: 'small', type: 'UInt16' },
  { name: 'mid', type: 'Nullable(UInt32)' },
  { name: 'maybeText', type: 'Nullable(String)' },
  { name: 'maybeFlag', type: 'Nullable(Bool)' },
  { name: 'ratio', type: 'Float64' },
  { name: 'half', type: 'Nullable(Float32)' },
  { name: 'at', type: "DateTime64(3, 'UTC')" },
  { name: 'maybeAt', type: "Nullable(DateTime64(3, 'UTC'))" },
  { name: 'ids', type: 'Array(String)' },
  { name: 'words', type: 'Array(LowCardinality(String))' },
  { name: 'counts', type: 'Array(UInt32)' },
] as const

const maybe = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: null, freq: 3 })
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', 'a', "';--", '\0\t\n\\', 'ä日🎬'),
)
const word = fc.constantFrom('', 'x', 'y', 'zett')
const row = fc.record({
  n: fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER)),
  text,
  word,
  maybeWord: maybe(word),
  flag: fc.boolean(),
  tiny: fc.nat({ max: 255 }),
  small: fc.nat({ max: 65_535 }),
  mid: maybe(fc.nat({ max: 0xffffffff })),
  maybeText: maybe(text),
  maybeFlag: maybe(fc.boolean()),
  ratio: fc.double({ noNaN: true, noDefaultInfinity: true }),
  half: maybe(fc.float({ noNaN: true, noDefaultInfinity: true })),
  at: fc.nat({ max: 4_000_000_000_000 }),
  maybeAt: maybe(fc.nat({ max: 4_000_000_000_000 })),
  ids: fc.array(text, { maxLength: 4 }),
  words: fc.array(word, { maxLength: 4 }),
  counts: fc.array(fc.nat({ max: 0xffffffff }), { maxLength: 4 }),
})

const table = (name: string): string =>
  `CREATE TABLE ${name} (k UInt32 DEFAULT 0, ${COLUMNS.map((one) => `${one.name} ${one.type}`).join(', ')})
   ENGINE = MergeTree ORDER BY (k) SETTINGS ${DURABLE}`

const withoutNulls = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([, held]) => held !== null))

export function warehouseSuite(name: string, openWarehouse: () => Promise<Warehouse>): void {
  let warehouse: Warehouse
  before(async () => {
    warehouse = await openWarehouse()
  })
  after(() => warehouse.close())
  const of = (title: string): string => `${name}: ${title}`

  test(of('every kind of column comes back as it was put, hostile text too'), async () => {
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
        const at = `kinds${round++}`
        await warehouse.command({ sql: table(at) })
        const numbered = rows.map((one, k) => ({ k, ...one }))
        const columns = [{ name: 'k', type: 'UInt32' }, ...COLUMNS]
        await warehouse.insertNative(at, [encodeRows(columns, numbered)], {})
        const bytes = await warehouse.bytes({ sql: `SELECT * FROM ${at} ORDER BY k` }, 'Native')
        assert.deepEqual(
          decodeRows(bytes),
          numbered.map((one) => withoutNulls(one)),
        )
        await warehouse.command({ sql: `DROP TABLE ${at}` })
      }),
      { numRuns: 25 },
    )
  })

  test(of('parameters are values, never SQL'), async () => {
    for (const value of ["'; DROP TABLE x; --", '\\', "\\'", 'a\tb\nc', '{p:String}', '🎬', '']) {
      const [answer] = await warehouse.query<{ v: string }>({
        sql: 'SELECT {v:String} AS v',
        params: { v: value },
      })
      assert.equal(answer?.v, value)
    }
    const list = ["it's", 'a,b', '\\', ']', '']
    const [answer] = await warehouse.query<{ v: string[]; n: number[]; none: null }>({
      sql: 'SELECT {v:Array(String)} AS v, {n:Array(UInt32)} AS n, {none:Nullable(String)} AS none',
      params: { v: list, n: [1, 2], none: null },
    })
    assert.deepEqual(answer, { v: list, n: [1, 2], none: null })
  })

  test(of('an insert repeated with its token adds nothing, another token does'), async () => {
    await warehouse.command({
      sql: `CREATE TABLE tokens (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS ${DURABLE}`,
    })
    const block = encodeRows([{ name: 'n', type: 'UInt32' }], [{ n: 1 }, { n: 2 }])
    for (const token of ['a', 'a', 'b', 'a']) await warehouse.insertNative('tokens', [block], { token })
    const [count] = await warehouse.query<{ n: number }>({ sql: 'SELECT count() AS n FROM tokens' })
    assert.equal(count?.n, 4)
  })

  test(of('columns are matched by name; those left out get their default'), async () => {
    await warehouse.command({
      sql: `CREATE TABLE named (a UInt32, b String DEFAULT 'none', c UInt32) ENGINE = MergeTree ORDER BY a`,
    })
    const columns = [
      { name: 'c', type: 'UInt32' },
      { name: 'a', type: 'UInt32' },
    ]
    await warehouse.insertNative('named', [encodeRows(columns, [{ a: 1, c: 3 }])], {})
    assert.deepEqual(await warehouse.query({ sql: 'SELECT * FROM named' }), [{ a: 1, b: 'none', c: 3 }])
  })

  test(
    of('another database has tables of its own, reads this one by name, and is gone when dropped'),
    async () => {
      const here =
        (await warehouse.query<{ name: string }>({ sql: 'SELECT currentDatabase() AS name' }))[0]?.name ?? ''
      const make = { sql: 'CREATE TABLE both (n UInt32) ENGINE = MergeTree ORDER BY n' }
      const one = encodeRows([{ name: 'n', type: 'UInt32' }], [{ n: 1 }])
      await warehouse.command(make)
      const other = await warehouse.inDatabase('beside_1')
      await other.command(make)
      for (const into of [warehouse, other, other]) await into.insertNative('both', [one], {})
      const count = (from: string) => ({ sql: `SELECT toUInt32(count()) AS n FROM ${from}` })
      const answers = await Promise.all([
        ...Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? warehouse : other).query(count('both'))),
        other.query(count(`${here}.both`)),
      ])
      assert.deepEqual(
        answers.flat(),
        [1, 2, 1, 2, 1, 2, 1, 2, 1].map((n) => ({ n })),
      )
      await other.close()
      await warehouse.dropDatabase('beside_1')
      await assert.rejects(warehouse.query(count('beside_1.both')))
      assert.deepEqual(await warehouse.query(count('both')), [{ n: 1 }])
      await assert.rejects(warehouse.inDatabase('no; DROP TABLE both'))
    },
  )

  test(of('an answer comes as typed columns'), async () => {
    const answer = await warehouse.columns({
      sql: 'SELECT number AS n, toFloat32(number / 2) AS f, toString(number) AS s FROM numbers(70000) ORDER BY number',
    })
    assert.equal(answer.rows, 70_000)
    assert.equal(answer.columns['f']?.[69_999], 34_999.5)
    assert.equal(answer.columns['n']?.[69_999], 69_999)
    assert.equal(answer.columns['s']?.[42], '42')
    assert.ok(answer.columns['f'] instanceof Float32Array)
  })

  test(of('a query over its time is stopped with a refusal; a wrong one says what is wrong'), async () => {
    const slow = warehouse.query(
      { sql: 'SELECT sum(sleepEachRow(0.05)) FROM numbers(200) SETTINGS max_block_size = 1' },
      { timeoutMs: 300 },
    )
    await assert.rejects(slow, (error: { code?: string }) => error.code === 'SV_WAREHOUSE_TOO_SLOW')
    await assert.rejects(warehouse.query({ sql: 'SELECT nonsense' }), /nonsense/)
    assert.deepEqual(await warehouse.query({ sql: 'SELECT 1 AS one' }), [{ one: 1 }])
  })

  test(of('thousands of hostile parameters go into a query and into an INSERT ... SELECT'), async () => {
    await warehouse.command({ sql: 'CREATE TABLE many (s String) ENGINE = MergeTree ORDER BY s' })
    const list = Array.from({ length: 4000 }, (_, i) => `${i}'\\\t🎬${'ä'.repeat(50)}`)
    const statement = { sql: 'SELECT arrayJoin({list:Array(String)}) AS s', params: { list } }
    await warehouse.command({ ...statement, sql: `INSERT INTO many ${statement.sql}` })
    const asked = await warehouse.query<{ s: string }>(statement)
    assert.deepEqual(
      asked.map((one) => one.s),
      list,
    )
    const kept = await warehouse.query<{ s: string }>({ sql: 'SELECT s FROM many' })
    assert.deepEqual(kept.map((one) => one.s).sort(), list.toSorted())
  })

  test(of('an INSERT ... SELECT said twice with one token adds its rows once'), async () => {
    await warehouse.command({
      sql: `CREATE TABLE said (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS ${DURABLE}`,
    })
    const statement = { sql: 'INSERT INTO said SELECT number FROM numbers(10)' }
    for (const insertToken of ['one', 'one', 'two']) await warehouse.command(statement, { insertToken })
    assert.deepEqual(await warehouse.query({ sql: 'SELECT count() AS total, max(n) AS last FROM said' }), [
      { total: 20, last: 9 },
    ])
  })

  test(of('several blocks of an insert are all there when it resolves, many inserts at once'), async () => {
    await warehouse.command({ sql: 'CREATE TABLE blocks (n UInt32) ENGINE = MergeTree ORDER BY n' })
    const block = (n: number) => encodeRows([{ name: 'n', type: 'UInt32' }], [{ n }, { n: n + 1 }])
    await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        await warehouse.insertNative('blocks', [block(i * 4), block(i * 4 + 2)], {})
        const [held] = await warehouse.query<{ held: number }>({
          sql: `SELECT count() AS held FROM blocks WHERE intDiv(n, 4) = ${i}`,
        })
        assert.equal(held?.held, 4)
      }),
    )
  })

  test(of('64-bit numbers come as numbers, what is not a number as null, bytes as they are'), async () => {
    assert.deepEqual(
      await warehouse.query({
        sql: 'SELECT toUInt64(9007199254740991) AS n, toInt64(-5) AS m, nan AS none, 0.1 AS f, true AS b',
      }),
      [{ n: Number.MAX_SAFE_INTEGER, m: -5, none: null, f: 0.1, b: true }],
    )
    const parquet = Buffer.from(await warehouse.bytes({ sql: 'SELECT 1 AS n' }, 'Parquet'))
    assert.equal(parquet.subarray(0, 4).toString(), 'PAR1')
  })

  test(of('a caller that leaves is let go at once, and the next is answered'), async () => {
    const leaving = new AbortController()
    const slow = warehouse.query(
      { sql: 'SELECT sum(sleepEachRow(0.1)) FROM numbers(40) SETTINGS max_block_size = 1' },
      { signal: leaving.signal },
    )
    setTimeout(() => leaving.abort(), 100)
    await assert.rejects(slow)
    assert.deepEqual(await warehouse.query({ sql: 'SELECT 1 AS one' }), [{ one: 1 }])
  })

  test(of('more questions than it takes at once are refused, the others answered'), async () => {
    const asked = Array.from({ length: MAX_QUESTIONS + 20 }, () =>
      warehouse.query({ sql: 'SELECT 1 AS one' }),
    )
    const answers = await Promise.allSettled(asked)
    const refused = answers.filter((one) => one.status === 'rejected')
    assert.equal(refused.length, 20)
    assert.ok(refused.every(({ reason }) => (reason as { code?: string }).code === 'SV_WAREHOUSE_BUSY'))
  })
}
