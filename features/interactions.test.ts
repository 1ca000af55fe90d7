import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { silentLog } from '#base/log.ts'
import { catalogEvents } from '#events/catalog.ts'
import { coWatched } from '#features/co-watch.ts'
import { encodeInteractions, interactions, readInteractions } from '#features/interactions.ts'
import { titlePopularity } from '#features/title-popularity.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

const BEGAN = 1_700_000_000_000
const DAY = 86_400_000
let dir: string
let warehouse: Warehouse
let views = 0

/** The columns of `views` that are read here. */
const VIEWS = sql`CREATE TABLE views (tenantId String, sid String, playerId String, titleId String,
  viewerKey Nullable(String), startedAt DateTime64(3,'UTC'), endReason LowCardinality(String), isPlay Bool,
  playingMs UInt32, contentMs UInt32, surface LowCardinality(String), bot Bool, kids Bool, revision UInt64)
  ENGINE = ReplacingMergeTree(revision) ORDER BY (tenantId, sid, playerId)`

type View = Partial<{
  tenantId: string
  sid: string
  titleId: string
  viewerKey: string | null
  startedAt: number
  endReason: string
  isPlay: boolean
  playingMs: number
  contentMs: number
  surface: string
  bot: boolean
  kids: boolean
  revision: number
}>

async function add(tenantId: string, ...list: View[]): Promise<void> {
  for (const view of list) {
    await warehouse.command({
      sql: sql`INSERT INTO views SELECT {tenantId:String}, {sid:String}, 'p', {titleId:String},
        {viewerKey:Nullable(String)}, fromUnixTimestamp64Milli({startedAt:Int64}, 'UTC'), {endReason:String},
        {isPlay:Bool}, {playingMs:UInt32}, {contentMs:UInt32}, {surface:String}, {bot:Bool}, {kids:Bool},
        {revision:UInt64}`,
      params: {
        tenantId,
        sid: `sid-${++views}`,
        titleId: 'long',
        viewerKey: 'ann',
        startedAt: BEGAN,
        endReason: 'stopped',
        isPlay: true,
        playingMs: 30_000,
        contentMs: 30_000,
        surface: 'watch',
        bot: false,
        kids: false,
        revision: 1,
        ...view,
      },
    })
  }
}

before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'interactions-'))
  warehouse = await openChdb({ dir, log: silentLog })
  await ensureStreamTables(warehouse)
  await warehouse.command({ sql: VIEWS })
  for (const tenantId of ['valid', 'first', 'own', 'popular', 'together']) {
    for (const [titleId, durationMs] of [
      ['long', 600_000],
      ['short', 20_000],
    ] as const) {
      await warehouse.command({
        sql: sql`INSERT INTO ${catalogEvents.table} (eventId, type, version, tenantId, titleId, durationMs, derivedAt)
          SELECT 'e', 'catalog.title.upserted', 1, {tenantId:String}, {titleId:String}, {durationMs:UInt32}, now64(3)`,
        params: { tenantId, titleId, durationMs },
      })
    }
  }
})
after(async () => {
  await warehouse?.close()
  await rm(dir, { recursive: true, force: true })
})

const keys = async (tenantId: string): Promise<string[]> =>
  (await warehouse.query(interactions({ tenantId })))
    .map(({ viewerKey, titleId }) => `${viewerKey} ${titleId}`)
    .sort()

test('counts valid plays only: half a minute, half of the content, or to the end', async () => {
  await add(
    'valid',
    { viewerKey: 'half-minute' },
    { viewerKey: 'half-content', titleId: 'short', playingMs: 10_000, contentMs: 10_000 },
    { viewerKey: 'to-the-end', playingMs: 5000, contentMs: 5000, endReason: 'completed' },
    { viewerKey: 'left-after-a-stall', playingMs: 29_000, contentMs: 29_000 },
    { viewerKey: 'never-began', isPlay: false },
    { viewerKey: 'bot', bot: true },
    { viewerKey: 'child', kids: true },
    { viewerKey: 'hovering', surface: 'preview' },
    { viewerKey: null },
  )
  assert.deepEqual(await keys('valid'), ['half-content short', 'half-minute long', 'to-the-end long'])
})

test('a viewer and title are one row: first time, strongest play, newest revision of a view', async () => {
  await add(
    'first',
    { startedAt: BEGAN + 5000, contentMs: 300_000, playingMs: 300_000 },
    { startedAt: BEGAN + 1000 },
    { sid: 'again', viewerKey: 'bob', playingMs: 1000, revision: 1 },
    { sid: 'again', viewerKey: 'bob', endReason: 'completed', revision: 2 },
  )
  assert.deepEqual(await warehouse.query(interactions({ tenantId: 'first' })), [
    { viewerKey: 'bob', titleId: 'long', at: BEGAN, strength: 1 },
    { viewerKey: 'ann', titleId: 'long', at: BEGAN + 1000, strength: 0.75 },
  ])
  assert.deepEqual(await warehouse.query(interactions({ tenantId: 'first', before: BEGAN + 1 })), [
    { viewerKey: 'bob', titleId: 'long', at: BEGAN, strength: 1 },
  ])
})

test('columns read from the warehouse are those of the rows, and of the tenant alone', async () => {
  await add('own', { viewerKey: 'zoe' }, { viewerKey: 'ann', startedAt: BEGAN + 1 })
  const rows = await warehouse.query(interactions({ tenantId: 'own' }))
  const columns = await readInteractions(warehouse, { tenantId: 'own' })
  assert.deepEqual(columns, encodeInteractions(rows))
  assert.deepEqual(columns.viewers, ['ann', 'zoe'])
  assert.deepEqual([...columns.viewer], [1, 0])
})

test('a play two weeks old is worth half in popularity', async () => {
  await add('popular', { startedAt: BEGAN }, { startedAt: BEGAN - 14 * DAY, titleId: 'short' })
  const rows = await warehouse.query(titlePopularity({ tenantId: 'popular', now: BEGAN }))
  assert.deepEqual(rows, [
    { titleId: 'long', score: 1 },
    { titleId: 'short', score: 0.5 },
  ])
})

test('titles are alike when the same viewers watched both, more so when few others did', async () => {
  const plays = {
    long: ['a', 'b', 'c', 'd'],
    short: ['a', 'b', 'e'],
    other: ['c', 'd', 'e', 'f'],
    lone: ['a'],
  }
  for (const [titleId, viewers] of Object.entries(plays)) {
    await add('together', ...viewers.map((viewerKey) => ({ titleId, viewerKey })))
  }
  const rows = await warehouse.query(coWatched({ tenantId: 'together', now: BEGAN + DAY }))
  assert.deepEqual(
    rows.map(({ titleId, otherId, weight }) => [titleId, otherId, weight.toFixed(6)]),
    [
      ['long', 'short', (2 / (Math.sqrt(12) + 8)).toFixed(6)],
      ['long', 'other', (2 / (Math.sqrt(16) + 8)).toFixed(6)],
      ['other', 'long', (2 / (Math.sqrt(16) + 8)).toFixed(6)],
      ['short', 'long', (2 / (Math.sqrt(12) + 8)).toFixed(6)],
    ],
  )
})
