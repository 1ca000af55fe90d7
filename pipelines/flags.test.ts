/** Flags that hang on more than one view, views of older rules, and who is left out of figures. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { createRandom } from '#base/random.ts'
import type { StoredEvent } from '#events/define.ts'
import { streams } from '#events/registry.ts'
import { figures } from '#metrics/figures.ts'
import type { LeftOut } from '#metrics/scope.ts'
import { flagRushed, MOST_VIEWS } from '#pipelines/rushed-viewers.ts'
import { beat, begin, insert, NOW, START, trace, viewOf, warehouse } from '#pipelines/views.fixture.ts'
import { openViews } from '#pipelines/views.ts'
import { rebuildViews } from '#pipelines/views-sql.ts'
import { VIEWS_VERSION } from '#pipelines/views-table.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'

/** The start of a whole hour: `START` may lie anywhere in one. */
const HOUR_AT = Math.ceil(START / 3_600_000) * 3_600_000
const viewAt = (sid: string, at: number, more: object = {}): StoredEvent[] =>
  trace(sid, [...begin, beat(5.4, 5)]).map((event) => ({
    ...event,
    createdAt: event.createdAt - START + at,
    sentAt: event.sentAt - START + at,
    receivedAt: event.receivedAt - START + at,
    derivedAt: event.derivedAt - START + at,
    ...more,
  }))

/** As the pipeline builds: the rows, then the flags. */
async function build(sids: readonly string[]): Promise<void> {
  const keys = sids.map((sid) => ({ tenantId: 'demo', sid }))
  await warehouse.command(rebuildViews(keys, NOW))
  await flagRushed(warehouse, keys)
}
const flaggedOf = async (viewerKey: string): Promise<number> => {
  const [row] = await warehouse.query<{ n: number }>({
    sql: 'SELECT countIf(rushed AND bot) AS n FROM views FINAL WHERE viewerKey = {viewerKey:String}',
    params: { viewerKey },
  })
  return row?.n ?? 0
}

test('a viewer of too many views in an hour is flagged in it, in whatever order they are built, and no longer', async () => {
  for (const [seed, viewerKey] of ['in-order', 'shuffled'].entries()) {
    const sids = Array.from({ length: MOST_VIEWS + 1 }, (_, i) => `${viewerKey}-${i}`)
    await insert(sids.flatMap((sid, i) => viewAt(sid, HOUR_AT + i * 10_000, { viewerKey })))
    await insert(viewAt(`${viewerKey}-before`, HOUR_AT - 60_000, { viewerKey }))
    const order = seed === 0 ? [...sids] : createRandom(3).shuffle([...sids])
    await build(order.slice(0, MOST_VIEWS))
    assert.equal(await flaggedOf(viewerKey), 0)
    await build([...order.slice(MOST_VIEWS), `${viewerKey}-before`])
    assert.equal(await flaggedOf(viewerKey), MOST_VIEWS + 1)
    await build([order[5] as string])
    assert.equal(await flaggedOf(viewerKey), MOST_VIEWS + 1)
    // An intent that comes late moves a view into the hour before: in this one there are no longer too many.
    const moved = `${viewerKey}-0`
    const [intent] = viewAt(moved, HOUR_AT - 5000, { viewerKey })
    await insert([{ ...(intent as StoredEvent), eventId: `${moved}-early` }])
    await build([moved])
    assert.equal(await flaggedOf(viewerKey), 0)
  }
})

test('a viewer on more screens than anybody has is flagged', async () => {
  const sids = Array.from({ length: 10 }, (_, i) => `screens-${i}`)
  const long = (sid: string): StoredEvent[] =>
    trace(sid, [...begin, ...Array.from({ length: 61 }, (_, i) => beat(60 * (i + 1), 60 * (i + 1)))]).map(
      (event) => ({
        ...event,
        createdAt: event.createdAt - START + HOUR_AT,
        viewerKey: 'screens',
        intervalMs: event.type === 'playback.heartbeat.sent' ? 60_000 : null,
      }),
    )
  await insert(sids.flatMap(long))
  await build(sids.slice(0, 7))
  assert.equal(await flaggedOf('screens'), 0)
  await build(sids.slice(7))
  assert.equal(await flaggedOf('screens'), 10)
})

test('bots, own views and staff are left out of figures, counted beside them, and in them when included', async () => {
  await ensureStreamTables(warehouse, streams)
  const kinds: readonly (readonly [sid: string, more: object])[] = [
    ['plain', {}],
    ['bot', { bot: true, own: true }],
    ['own', { own: true, staff: true }],
    ['own-2', { own: true, staff: true }],
    ['staff', { staff: true }],
  ]
  await insert(kinds.flatMap(([sid, more]) => viewAt(`kind-${sid}`, HOUR_AT, { titleId: 'kinds', ...more })))
  await build(kinds.map(([sid]) => `kind-${sid}`))
  const counted = async (...include: LeftOut[]) => {
    const [row] = await warehouse.query(
      figures({ tenantId: 'demo', titleId: 'kinds', include }, { from: 0, to: NOW }),
    )
    assert.ok(row)
    return [row.views, row.excludedBots, row.excludedOwn, row.excludedStaff]
  }
  assert.deepEqual(await counted(), [1, 1, 2, 1])
  assert.deepEqual(await counted('own'), [3, 1, 0, 1])
  assert.deepEqual(await counted('bots', 'staff'), [3, 0, 2, 0])
  assert.deepEqual(await counted('bots', 'own', 'staff'), [5, 0, 0, 0])
})

test('rows of older rules are built again in the background; those whose events are gone stay as they were', async () => {
  await insert([...viewAt('old-rules', HOUR_AT), ...viewAt('of-today', HOUR_AT)])
  await build(['of-today'])
  for (const sid of ['old-rules', 'gone']) {
    await warehouse.command({
      sql: `INSERT INTO views SELECT * REPLACE ({sid:String} AS sid, 1 AS builtBy, 7 AS watchMs, 3 AS revision)
        FROM (SELECT * FROM views FINAL WHERE sid = 'of-today')`,
      params: { sid },
    })
  }
  assert.deepEqual([(await viewOf('old-rules'))['watchMs'], (await viewOf('gone'))['watchMs']], [7, 7])
  const views = await openViews({
    warehouse,
    clock: createManualClock(NOW),
    log: silentLog,
    sinkCaughtUpTo: () => NOW,
    everyMs: 20,
  })
  try {
    const deadline = Date.now() + 60_000
    const outdated = async (): Promise<number> => {
      const [row] = await warehouse.query<{ n: number }>({
        sql: `SELECT count() AS n FROM views FINAL WHERE builtBy < ${VIEWS_VERSION}`,
      })
      return row?.n ?? -1
    }
    while ((await outdated()) > 0 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(await outdated(), 0)
  } finally {
    await views.close()
  }
  assert.deepEqual([(await viewOf('old-rules'))['watchMs'], (await viewOf('gone'))['watchMs']], [5000, 7])
})
