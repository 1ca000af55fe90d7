/** A table of views from before there were indices gets them, and answers as it did: replaced rows stay replaced. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scopedViews, scopeParams } from '#metrics/scope.ts'
import { beat, begin, insert, NOW, START, trace, warehouse } from '#pipelines/views.fixture.ts'
import { idleViews } from '#pipelines/views-find.ts'
import { rebuildViews } from '#pipelines/views-sql.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

const indices = async (): Promise<string[]> => {
  const rows = await warehouse.query<{ name: string }>({
    sql: sql`SELECT name FROM system.data_skipping_indices WHERE table = 'views' ORDER BY name`,
  })
  return rows.map(({ name }) => name)
}
const DAY_MS = 86_400_000
const VIEWS = 30_000

test('a table without indices gets them once, with all that is there', async () => {
  const names = await indices()
  assert.deepEqual(names, ['byEnd', 'byEndReason', 'byRules', 'byStart'])
  for (const name of names) await warehouse.command({ sql: sql`ALTER TABLE views DROP INDEX ${name}` })
  await insert(trace('before', [...begin, beat(5, 5)]))
  await warehouse.command(rebuildViews([{ tenantId: 'demo', sid: 'before' }], START))
  await ensureViewTables(warehouse)
  await ensureViewTables(warehouse)
  assert.deepEqual(await indices(), names)
})

test('a row that was replaced is never seen, although only its block would be read', async () => {
  // Thousands of views over a year; then each is built again, and has ended 40 days later than it seemed.
  const rows = (later: number, revision: number) => sql`INSERT INTO views
    (tenantId, sid, playerId, titleId, startedAt, endedAt, endReason, builtBy, revision)
    SELECT 'moved', leftPad(toString(number), 8, '0'), 'p', 't', instant, instant + INTERVAL ${String(later)} DAY, 'open', 2,
      ${String(revision)}
    FROM (SELECT number, fromUnixTimestamp64Milli(toInt64(${String(START - 365 * DAY_MS)} +
      number * ${String(Math.floor((365 * DAY_MS) / VIEWS))}), 'UTC') AS instant FROM numbers(${String(VIEWS)}))`
  await warehouse.command({ sql: sql`SYSTEM STOP MERGES views` })
  await warehouse.command({ sql: rows(0, 1) })
  await warehouse.command({ sql: rows(40, 2) })
  const count = async (from: number, to: number): Promise<number> => {
    const scope = { tenantId: 'moved' }
    const [row] = await warehouse.query<{ n: number }>({
      sql: sql`SELECT count() AS n FROM ${scopedViews(scope)} WHERE inEnd`,
      params: scopeParams(scope, { from, to }),
    })
    return row?.n ?? 0
  }
  const yearAgo = START - 365 * DAY_MS
  assert.equal(await count(yearAgo, yearAgo + 30 * DAY_MS), 0)
  const all = await count(yearAgo, START + 50 * DAY_MS)
  assert.equal(all, VIEWS)
  const aDay = await count(yearAgo + 100 * DAY_MS, yearAgo + 101 * DAY_MS)
  assert.ok(Math.abs(aDay - VIEWS / 365) <= 2, String(aDay))
  const open = async () =>
    (await warehouse.query(idleViews(NOW))).filter(({ tenantId }) => tenantId === 'moved').length
  assert.ok((await open()) >= 4999)
  await warehouse.command({ sql: rows(40, 3).replace("'open'", "'stopped'") })
  assert.equal(await open(), 0)
  await warehouse.command({ sql: sql`SYSTEM START MERGES views` })
})
