import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { type Catalog, openCatalog } from '#domains/catalog/index.ts'
import { titleUpserted } from '#events/catalog.ts'
import type { StoredEvent } from '#events/define.ts'
import { problemWith } from '#events/registry.ts'
import { openEmbeddedPostgres } from '#storage/records/postgres.ts'
import type { Records } from '#storage/records/records.ts'

suite('catalog', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'catalog-'))
  const clock = createManualClock(1_800_000_000_000)
  const said: StoredEvent[] = []
  let sayFails = false
  let records: Records
  let catalog: Catalog
  const say = async (events: StoredEvent[]): Promise<void> => {
    if (sayFails) throw new Error('the log is away')
    said.push(...events)
  }
  before(async () => {
    records = await openEmbeddedPostgres({ dir: folder, log: silentLog })
    catalog = await openCatalog({ records, clock, say })
    for (const tenant of ['one', 'two']) {
      await catalog.ensureCreator(tenant, { id: 'north', name: `North ${tenant}`, avatarUrl: '' })
    }
  })
  after(async () => {
    await catalog.close()
    await records.close()
    rmSync(folder, { recursive: true, force: true })
  })
  let number = 0
  const make = (tenantId: string, name: string, more: object = {}) =>
    catalog.create({
      tenantId,
      id: `t${number++}`,
      name,
      creatorId: 'north',
      genres: ['drama'],
      status: 'simulated',
      publishedAt: clock.now() - 1000 + number,
      ...more,
    })

  test('says each change with the whole title, valid by the contract, and nothing twice', async () => {
    const title = await make('one', 'The Lantern Keeper', { genres: [' Drama', 'drama', 'Mystery'] })
    clock.advance(1000)
    await catalog.update('one', title.id, { name: 'The Lantern Keepers' })
    await catalog.said()
    const events = said.filter((event) => event['titleId'] === title.id)
    assert.deepEqual(
      events.map((event) => [event['name'], problemWith(titleUpserted as never, event)]),
      [
        ['The Lantern Keeper', null],
        ['The Lantern Keepers', null],
      ],
    )
    assert.deepEqual(title.genres, ['drama', 'mystery'])
    assert.equal(new Set(said.map(({ eventId }) => eventId)).size, said.length)
  })

  test('keeps what could not be said, under the same event id, until it is', async () => {
    sayFails = true
    const title = await make('one', 'Kept Waiting')
    await assert.rejects(catalog.said(), /the log is away/)
    assert.equal(
      said.some((event) => event['titleId'] === title.id),
      false,
    )
    sayFails = false
    await catalog.said()
    assert.equal(said.filter((event) => event['titleId'] === title.id).length, 1)
  })

  test('refuses a change made against an older version', async () => {
    const title = await make('one', 'Twice Edited')
    await catalog.update('one', title.id, { name: 'First' }, title.version)
    await assert.rejects(catalog.update('one', title.id, { name: 'Second' }, title.version), {
      code: 'SV_CATALOG_CHANGED',
    })
    assert.equal((await catalog.get('one', title.id))?.name, 'First')
  })

  test('two changes at once both count', async () => {
    const title = await make('one', 'Busy')
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => catalog.update('one', title.id, { description: `take ${n}` })),
    )
    assert.equal((await catalog.get('one', title.id))?.version, 9)
  })

  test('a removed title leaves the lists, is made ready unseen, and returns as it then is', async () => {
    const title = await make('one', 'Gone and Back', { status: 'processing', publishedAt: null })
    await catalog.remove('one', title.id)
    await catalog.setStatus('one', title.id, 'ready', { durationMs: 5300 })
    assert.equal((await catalog.get('one', title.id))?.status, 'removed')
    assert.equal((await catalog.list({ tenantId: 'one', first: 100, text: 'gone' })).totalCount, 0)
    const back = await catalog.restore('one', title.id)
    assert.deepEqual([back.status, back.durationMs], ['ready', 5300])
  })

  test('pages through a list once each, newest first, while titles come', async () => {
    for (let n = 0; n < 25; n++) await make('one', `Paged ${n}`, { genres: ['paging'] })
    const seen: string[] = []
    let after: string | undefined
    for (;;) {
      const page = await catalog.list({ tenantId: 'one', first: 10, genre: 'paging', after, published: true })
      assert.ok(page.totalCount >= 25)
      seen.push(...page.edges.map(({ node }) => node.name))
      if (!page.hasNextPage) break
      after = page.edges.at(-1)?.cursor
      await make('one', 'Newcomer', { genres: ['paging'] })
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 25 }, (_, n) => `Paged ${24 - n}`),
    )
  })

  test('finds names by part and despite a typing error, best first', async () => {
    await make('one', 'Harbour of Glass')
    await make('one', 'Glass')
    const names = async (text: string) =>
      (await catalog.list({ tenantId: 'one', first: 10, text })).edges.map(({ node }) => node.name)
    assert.deepEqual(await names('glass'), ['Glass', 'Harbour of Glass'])
    assert.deepEqual(await names('HARBUOR'), ['Harbour of Glass'])
    assert.deepEqual(await names('%'), [])
    assert.deepEqual(await names(`'; DROP TABLE "catalogTitles"; --`), [])
  })

  test('refuses foreign cursors, unknown creators, doubled ids and shapeless titles', async () => {
    await assert.rejects(catalog.list({ tenantId: 'one', first: 5, after: 'nonsense' }), {
      code: 'SV_CATALOG_BAD_CURSOR',
    })
    await assert.rejects(make('one', 'Orphan', { creatorId: 'nobody' }), { code: 'SV_CATALOG_NO_CREATOR' })
    await assert.rejects(make('one', '   '), { code: 'SV_CATALOG_BAD_TITLE' })
    await assert.rejects(make('one', 'Path', { id: '../etc' }), { code: 'SV_CATALOG_BAD_TITLE' })
    const title = await make('one', 'Once')
    await assert.rejects(make('one', 'Once again', { id: title.id }), { code: 'SV_CATALOG_EXISTS' })
    assert.equal(
      await catalog.ensureMany([{ tenantId: 'one', id: title.id, name: 'Once more', creatorId: 'north' }]),
      0,
    )
  })

  test('two tenants cannot see or touch each other', async () => {
    const mine = await make('one', 'Only Mine', { genres: ['secret'] })
    const theirs = await make('two', 'Only Theirs', { id: mine.id, genres: ['hidden'] })
    assert.equal((await catalog.get('two', mine.id))?.name, 'Only Theirs')
    assert.deepEqual(
      (await catalog.getMany('one', [theirs.id, 'none'])).map(({ name }) => name),
      ['Only Mine'],
    )
    await catalog.update('two', theirs.id, { name: 'Changed' })
    await catalog.remove('two', theirs.id)
    assert.equal((await catalog.get('one', mine.id))?.name, 'Only Mine')
    assert.equal((await catalog.genres('two')).includes('secret'), false)
    const lists = await catalog.list({ tenantId: 'two', first: 500 })
    assert.ok(lists.edges.every(({ node }) => node.tenantId === 'two'))
    await assert.rejects(catalog.update('three', mine.id, { name: 'x' }), { code: 'SV_CATALOG_NO_TITLE' })
    assert.equal((await catalog.creator('two', 'north'))?.name, 'North two')
  })

  test('tells every listener which tenant changed', async () => {
    const heard = new Promise<string>((resolve) => {
      const stop = catalog.onChange((tenantId) => {
        stop()
        resolve(tenantId)
      })
    })
    await make('two', 'News')
    assert.equal(await heard, 'two')
  })
})
