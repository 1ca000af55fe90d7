import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, suite, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { openSandboxes, type Sandboxes } from '#pipelines/sandboxes.ts'
import { snapshotTables } from '#pipelines/snapshot-tables.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

const HOUR = 3_600_000
/** Not long ago: events have a time to live. */
const START = Math.floor(Date.now() / HOUR) * HOUR - 48 * HOUR
const NOW = START + 48 * HOUR

suite('snapshots of two tenants, asked with SQL', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sandboxes-'))
  const clock = createManualClock(NOW)
  let warehouse: Warehouse
  let sandboxes: Sandboxes
  before(async () => {
    warehouse = await openChdb({ dir: path.join(folder, 'warehouse'), log: silentLog })
    await ensureStreamTables(warehouse)
    await ensureViewTables(warehouse)
    for (const tenantId of ['ours', 'theirs']) await fill(tenantId, 40)
    sandboxes = openSandboxes({ warehouse, dir: path.join(folder, 'sql'), clock, log: silentLog })
  })
  after(async () => {
    await sandboxes.close()
    await warehouse.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** A view and an event of each hour, every second one by the same viewer; a title, a search, a promotion. */
  async function fill(tenantId: string, hours: number): Promise<void> {
    const run = (statement: string) =>
      warehouse.command({ sql: statement, params: { tenantId, hours, start: START } })
    const at = sql`fromUnixTimestamp64Milli({start:Int64} + number * ${String(HOUR)}, 'UTC')`
    await run(sql`INSERT INTO views (tenantId, sid, playerId, titleId, viewerKey, startedAt, endedAt, watchMs,
        isPlay, builtBy, revision)
      SELECT {tenantId:String}, {tenantId:String} || '-' || toString(number), 'p', 'title-1',
        if(number % 2 = 0, 'viewer-' || {tenantId:String}, NULL), ${at}, ${at}, 1000, true, 3, arrayJoin([1, 2])
      FROM numbers({hours:UInt32})`)
    await run(sql`INSERT INTO playback_events (tenantId, eventId, type, version, derivedAt, sid, viewerKey, titleId)
      SELECT {tenantId:String}, 'e' || toString(number), 'playback.view.requested', 1, ${at},
        {tenantId:String} || '-' || toString(number), 'viewer-' || {tenantId:String}, 'title-1'
      FROM numbers({hours:UInt32})`)
    await run(sql`INSERT INTO catalog_events (tenantId, eventId, type, version, derivedAt, titleId, name, genres)
      SELECT {tenantId:String}, 'c' || toString(number), 'catalog.title.upserted', 1, ${at}, 'title-1',
        {tenantId:String} || ' name ' || toString(number), ['drama'] FROM numbers(2)`)
    await run(sql`INSERT INTO feedback_events (tenantId, eventId, type, version, derivedAt, viewerKey, queryText)
      SELECT {tenantId:String}, 'f', 'feedback.search.made', 1, ${at}, 'viewer-' || {tenantId:String}, 'my own name'
      FROM numbers(1)`)
    await run(sql`INSERT INTO model_events (tenantId, eventId, type, version, derivedAt, modelName, by)
      SELECT {tenantId:String}, 'm', 'models.model.promoted', 1, ${at}, 'neumf', 'somebody' FROM numbers(1)`)
  }
  const rows = async (tenantId: string, statement: string): Promise<Record<string, unknown>[]> => {
    const { body } = await sandboxes.ask(tenantId, statement, 'json')
    return (JSON.parse(await text(body)) as { data: Record<string, unknown>[] }).data
  }

  test('each tenant finds its own rows, each view once', async () => {
    for (const tenantId of ['ours', 'theirs']) {
      assert.deepEqual(await rows(tenantId, 'SELECT count() AS n, sum(watchMs) AS ms FROM views'), [
        { n: 40, ms: 40_000 },
      ])
      assert.deepEqual(await rows(tenantId, 'SELECT name, genres FROM titles'), [
        { name: `${tenantId} name 1`, genres: ['drama'] },
      ])
      const joined = sql`SELECT count() AS n FROM views JOIN playback_events AS e ON e.sid = views.sid
        AND e.viewerKey = views.viewerKey`
      assert.deepEqual(await rows(tenantId, joined), [{ n: 20 }])
    }
  })

  test('nothing of the other tenant is in any table', async () => {
    const tables = (await rows('ours', 'SHOW TABLES')).map(({ name }) => String(name))
    assert.deepEqual(tables, [...snapshotTables.map(({ name }) => name), 'snapshot'].sort())
    for (const table of tables) {
      const cells = await rows('ours', sql`SELECT * FROM ${table}`)
      assert.ok(!JSON.stringify(cells).includes('theirs'), table)
    }
  })

  test('viewers are pseudonyms, and what names people is left out', async () => {
    let everything = ''
    for (const { name } of snapshotTables)
      everything += JSON.stringify(await rows('ours', sql`SELECT * FROM ${name}`))
    for (const word of ['viewer-ours', 'my own name', 'somebody', 'tenantId', 'logOffset']) {
      assert.ok(!everything.includes(word), word)
    }
    const keys = await rows('ours', 'SELECT DISTINCT viewerKey AS key FROM views ORDER BY key NULLS LAST')
    assert.match(String(keys[0]?.['key']), /^p_[0-9a-f]{22}$/)
    assert.deepEqual(keys[1], { key: null })
  })

  test('a snapshot stays until a new one is asked for, at most once a minute; then pseudonyms are others', async () => {
    const first = await sandboxes.refresh('ours')
    const keyOf = async () => (await rows('ours', 'SELECT max(viewerKey) AS key FROM views'))[0]?.['key']
    const key = await keyOf()
    await warehouse.command({
      sql: sql`INSERT INTO views (tenantId, sid, playerId, titleId, startedAt, revision)
        SELECT 'ours', 'later', 'p', 'title-1', fromUnixTimestamp64Milli({at:Int64}, 'UTC'), 1`,
      params: { at: NOW + 1000 },
    })
    clock.advance(30_000)
    assert.equal((await sandboxes.refresh('ours')).id, first.id)
    assert.equal(await keyOf(), key)
    clock.advance(40_000)
    const [second, same] = await Promise.all([sandboxes.refresh('ours'), sandboxes.refresh('ours')])
    assert.notEqual(second.id, first.id)
    assert.equal(same.id, second.id)
    assert.deepEqual(await rows('ours', "SELECT count() AS n FROM views WHERE sid = 'later'"), [{ n: 1 }])
    assert.notEqual(await keyOf(), key)
    const folders = readdirSync(path.join(folder, 'sql'))
    assert.equal(folders.length, 2, folders.join())
    for (const one of folders)
      assert.deepEqual(readdirSync(path.join(folder, 'sql', one)).sort(), ['config.xml', 'data', 'users.xml'])
  })

  test('what is too much is cut to the newest whole hours, and said', async () => {
    const few = openSandboxes({
      warehouse,
      dir: path.join(folder, 'few'),
      clock,
      log: silentLog,
      limits: { rows: 10, bytes: 1024 ** 2 },
    })
    try {
      const ask = async (statement: string) =>
        JSON.parse(await text((await few.ask('theirs', statement, 'json')).body)).data as unknown
      const since = new Date(START + 30 * HOUR).toISOString()
      const notes = await ask(
        "SELECT rowCount, note FROM snapshot WHERE tableName IN ('views', 'titles') ORDER BY tableName",
      )
      assert.deepEqual(notes, [
        { rowCount: 1, note: 'complete' },
        { rowCount: 10, note: `only rows since ${since}: it was too much` },
      ])
      assert.deepEqual(await ask('SELECT count() AS n, min(derivedAt) AS at FROM playback_events'), [
        { n: 10, at: since.replace('T', ' ').replace('Z', '') },
      ])
    } finally {
      await few.close()
    }
  })

  test('one that is closed while it makes a snapshot leaves nothing behind', async () => {
    const dir = path.join(folder, 'closed')
    const short = openSandboxes({ warehouse, dir, clock, log: silentLog })
    const asked = short.ask('ours', 'SELECT 1', 'csv')
    await Promise.all([assert.rejects(asked), short.close()])
    assert.ok(!existsSync(dir))
    await assert.rejects(short.ask('ours', 'SELECT 1', 'csv'), { code: 'SV_SQL_BUSY' })
  })

  test('more statements at once than may wait are refused', async () => {
    const slow = 'SELECT sum(cityHash64(number)) FROM numbers(100000000)'
    const asked = await Promise.allSettled(
      Array.from({ length: 9 }, () => sandboxes.ask('ours', slow, 'csv')),
    )
    const refused = asked.filter((one) => one.status === 'rejected')
    assert.equal(refused.length, 3)
    for (const { reason } of refused) assert.equal((reason as { code?: string }).code, 'SV_SQL_BUSY')
    // Nobody has read the six answers: they still count.
    await assert.rejects(sandboxes.ask('ours', 'SELECT 1', 'csv'), { code: 'SV_SQL_BUSY' })
    for (const one of asked) {
      if (one.status === 'rejected') continue
      const closed = new Promise((resolve) => one.value.body.once('close', resolve))
      one.value.body.destroy()
      await closed
    }
    assert.deepEqual(await rows('ours', 'SELECT 1 AS n'), [{ n: 1 }])
  })
})
