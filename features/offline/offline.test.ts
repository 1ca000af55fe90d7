/** Values of a moment are what could be known before it, in the engine and by hand; features of the future are refused. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { END, openWorld, TENANT, type World } from '#demo/world.fixture.ts'
import { streams } from '#events/registry.ts'
import { defineOfflineFeature, type OfflineFeature } from '#features/offline/define.ts'
import { makeFacts } from '#features/offline/facts.ts'
import { findFromLater, refuseFromLater } from '#features/offline/from-later.ts'
import { joinedTo, makeTimelines } from '#features/offline/join.ts'
import { findFeatures, offlineFeatures } from '#features/offline/registry.ts'
import { running } from '#features/offline/running.ts'
import { titlePopularity } from '#features/title-popularity.ts'
import type { ViewerHistoryState } from '#features/viewer-history.ts'
import { viewerHistory } from '#features/viewer-history.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
let world: World
let known: Warehouse
let close: () => Promise<void>

type Fact = {
  readonly viewerKey: string
  readonly titleId: string
  readonly startedAt: number
  readonly eventAt: number
  readonly availableAt: number
  readonly isPlay: boolean
  readonly completed: number
  readonly valid: boolean
  readonly watchMs: number
  readonly rebufferMs: number
}
type Example = { readonly viewerKey: string; readonly titleId: string; readonly at: number }
type Joined = Example & Record<string, number | null>
const EXAMPLES = { table: 'examples', columns: ['viewerKey', 'titleId', 'at'] }

before(async () => {
  world = await openWorld(25)
  // Some views are heard of a day and a half late.
  const late = new Set(world.events.filter((_, i) => i % 40 === 0).map((event) => event['sid']))
  const delayed = world.events
    .filter((event) => event['sid'] !== undefined && late.has(event['sid']))
    .map((event) => ({ ...event, eventId: `again-${event.eventId}`.slice(0, 64) }))
    .map((event) => ({
      ...event,
      sentAt: event.sentAt + 36 * HOUR,
      receivedAt: event.receivedAt + 36 * HOUR,
    }))
  await world.insert(delayed)
  const opened = Promise.withResolvers<Warehouse>()
  const done = Promise.withResolvers<void>()
  const asked = world.knownAt(END, async (warehouse) => {
    opened.resolve(warehouse)
    await done.promise
  })
  close = async () => {
    done.resolve()
    await asked
  }
  known = await opened.promise
  await makeFacts(known, TENANT)
  await makeTimelines(known, TENANT, offlineFeatures)
  await known.command({
    sql: `CREATE TABLE examples ENGINE = MergeTree ORDER BY (at, viewerKey, titleId)
      AS SELECT viewerKey, titleId, startedAt AS at FROM view_facts WHERE viewerKey != ''`,
  })
})
after(async () => {
  await close?.()
  await world?.close()
})

const joined = (features: readonly OfflineFeature[]): Promise<Joined[]> =>
  known.query<Joined>({ sql: `${joinedTo(EXAMPLES, features)} ORDER BY at, viewerKey, titleId` })

test('every value is that of a person who reads only what was known before the moment', async () => {
  const facts = await known.query<Fact>({ sql: 'SELECT * FROM view_facts' })
  assert.ok(facts.filter(({ eventAt, availableAt }) => availableAt > eventAt + DAY).length > 20)
  const shown = await known.query<Fact>({ sql: 'SELECT * FROM shown_facts' })
  const rows = await joined(offlineFeatures)
  assert.ok(rows.length > 700)
  const genres = new Map(
    world.events
      .filter(({ type }) => type === 'catalog.title.upserted')
      .map((event) => [event['titleId'], (event['genres'] as string[])[0]]),
  )
  const sum = (of: readonly Fact[], pick: (fact: Fact) => number): number =>
    of.reduce((total, fact) => total + pick(fact), 0)
  const share = (part: number, of: number): number | null => (of === 0 ? null : part / of)
  for (const row of rows) {
    const earlier = facts.filter(({ availableAt }) => availableAt < row.at)
    const since = (of: readonly Fact[], days: number) =>
      of.filter(({ startedAt }) => startedAt + days * DAY >= row.at)
    const own = earlier.filter((fact) => fact.isPlay && fact.viewerKey === row.viewerKey)
    const plays = earlier.filter((fact) => fact.isPlay && fact.titleId === row.titleId)
    const valid = plays.filter((fact) => fact.valid)
    const last = own.length === 0 ? null : Math.max(...own.map(({ eventAt }) => eventAt))
    const month = since(plays, 28)
    const week = since(own, 7)
    const expected: Record<string, number | null> = {
      viewerPlays: own.length,
      viewerWatchHours7d: sum(week, ({ watchMs }) => watchMs) / HOUR,
      viewerCompletedShare: share(
        sum(own, ({ completed }) => Number(completed)),
        own.length,
      ),
      viewerDaysSincePlay: last === null ? null : (row.at - last) / DAY,
      viewerRebufferShare7d: share(
        sum(week, ({ rebufferMs }) => rebufferMs),
        sum(week, ({ watchMs }) => watchMs),
      ),
      titlePlays7d: since(valid, 7).length,
      titlePlays28d: since(valid, 28).length,
      titleScore: sum(since(valid, 90), ({ startedAt }) => 2 ** (-(row.at - startedAt) / (14 * DAY))),
      titleCompletedShare: share(
        sum(plays, ({ completed }) => Number(completed)),
        plays.length,
      ),
      titleWaitSeconds:
        month.length === 0 ? null : sum(month, ({ rebufferMs }) => rebufferMs) / month.length / 1000,
      viewerTitleSeen: shown.filter(
        (one) => one.viewerKey === row.viewerKey && one.titleId === row.titleId && one.availableAt < row.at,
      ).length,
      viewerGenrePlays: own.filter(({ titleId }) => genres.get(titleId) === genres.get(row.titleId)).length,
      viewerTitlePlays: own.filter(({ titleId }) => titleId === row.titleId).length,
    }
    for (const [name, value] of Object.entries(expected)) {
      const said = row[name] as number | null
      const near =
        said === value || Math.abs(Number(said) - Number(value)) < 1e-9 * Math.max(1, Number(value))
      assert.ok(near && (said === null) === (value === null), `${name} at ${row.at}: ${said}, not ${value}`)
    }
  }
})

test('no feature that is registered knows what came later', async () => {
  const found = await findFromLater(known, {
    tenantId: TENANT,
    features: offlineFeatures,
    examples: 'examples',
  })
  assert.deepEqual(found.features, [])
  assert.ok(found.compared > 10_000, `${found.compared} values`)
})

test('a value grows stale by its event, also where it became known too late to be fresh', async () => {
  const fresh = {
    ...planted('freshPlays', findFeatures(['viewerPlays'])[0]?.rows ?? ''),
    freshForMs: DAY,
    whenMissing: -1,
  }
  const scratch = await known.inDatabase('known_fresh')
  try {
    const [place] = await known.query<{ name: string }>({ sql: 'SELECT currentDatabase() AS name' })
    for (const table of ['view_facts', 'examples'])
      await scratch.command({ sql: `CREATE VIEW ${table} AS SELECT * FROM ${place?.name}.${table}` })
    await makeTimelines(scratch, TENANT, [fresh])
    const facts = await known.query<Fact>({
      sql: `SELECT * FROM view_facts WHERE isPlay AND viewerKey != ''`,
    })
    const rows = await scratch.query<Joined>({ sql: joinedTo(EXAMPLES, [fresh]) })
    let stale = 0
    for (const row of rows) {
      const own = facts.filter((fact) => fact.viewerKey === row.viewerKey && fact.availableAt < row.at)
      const isFresh = row.at - Math.max(...own.map(({ eventAt }) => eventAt)) <= DAY
      if (!isFresh) stale++
      assert.equal(row['freshPlays'], isFresh ? own.length : -1)
    }
    assert.ok(stale > 100 && stale < rows.length - 100, `${stale} of ${rows.length}`)
  } finally {
    await scratch.close()
    await known.dropDatabase('known_fresh')
  }
})

/** A feature with one thing wrong. */
const planted = (name: string, rows: string): OfflineFeature =>
  defineOfflineFeature({
    name,
    owner: 'test',
    description: 'wrong',
    unit: 'plays',
    entity: 'viewer',
    rows,
    reads: 'value',
    freshForMs: null,
    whenMissing: 0,
  })

test('a feature from the future is refused by name, whichever way it looks there', async () => {
  const all = planted(
    'allPlays',
    `SELECT viewerKey, min(eventAt) AS eventAt, min(knownAt) AS knownAt, count() AS value
      FROM view_facts WHERE viewerKey != '' GROUP BY viewerKey`,
  )
  const raw = planted(
    'rawPlays',
    `SELECT assumeNotNull(viewerKey) AS viewerKey, toUnixTimestamp64Milli(min(startedAt)) AS eventAt,
      eventAt AS knownAt, count() AS value
      FROM views FINAL WHERE viewerKey IS NOT NULL GROUP BY viewerKey`,
  )
  const early = planted(
    'toldEarly',
    running({
      entity: 'viewer',
      from: 'view_facts',
      where: `viewerKey != ''`,
      sums: { plays: '1' },
      value: 'plays',
    }).replaceAll('(availableAt, eventAt, knownAt, 1)', '(eventAt, eventAt, eventAt, 1)'),
  )
  for (const wrong of [all, raw, early]) {
    const features = [wrong, ...findFeatures(['titlePlays7d'])]
    const scratch = await known.inDatabase('known_planted')
    try {
      const [place] = await known.query<{ name: string }>({ sql: 'SELECT currentDatabase() AS name' })
      for (const table of ['title_facts', 'view_facts', 'shown_facts', 'examples'])
        await scratch.command({
          sql: `CREATE TABLE ${table} ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM ${place?.name}.${table}`,
        })
      for (const { table } of streams)
        await scratch.command({ sql: `CREATE VIEW ${table} AS SELECT * FROM ${place?.name}.${table}` })
      await scratch.command({
        sql: `CREATE TABLE views ENGINE = ReplacingMergeTree(revision) ORDER BY (tenantId, sid, playerId)
          AS SELECT * FROM ${place?.name}.views FINAL`,
      })
      await makeTimelines(scratch, TENANT, features)
      await assert.rejects(refuseFromLater(scratch, { tenantId: TENANT, features, examples: 'examples' }), {
        code: 'SV_FEATURE_FROM_LATER',
        message: new RegExp(`: ${wrong.name} \\(\\d+ values\\)\\.$`),
      })
    } finally {
      await scratch.close()
      await known.dropDatabase('known_planted')
    }
  }
})

test('the score of a title is the online one, plays of the last 90 days decayed', async () => {
  const now = END + 2 * DAY
  const online = await known.query(titlePopularity({ tenantId: TENANT, now }))
  await known.command({
    sql: `CREATE TABLE titles_now ENGINE = MergeTree ORDER BY titleId
      AS SELECT DISTINCT 'nobody' AS viewerKey, titleId, toInt64({now:Int64}) AS at FROM view_facts WHERE valid`,
    params: { now },
  })
  const rows = await known.query<Joined>({
    sql: joinedTo({ ...EXAMPLES, table: 'titles_now' }, offlineFeatures),
  })
  const offline = new Map(rows.map((row) => [row.titleId, row['titleScore'] as number]))
  assert.equal(offline.size, online.length)
  for (const { titleId, score } of online)
    assert.ok(Math.abs((offline.get(titleId) ?? 0) - score) < 1e-9 * score, `${titleId} ${score}`)
})

test('days since the last play are those since the newest row of the viewer’s online history', async () => {
  const newest = new Map<string, number>()
  const states = new Map<string, ViewerHistoryState>()
  for (const event of world.events) {
    const about = event.type.startsWith('playback.') ? viewerHistory.keyOf(event) : null
    if (about === null) continue
    const key = `${about.entity} ${about.item}`
    const state = viewerHistory.fold(states.get(key) ?? null, event, { durationMs: null })
    states.set(key, state)
    newest.set(about.entity, Math.max(newest.get(about.entity) ?? 0, viewerHistory.atOf(state)))
  }
  const now = END + 2 * DAY
  await known.command({
    sql: `CREATE TABLE viewers_now ENGINE = MergeTree ORDER BY viewerKey
      AS SELECT DISTINCT viewerKey, 'none' AS titleId, toInt64({now:Int64}) AS at FROM view_facts WHERE isPlay`,
    params: { now },
  })
  const rows = await known.query<Joined>({
    sql: joinedTo({ ...EXAMPLES, table: 'viewers_now' }, offlineFeatures),
  })
  assert.equal(rows.length, newest.size)
  for (const row of rows) {
    const last = now - (row['viewerDaysSincePlay'] as number) * DAY
    assert.equal(Math.round(last), newest.get(row.viewerKey))
  }
})
