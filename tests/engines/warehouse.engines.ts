/** The warehouse by the stock ClickHouse client: what every driver does, and what only a server can be asked. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLog } from '#base/log.ts'
import { startClickHouse } from '#scripts/engines/clickhouse.ts'
import { openClickHouse } from '#storage/warehouse/clickhouse.ts'
import { httpAddress } from '#storage/warehouse/clickhouse-address.ts'
import { warehouseSuite } from '#storage/warehouse/warehouse.suite.ts'

const dir = mkdtempSync(path.join(tmpdir(), 'clickhouse-'))
const server = await startClickHouse({ dir })
after(async () => {
  await server.close()
  rmSync(dir, { recursive: true, force: true })
})
const open = (database: string) => openClickHouse({ url: server.url(database), log: silentLog })

warehouseSuite('ClickHouse', () => open('suite'))

test('ClickHouse: databases of one server do not see each other', async () => {
  const [one, other] = [await open('one'), await open('other')]
  await one.command({ sql: 'CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n' })
  await assert.rejects(other.query({ sql: 'SELECT * FROM t' }), /UNKNOWN_TABLE|Unknown table/)
  await Promise.all([one.close(), other.close()])
})

test('ClickHouse: a statement whose caller leaves stops in the engine', async () => {
  const warehouse = await open('suite')
  const leaving = new AbortController()
  const slow = warehouse.query(
    { sql: "SELECT sum(sleepEachRow(0.1)), 'abandoned' FROM numbers(600) SETTINGS max_block_size = 1" },
    { timeoutMs: 120_000, signal: leaving.signal },
  )
  const running = async (): Promise<number> => {
    const [row] = await warehouse.query<{ n: number }>({
      sql: `SELECT count() AS n FROM system.processes WHERE query LIKE '%abandoned%' AND query NOT LIKE '%system.processes%'`,
    })
    return row?.n ?? 0
  }
  for (let i = 0; i < 100 && (await running()) === 0; i++) await sleep(50)
  assert.equal(await running(), 1)
  leaving.abort(new Error('left'))
  await assert.rejects(slow, /left/)
  for (let i = 0; i < 200 && (await running()) > 0; i++) await sleep(50)
  assert.equal(await running(), 0)
  await warehouse.close()
})

test('ClickHouse: a wrong password and a server that is not there are refused, saying what to do', async () => {
  const wrong = server.url('suite').replace(/:[^:@/]+@/, ':guess@')
  await assert.rejects(openClickHouse({ url: wrong, log: silentLog }), { code: 'SV_WAREHOUSE_REFUSED' })
  await assert.rejects(openClickHouse({ url: 'clickhouse://u:p@127.0.0.1:1/db', log: silentLog }), {
    code: 'SV_WAREHOUSE_UNAVAILABLE',
  })
})

test('ClickHouse: what was acknowledged is there after the server was killed and started again', async () => {
  const own = path.join(dir, 'killed')
  const first = await startClickHouse({ dir: own })
  const warehouse = await openClickHouse({ url: first.url('kept'), log: silentLog })
  await warehouse.command({ sql: 'CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n' })
  await warehouse.command({ sql: 'INSERT INTO t SELECT number FROM numbers(1000)' })
  process.kill(first.pid, 'SIGKILL')
  await warehouse.close()
  await first.close()
  const second = await startClickHouse({ dir: own })
  const again = await openClickHouse({ url: second.url('kept'), log: silentLog })
  assert.deepEqual(await again.query({ sql: 'SELECT count() AS n FROM t' }), [{ n: 1000 }])
  await again.close()
  await second.close()
})

test('ClickHouse: an address keeps user, password, database and settings, whatever its scheme', () => {
  assert.equal(
    httpAddress('clickhouse://u:p%40@host/db?ch_insert_quorum=2').href,
    'http://u:p%40@host:8123/db?ch_insert_quorum=2',
  )
  assert.equal(httpAddress('clickhouses://u:p@host/db').href, 'https://u:p@host:8443/db')
  assert.equal(httpAddress('https://host/db').href, 'https://host/db')
})
