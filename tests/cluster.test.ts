/** The definitions of clusters are those of one machine, and the engine can read them. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { silentLog } from '#base/log.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import { renderClickHouse, renderScylla } from '#scripts/cluster.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { onCluster } from '#storage/warehouse/cluster.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'

test('deploy/ holds what the definitions say (else: npm run contract)', async () => {
  assert.equal(readFileSync('deploy/clickhouse-cluster.sql', 'utf8'), await renderClickHouse())
  assert.equal(readFileSync('deploy/scylla.cql', 'utf8'), renderScylla())
})

test('ClickHouse reads every statement for a cluster', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'cluster-'))
  const warehouse = await openChdb({ dir, log: silentLog })
  const statements = (await renderClickHouse()).split(/;\n/).filter((one) => one.trim() !== '')
  assert.ok(statements.length > 15)
  for (const statement of statements) {
    const [answer] = await warehouse.query<{ text: string }>({
      sql: 'SELECT formatQuery({statement:String}) AS text',
      params: { statement },
    })
    assert.match(answer?.text ?? '', /^CREATE (TABLE|DATABASE) IF NOT EXISTS .*ON CLUSTER/)
  }
  await warehouse.close()
  rmSync(dir, { recursive: true })
})

test('a start on tables that only pass on to others leaves them as they are; one with rows gets its indices', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'cluster-'))
  const warehouse = await openChdb({ dir, log: silentLog })
  const begin = async (): Promise<void> => {
    await ensureStreamTables(warehouse)
    await ensureViewTables(warehouse)
  }
  try {
    await begin()
    for (const name of ['views', 'playback_events']) {
      await warehouse.command({ sql: `RENAME TABLE ${name} TO ${name}_local` })
      // As Distributed tables, which need servers, these hold no rows and take no index.
      const over = `ENGINE = Merge(currentDatabase(), '^${name}_local$')`
      await warehouse.command({ sql: `CREATE TABLE ${name} AS ${name}_local ${over}` })
      await assert.rejects(
        warehouse.command({ sql: `ALTER TABLE ${name} ADD INDEX a receivedAt TYPE minmax` }),
      )
    }
    await begin()
    await warehouse.command({ sql: 'ALTER TABLE discovery_events DROP INDEX byReceived' })
    await begin()
    const indices = await warehouse.query({
      sql: "SELECT table FROM system.data_skipping_indices WHERE name = 'byReceived' AND table = 'discovery_events'",
    })
    assert.equal(indices.length, 1)
  } finally {
    await warehouse.close()
    rmSync(dir, { recursive: true })
  }
})

test('rows stay on one shard with what they belong to; a table nobody can place is refused', () => {
  const table = (rest: string) => `CREATE TABLE IF NOT EXISTS t (tenantId String, at DateTime) ${rest}`
  const shardOf = (rest: string): string | undefined =>
    /cityHash64\([^)]*\)/.exec(onCluster(table(rest), 'db')?.statements.join() ?? '')?.[0]
  assert.equal(shardOf('ENGINE = MergeTree ORDER BY (tenantId, day, sid, x)'), 'cityHash64(tenantId, sid)')
  assert.equal(shardOf('ENGINE = ReplacingMergeTree(v) ORDER BY n SETTINGS a = 1'), 'cityHash64(n)')
  assert.equal(onCluster(table('ENGINE = Memory'), 'db'), null)
  assert.throws(() => onCluster(table('ENGINE = Log'), 'db'), /no replicated Log/)
  assert.throws(() => onCluster(table('ENGINE = MergeTree ORDER BY tuple()'), 'db'), /shard/)
  assert.throws(() => onCluster('CREATE VIEW v AS SELECT 1', 'db'), /no CREATE TABLE/)
})
