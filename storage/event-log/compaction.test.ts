import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { catalogEvents, titleUpserted } from '#events/catalog.ts'
import type { StoredEvent } from '#events/define.ts'
import { serverEvent, streams } from '#events/registry.ts'
import { runOf } from '#events/run.ts'
import { openWarehouseSink } from '#pipelines/warehouse-sink.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'

const root = mkdtempSync(path.join(tmpdir(), 'compaction-'))
after(() => rmSync(root, { recursive: true, force: true }))
const stream = catalogEvents
const clock = createManualClock(Date.now())
const openAt = (name: string) =>
  openSegmentLog({ dir: path.join(root, name), streams, clock, log: silentLog, segmentBytes: 4000 })
type Log = Awaited<ReturnType<typeof openAt>>
const folderOf = (name: string): string => path.join(root, name, stream.name, '0')

const upserted = (tenantId: string, titleId: string, revision: number): StoredEvent =>
  serverEvent(titleUpserted as never, clock.now(), `${tenantId}-${titleId}-${revision}`, {
    tenantId,
    titleId,
    name: `${titleId} as of ${revision}`,
    description: '',
    creatorId: 'mads',
    genres: ['drama'],
    status: 'ready',
    ageRating: 'all',
    simulated: false,
  })
/** Two tenants have titles of the same names; each append is a block of one to three snapshots. */
async function appendRevisions(log: Log, from: number, to: number): Promise<void> {
  for (let revision = from; revision < to; revision++) {
    const titles = Array.from({ length: 1 + (revision % 3) }, (_, i) => `t${(revision + i * 7) % 11}`)
    await log.append(
      stream,
      runOf(titles.map((title) => upserted(revision % 5 === 0 ? 'b' : 'a', title, revision))),
    )
  }
}
type Row = { readonly id: string; readonly key: string; readonly name: unknown; readonly offset: number }
async function allRows(log: Log): Promise<Row[]> {
  const rows: Row[] = []
  for (let at = 0; ; ) {
    const batch = await log.read(stream, 0, at, 1)
    if (batch === null) return rows
    for (const event of batch.events()) {
      rows.push({
        id: event.eventId,
        key: `${event.tenantId}/${String(event['titleId'])}`,
        name: event['name'],
        offset: (event['logOffset'] as number | undefined) ?? -1,
      })
    }
    assert.ok(batch.lastOffset >= at)
    at = batch.lastOffset + 1
  }
}
const newestOf = (rows: readonly Row[]): Map<string, string> => new Map(rows.map((row) => [row.key, row.id]))

test('closed segments keep the newest event of each key of each tenant, at its offset; a restart agrees', async () => {
  const first = await openAt('newest')
  await appendRevisions(first, 0, 200)
  const [end] = await first.ends(stream)
  const before = await allRows(first)
  const files = readdirSync(folderOf('newest')).length
  assert.ok(files > 10)
  await first.sweep()
  const after = await allRows(first)
  assert.ok(after.length < before.length / 2, `${after.length} of ${before.length} are left`)
  assert.deepEqual(newestOf(after), newestOf(before))
  const there = new Map(before.map((row) => [row.id, row]))
  for (const row of after) assert.deepEqual([row.name], [there.get(row.id)?.name])
  await first.close()

  const second = await openAt('newest')
  assert.deepEqual(await second.ends(stream), [end])
  const again = await allRows(second)
  assert.deepEqual(
    again.map(({ id }) => id),
    after.map(({ id }) => id),
  )
  // Nothing was missing before: the first row had offset 0.
  for (const row of again) assert.equal(before[row.offset]?.id, row.id)
  await appendRevisions(second, 200, 260)
  await second.sweep()
  assert.deepEqual(newestOf(await allRows(second)).size, 22)
  await second.close()
})

test('a group that stood in the middle goes on behind its place, and meets no event twice', async () => {
  const log = await openAt('middle')
  await appendRevisions(log, 0, 60)
  const seen: string[] = []
  const read = async () => {
    const consumer = log.consume({ group: 'g', stream, from: 'start', maxEvents: 4 }, async (batch) => {
      seen.push(...batch.events().map((event) => event.eventId))
    })
    await consumer.caughtUp()
    assert.equal(await consumer.lag(), 0)
    await consumer.close()
  }
  await read()
  await appendRevisions(log, 60, 160)
  await log.sweep()
  await read()
  assert.equal(new Set(seen).size, seen.length)
  assert.deepEqual(
    [...newestOf(await allRows(log)).values()].filter((id) => !seen.includes(id)),
    [],
  )
  await log.close()
})

test('cut short at any point, the next start has the old segment or the new one, whole', async () => {
  const first = await openAt('cut')
  // One that stays, so that the oldest segment does.
  await first.append(stream, runOf([upserted('a', 'never changed', 0)]))
  await appendRevisions(first, 0, 120)
  await first.close()
  const folder = folderOf('cut')
  const untouched = path.join(root, 'untouched')
  const names = readdirSync(folder).sort()
  const oldest = names[0] as string
  copyFileSync(path.join(folder, oldest), untouched)
  const second = await openAt('cut')
  await second.sweep()
  const compacted = await allRows(second)
  await second.close()
  const newFile = readdirSync(folder).find((name) => name.startsWith(oldest.slice(0, 16))) as string
  assert.notEqual(newFile, oldest)
  // After the new file got its name and before the old one was removed; and a draft that got no name.
  copyFileSync(untouched, path.join(folder, oldest))
  writeFileSync(path.join(folder, `${names[1]}.new`), 'half of a draft')
  const third = await openAt('cut')
  assert.deepEqual(
    (await allRows(third)).map(({ id }) => id),
    compacted.map(({ id }) => id),
  )
  assert.ok(!readdirSync(folder).includes(oldest))
  await third.close()
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.new')),
    [],
  )
  // Before it got its name: the old segment alone.
  rmSync(path.join(folder, newFile))
  copyFileSync(untouched, path.join(folder, oldest))
  const fourth = await openAt('cut')
  assert.deepEqual(newestOf(await allRows(fourth)), newestOf(compacted))
  await fourth.close()
})

test('the warehouse takes what is left of a compacted stream, each position once', async () => {
  const dir = path.join(root, 'warehouse')
  const eventLog = await openAt('sunk')
  const warehouse = await openChdb({ dir, log: silentLog })
  await ensureStreamTables(warehouse, [stream])
  await appendRevisions(eventLog, 0, 150)
  await eventLog.sweep()
  const sinkOnce = async () => {
    const sink = await openWarehouseSink({ eventLog, warehouse, streams: [stream], clock, log: silentLog })
    await sink.caughtUp()
    await sink.close()
  }
  await sinkOnce()
  // Everything again, as after a kill between insert and commit, with more that was dropped and more that came.
  await appendRevisions(eventLog, 150, 220)
  await eventLog.sweep()
  await eventLog.seek('warehouse-sink', stream, [0])
  await sinkOnce()
  const [row] = await warehouse.query({
    sql: `SELECT count() AS total, uniqExact(logOffset) AS positions, uniqExact(eventId) AS ids,
      uniqExact(logId) AS logs FROM catalog_events`,
  })
  const left = await allRows(eventLog)
  const { total, positions, ids, logs } = row as Record<string, number>
  assert.deepEqual([positions, ids, logs], [total, total, 1])
  assert.ok((total as number) >= left.length)
  const newest = await warehouse.query<{ id: string }>({
    sql: 'SELECT argMax(eventId, logOffset) AS id FROM catalog_events GROUP BY tenantId, titleId ORDER BY id',
  })
  assert.deepEqual(
    newest.map(({ id }) => id),
    [...newestOf(left).values()].sort(),
  )
  await eventLog.close()
  await warehouse.close()
})
