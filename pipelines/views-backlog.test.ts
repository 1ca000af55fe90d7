/** Views of now are not kept waiting by a backlog: a history being said, devices that were offline for a week. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { playbackEvents } from '#events/playback.ts'
import { buildViews } from '#pipelines/build-views.ts'
import { insert, NOW, type Step, trace, warehouse } from '#pipelines/views.fixture.ts'
import { openViews } from '#pipelines/views.ts'
import type { LogBatch } from '#storage/event-log/event-log.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

const OLD = 5000
const steps: readonly Step[] = [
  [0, 'view.requested', 'joining', 0, { intent: 'click' }],
  [1, 'view.started', 'playing', 0, { startupMs: 1000 }],
]
const old = Array.from({ length: OLD }, (_, at) => trace(`old-${at}`, steps)).flat()
const live = trace('live', steps).map(
  (event): StoredEvent => ({ ...event, createdAt: NOW, sentAt: NOW, receivedAt: NOW + 100, derivedAt: NOW }),
)
const batchOf = (events: readonly StoredEvent[], firstOffset: number): LogBatch => ({
  stream: playbackEvents,
  partition: 0,
  firstOffset,
  lastOffset: firstOffset + events.length - 1,
  count: events.length,
  takenOver: false,
  events: () => [...events],
  native: () => [],
})
const counts = async (): Promise<{ old: number; live: number }> => {
  const [row] = await warehouse.query<{ old: number; live: number }>({
    sql: sql`SELECT toUInt32(countIf(sid != 'live')) AS old, toUInt32(countIf(sid = 'live')) AS live FROM views FINAL`,
  })
  return row ?? { old: 0, live: 0 }
}

test('a view of now is built before five thousand of last night, and the watermark waits for all', async () => {
  await insert([...old, ...live])
  let sinkCaughtUpTo = NOW - 500
  const seen: { old: number; live: number; watermark: number }[] = []
  const watched: Warehouse = {
    ...warehouse,
    command: async (statement, options) => {
      await warehouse.command(statement, options)
      if (statement.sql.startsWith('INSERT INTO views'))
        seen.push({ ...(await counts()), watermark: views.watermarkAt() })
    },
  }
  const views = await openViews({
    warehouse: watched,
    clock: createManualClock(NOW + 1000),
    log: silentLog,
    sinkCaughtUpTo: () => sinkCaughtUpTo,
    everyMs: 3_600_000,
  })
  try {
    await views.caughtUp()
    seen.length = 0
    await warehouse.command({ sql: sql`TRUNCATE TABLE views` })
    sinkCaughtUpTo = NOW + 500
    views.touched(batchOf([...old, ...live], 0))
    assert.equal(views.waiting(), OLD + 1)
    await views.caughtUp()
    assert.deepEqual(await counts(), { old: OLD, live: 1 })
    assert.ok(seen.length >= 3 && seen[0]?.live === 1 && seen[0].old < OLD / 2, JSON.stringify(seen))
    assert.ok(
      seen.every(({ watermark }) => watermark === NOW - 500),
      JSON.stringify(seen),
    )
    assert.equal(views.watermarkAt(), NOW + 500)
    assert.equal(views.waiting(), 0)
  } finally {
    await views.close()
  }
})

test('views for which the engine has not the memory at once are built in smaller parts; a mistake is not tried again', async () => {
  const many = Array.from({ length: 9 }, (_, at) => trace(`large-${at}`, steps)).flat()
  await insert(many)
  const keys = [...new Set(many.map(({ sid }) => sid))].map((sid) => ({
    tenantId: 'demo',
    sid: String(sid),
    reported: false,
    late: false,
  }))
  let statements = 0
  const build = (instead: string, most: number): Promise<void> => {
    const small: Warehouse = {
      ...warehouse,
      command: (statement, options) => {
        statements++
        const sids = statement.params?.['sids'] as readonly string[]
        return warehouse.command(sids.length > most ? { sql: instead } : statement, options)
      },
    }
    const ports = { warehouse: small, clock: createManualClock(NOW), onTold: () => Promise.resolve() }
    return buildViews(ports, keys)
  }
  const tooLarge =
    'CREATE TABLE never ENGINE = Memory AS SELECT groupArray(number) FROM numbers(9000000) SETTINGS max_memory_usage = 9000000'
  await build(tooLarge, 2)
  const [built] = await warehouse.query<{ n: number }>({
    sql: sql`SELECT toUInt32(count()) AS n FROM views FINAL WHERE startsWith(sid, 'large-')`,
  })
  assert.equal(built?.n, 9)
  await assert.rejects(build(tooLarge, 0), /memory limit/i)
  statements = 0
  await assert.rejects(build('SELECT nothing', 2), /UNKNOWN_IDENTIFIER/)
  assert.equal(statements, 1)
})
