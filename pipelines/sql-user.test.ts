import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { silentLog } from '#base/log.ts'
import { snapshotTables } from '#pipelines/snapshot-tables.ts'
import { sqlUserStatements } from '#pipelines/sql-user.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

suite('the user of a ClickHouse server who reads one tenant', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sql-user-'))
  const { user, statements } = sqlUserStatements({
    tenantId: 'ours-1',
    database: 'default',
    password: 'secret',
    salt: 'salt',
  })
  let warehouse: Warehouse
  before(async () => {
    warehouse = await openChdb({ dir: folder, log: silentLog })
    await ensureStreamTables(warehouse)
    await ensureViewTables(warehouse)
  })
  after(async () => {
    await warehouse.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('every statement is one the engine reads', async () => {
    for (const statement of statements) {
      const read = await warehouse.query<{ text: string }>({
        sql: sql`SELECT formatQuerySingleLine({statement:String}) AS text`,
        params: { statement },
      })
      assert.ok((read[0]?.text.length ?? 0) > 10, statement)
    }
  })

  test('each table a view reads has a policy that lets its owner see the tenant alone', () => {
    const restricted = statements.filter((one) => one.endsWith('RESTRICTIVE TO `sql_owner_ours-1`'))
    assert.deepEqual(
      restricted.map((one) => /ON `default`\.(\w+) /.exec(one)?.[1] ?? '').sort((a, b) => (a < b ? -1 : 1)),
      [
        'catalog_events',
        'delivery_requests',
        'discovery_events',
        'feedback_events',
        'model_events',
        'playback_events',
        'views',
      ],
    )
    assert.ok(restricted.every((one) => one.includes("USING tenantId = 'ours-1'")))
  })

  test('the user is granted the views and nothing else, and the password is only hashed', () => {
    const granted = statements.filter((one) => one.startsWith('GRANT') && one.includes(user))
    assert.deepEqual(granted, ['GRANT SELECT ON `sql_ours-1`.* TO `sql_reader_ours-1`'])
    const text = statements.join('\n')
    assert.ok(!text.includes("'secret'"))
    assert.ok(text.includes(createHash('sha256').update('secret').digest('hex')))
  })

  test('the views show the rows of the tenant, with pseudonyms', async () => {
    for (const tenantId of ['ours-1', 'theirs']) {
      await warehouse.command({
        sql: sql`INSERT INTO views (tenantId, sid, playerId, titleId, viewerKey, startedAt, revision)
          SELECT {tenantId:String}, {tenantId:String}, 'p', 't', 'viewer', now64(3), 1`,
        params: { tenantId },
      })
      await warehouse.command({
        sql: sql`INSERT INTO catalog_events (tenantId, eventId, type, derivedAt, titleId, name)
          SELECT {tenantId:String}, 'e', 'catalog.title.upserted', now64(3), 't', {tenantId:String}`,
        params: { tenantId },
      })
    }
    // The embedded engine has no users: what is theirs is left out.
    for (const statement of statements.filter((one) => /^CREATE (DATABASE|OR REPLACE VIEW)/.test(one)))
      await warehouse.command({ sql: statement.replace(/DEFINER = \S+ SQL SECURITY DEFINER/, '') })
    const views = await warehouse.query<{ sid: string; viewerKey: string }>({
      sql: 'SELECT sid, viewerKey FROM `sql_ours-1`.views',
    })
    assert.deepEqual(
      views.map(({ sid }) => sid),
      ['ours-1'],
    )
    assert.match(views[0]?.viewerKey ?? '', /^p_[0-9a-f]{22}$/)
    assert.deepEqual(await warehouse.query({ sql: 'SELECT name FROM `sql_ours-1`.titles' }), [
      { name: 'ours-1' },
    ])
    for (const { name } of snapshotTables)
      await warehouse.query({ sql: sql`SELECT count() AS n FROM \`sql_ours-1\`.${name}` })
  })
})
