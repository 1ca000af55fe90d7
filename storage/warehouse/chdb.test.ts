import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { silentLog } from '#base/log.ts'
import { streams } from '#events/registry.ts'
import { attachChdb, openChdb } from '#storage/warehouse/chdb.ts'
import { DURABLE, ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { encodeRows } from '#storage/warehouse/native.ts'
import { warehouseSuite } from '#storage/warehouse/warehouse.suite.ts'

const root = mkdtempSync(path.join(tmpdir(), 'warehouse-'))
after(() => rmSync(root, { recursive: true, force: true }))

warehouseSuite('chdb', () => openChdb({ dir: path.join(root, 'suite'), log: silentLog }))

test('chdb: a killed process is started again, nothing acknowledged is lost, no data are said twice unasked', async () => {
  const warehouse = await openChdb({ dir: path.join(root, 'killed'), log: silentLog })
  await warehouse.command({
    sql: `CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS ${DURABLE}`,
  })
  for (let i = 0; i < 6; i++) {
    const block = encodeRows([{ name: 'n', type: 'UInt32' }], [{ n: i }])
    const say = () => warehouse.insertNative('t', [block], { token: `t${i}` })
    const insert = say()
    if (i % 2 === 0) await insert
    else {
      process.kill(warehouse.pid() as number, 'SIGKILL')
      await assert.rejects(insert, { code: 'SV_WAREHOUSE_UNAVAILABLE' })
      await warehouse.query({ sql: 'SELECT 1' })
      await say()
    }
  }
  const [count] = await warehouse.query({ sql: 'SELECT count() AS total, uniqExact(n) AS distinct FROM t' })
  assert.deepEqual(count, { total: 6, distinct: 6 })
  await warehouse.close()
})

test('chdb: a second process attaches while the first runs, and is refused when none does', async () => {
  const dir = path.join(root, 'attached')
  const warehouse = await openChdb({ dir, log: silentLog })
  const guest = await attachChdb({ dir })
  assert.deepEqual(await guest.query({ sql: 'SELECT 7 AS n' }), [{ n: 7 }])
  await guest.close()
  await warehouse.close()
  await assert.rejects(attachChdb({ dir }), /No platform runs/)
})

test('chdb: tables of every stream are made, and again without harm', async () => {
  const warehouse = await openChdb({ dir: path.join(root, 'tables'), log: silentLog })
  await ensureStreamTables(warehouse)
  await warehouse.command({ sql: 'ALTER TABLE feedback_events DROP COLUMN queryText' })
  await ensureStreamTables(warehouse)
  const tables = await warehouse.query<{ name: string }>({ sql: 'SHOW TABLES' })
  assert.deepEqual(tables.map((one) => one.name).sort(), streams.map((stream) => stream.table).sort())
  const [column] = await warehouse.query<{ n: number }>({
    sql: "SELECT count() AS n FROM system.columns WHERE table = 'feedback_events' AND name = 'queryText'",
  })
  assert.equal(column?.n, 1)
  await warehouse.close()
})
