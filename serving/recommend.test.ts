import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { findEvent, problemWith } from '#events/registry.ts'
import { type ViewerFeedbackState, viewerFeedback } from '#features/viewer-feedback.ts'
import { type ViewerHistoryState, viewerHistory } from '#features/viewer-history.ts'
import { plantWorld } from '#models/evaluate/planted.ts'
import { countViewers } from '#models/popularity/popularity.ts'
import { openRegistry, type Registry } from '#models/registry.ts'
import { type TrainingResult, trainAndEvaluate } from '#models/train.ts'
import type { ServedTitle, Slate } from '#serving/ports.ts'
import { openServing, type Serving } from '#serving/recommend.ts'
import { openDiskMedia } from '#storage/media/disk.ts'
import type { MediaStore } from '#storage/media/media-store.ts'
import { openLmdb } from '#storage/online-store/lmdb.ts'
import type { OnlineStore } from '#storage/online-store/online-store.ts'
import { openEmbeddedPostgres } from '#storage/records/postgres.ts'
import type { Records } from '#storage/records/records.ts'

const NOW = 1_800_000_000_000
const DAY = 86_400_000
const LENGTH_MS = 600_000
const world = plantWorld({
  viewers: 200,
  titles: 90,
  tastes: 3,
  plays: 3600,
  seed: 6,
  loyalty: 0.9,
  beganAt: NOW - 40 * DAY,
})
const tasteOf = (id: string): number => world.tasteOfTitle.get(id) as number
const titles: ServedTitle[] = [...world.tasteOfTitle.keys()].map((id, n) => ({
  id,
  name: `Name of ${id}`,
  genres: [`Genre ${tasteOf(id)}`],
  status: n % 10 === 0 ? 'ready' : 'simulated',
  durationMs: LENGTH_MS,
  ageRating: n % 3 === 0 ? '16' : 'all',
  publishedAt: NOW - (n + 1) * DAY,
}))
const counts = countViewers(world.interactions)
const popularity = world.interactions.titles.map((titleId, k) => ({ titleId, score: counts[k] as number }))
const clock = createManualClock(NOW)
const said: StoredEvent[] = []

let dir: string
let records: Records
let media: MediaStore
let online: OnlineStore
let registry: Registry
let serving: Serving
let models: TrainingResult[]
let tenantId: string
let tenants = 0

before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'serving-'))
  records = await openEmbeddedPostgres({ dir: path.join(dir, 'records'), log: silentLog })
  media = openDiskMedia({ dir: path.join(dir, 'media') })
  online = openLmdb({ dir: path.join(dir, 'online') })
  registry = await openRegistry({ records, media, clock })
  const train = (seed: number) => trainAndEvaluate({ interactions: world.interactions, seed, threads: 1 })
  models = [await train(1), await train(2)]
  serving = openServing({
    online,
    registry,
    clock,
    log: silentLog,
    listTitles: async (tenant) => (tenant.startsWith('tenant') ? titles : []),
    popularity: async () => popularity,
    say: async (events) => void said.push(...events),
  })
})
after(async () => {
  await serving?.close()
  await registry?.close()
  await online?.close()
  await media?.close()
  await records?.close()
  await rm(dir, { recursive: true, force: true })
})
beforeEach(async () => {
  tenantId = `tenant-${++tenants}`
  await serving.warm(tenantId)
})

const save = ({ evaluation, onnx, index, ...result }: TrainingResult) =>
  registry.save({ ...result, tenantId, codeVersion: 'test', onnx, index, ...evaluation })
const rowOf = (slate: Slate, key: string) => slate.rows.find((row) => row.key === key)
const idsOf = (slate: Slate, key?: string): string[] =>
  slate.rows
    .filter((row) => key === undefined || row.key === key)
    .flatMap((row) => row.slots.map((s) => s.titleId))
const withoutId = ({ modelName, modelVersion, rows }: Slate) => ({ modelName, modelVersion, rows })
async function watch(viewerKey: string, titleId: string, share: number, at = NOW): Promise<void> {
  const playheadMs = LENGTH_MS * share
  const value: ViewerHistoryState = {
    positionMs: share >= 1 ? 0 : playheadMs,
    contentMs: playheadMs,
    completed: share >= 1,
    lastSid: 's',
    at,
    playheadMs,
    covered: [0, playheadMs],
  }
  await online.put([{ space: viewerHistory.space, tenantId, entity: viewerKey, item: titleId, value, at }])
}
async function say(
  viewerKey: string,
  titleId: string,
  word: Partial<ViewerFeedbackState>,
  at = NOW,
): Promise<void> {
  const times = { starsAt: at, listAt: at, dismissedAt: at, at }
  const value: ViewerFeedbackState = { stars: null, inMyList: false, dismissed: false, ...times, ...word }
  await online.put([{ space: viewerFeedback.space, tenantId, entity: viewerKey, item: titleId, value, at }])
}
async function until(what: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 1000
  while (!(await what())) {
    assert.ok(Date.now() < end, 'did not happen within a second')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('without a model a visitor and a viewer get a full page by popularity, no title twice', async () => {
  for (const viewerKey of [null, 'somebody']) {
    const slate = await serving.home({ tenantId, viewerKey })
    assert.equal(slate.modelName, 'popularity')
    assert.deepEqual(
      slate.rows.slice(0, 2).map(({ key }) => key),
      ['popular', 'new'],
    )
    assert.ok(idsOf(slate).length >= 40)
    assert.equal(new Set(idsOf(slate)).size, idsOf(slate).length)
    for (const { slots } of slate.rows)
      assert.deepEqual(
        slots.map((s) => s.position),
        [...slots.keys()],
      )
  }
})

test('promoting changes the ranking within a second, rolling back restores it bit for bit', async () => {
  const viewerKey = world.interactions.viewers[5] as string
  const [a, b] = [await save(models[0] as TrainingResult), await save(models[1] as TrainingResult)]
  const page = () => serving.home({ tenantId, viewerKey })
  const plain = await page()
  const pages: Slate[] = []
  for (const version of [a, b]) {
    await registry.promote(tenantId, version.id, 'test', 'a small world')
    await until(async () => (await page()).modelVersion === version.version)
    pages.push(await page())
  }
  const [first, second] = pages as [Slate, Slate]
  assert.notDeepEqual(idsOf(first), idsOf(plain))
  assert.notDeepEqual(withoutId(second), withoutId(first))
  await registry.rollback(tenantId, 'test')
  await until(async () => (await page()).modelVersion === a.version)
  assert.deepEqual(withoutId(await page()), withoutId(first))
  await registry.rollback(tenantId, 'test')
  await until(async () => (await page()).modelName === 'popularity')
  assert.deepEqual(withoutId(await page()), withoutId(plain))
})

test('the model puts a known viewer’s own taste first', async () => {
  const saved = await save(models[0] as TrainingResult)
  await registry.promote(tenantId, saved.id, 'test', 'a small world')
  await until(async () => (await serving.modelOf(tenantId)).version === saved.version)
  let own = 0
  let all = 0
  for (const viewerKey of world.interactions.viewers.slice(0, 30)) {
    const slate = await serving.home({ tenantId, viewerKey })
    const tastes = world.tastesOfViewer.get(viewerKey) as readonly number[]
    const ids = idsOf(slate, 'for-you').slice(0, 10)
    own += ids.filter((id) => tastes.includes(tasteOf(id))).length
    all += ids.length
  }
  assert.ok(own / all > 0.75, `${own} of ${all}`)
})

test('what a viewer new to the model just watched shapes the next page, with and without a model', async () => {
  const title = titles[7] as ServedTitle
  for (const promoted of [false, true]) {
    if (promoted) {
      const saved = await save(models[0] as TrainingResult)
      await registry.promote(tenantId, saved.id, 'test', 'a small world')
      await until(async () => (await serving.modelOf(tenantId)).version === saved.version)
    }
    const viewerKey = `fresh-${promoted}`
    assert.equal(rowOf(await serving.home({ tenantId, viewerKey }), 'because-you-watched'), undefined)
    await watch(viewerKey, title.id, 0.4)
    const slate = await serving.home({ tenantId, viewerKey })
    assert.equal(rowOf(slate, 'because-you-watched')?.name, `Because you watched ${title.name}`)
    assert.deepEqual(idsOf(slate, 'continue-watching'), [title.id])
    const like = idsOf(slate, 'because-you-watched').filter((id) => tasteOf(id) === tasteOf(title.id))
    assert.ok(like.length >= 9, `${like.length} alike`)
    assert.ok(idsOf(slate, 'for-you').filter((id) => tasteOf(id) === tasteOf(title.id)).length >= 9)
  }
})

test('a few seconds of a title are no taste, but can be continued', async () => {
  await watch('hasty', (titles[3] as ServedTitle).id, 0.01)
  const slate = await serving.home({ tenantId, viewerKey: 'hasty' })
  assert.equal(rowOf(slate, 'because-you-watched'), undefined)
  assert.deepEqual(idsOf(slate, 'continue-watching'), [titles[3]?.id])
})

test('watched and dismissed titles stay away', async () => {
  const [done, nearly, dismissed] = idsOf(await serving.home({ tenantId, viewerKey: 'picky' })) as [
    string,
    string,
    string,
  ]
  await watch('picky', done, 1)
  await watch('picky', nearly, 0.97)
  await say('picky', dismissed, { dismissed: true })
  const ids = idsOf(await serving.home({ tenantId, viewerKey: 'picky' }))
  for (const id of [done, nearly, dismissed]) assert.ok(!ids.includes(id))
})

test('a loved title takes the place of one watched before it', async () => {
  await watch('fan', (titles[1] as ServedTitle).id, 1, NOW - 1000)
  await say('fan', (titles[2] as ServedTitle).id, { stars: 5 })
  const slate = await serving.home({ tenantId, viewerKey: 'fan' })
  assert.equal(rowOf(slate, 'because-you-watched')?.name, `Because you liked ${titles[2]?.name}`)
})

test('a child sees only what is rated for all, and nothing of the viewer is read', async () => {
  await watch('parent', (titles[1] as ServedTitle).id, 0.5)
  const slate = await serving.home({ tenantId, viewerKey: 'parent', kids: true })
  const rated = new Map(titles.map(({ id, ageRating }) => [id, ageRating]))
  assert.deepEqual(
    idsOf(slate).filter((id) => rated.get(id) !== 'all'),
    [],
  )
  const visitor = await serving.home({ tenantId, viewerKey: null, kids: true })
  assert.deepEqual(withoutId(slate), withoutId(visitor))
  await until(async () => said.length > 0 && said.at(-1)?.['slateId'] === visitor.id)
  assert.ok(said.filter(({ slateId }) => slateId === slate.id).every(({ viewerKey }) => viewerKey === null))
})

test('titles that can be played stand a little higher', async () => {
  const first = idsOf(await serving.home({ tenantId, viewerKey: null }), 'popular').slice(0, 6)
  const ready = new Set(titles.filter(({ status }) => status === 'ready').map(({ id }) => id))
  assert.ok(
    first.some((id) => ready.has(id)),
    first.join(' '),
  )
})

test('titles like a title leave the title itself out', async () => {
  const slate = await serving.related({ tenantId, viewerKey: null }, (titles[4] as ServedTitle).id, 8)
  assert.equal(idsOf(slate).length, 8)
  assert.ok(!idsOf(slate).includes((titles[4] as ServedTitle).id))
  assert.ok(idsOf(slate).every((id) => tasteOf(id) === tasteOf((titles[4] as ServedTitle).id)))
})

test('without a model, what viewers watched together says what is alike', async () => {
  const [seed, near] = [titles[4] as ServedTitle, titles[5] as ServedTitle]
  const own = openServing({
    online,
    registry,
    clock,
    log: silentLog,
    listTitles: async () => titles,
    popularity: async () => popularity,
    coWatched: async () => [{ titleId: seed.id, otherId: near.id, weight: 0.9 }],
  })
  try {
    await own.warm(tenantId)
    const [first] = (await own.related({ tenantId, viewerKey: null }, seed.id)).rows[0]?.slots ?? []
    assert.deepEqual([first?.titleId, first?.source], [near.id, 'co-watch'])
  } finally {
    await own.close()
  }
})

test('a title published or taken away shows on the next page', async () => {
  let listed = titles.slice(0, 20)
  const heard: ((tenant: string) => void)[] = []
  const own = openServing({
    online,
    registry,
    clock,
    log: silentLog,
    listTitles: async () => listed,
    onTitlesChanged: (hear) => {
      heard.push(hear)
      return () => {}
    },
    popularity: async () => [],
  })
  const shown = async () => idsOf(await own.home({ tenantId, viewerKey: null }))
  try {
    assert.equal((await shown()).length, 20)
    const added = { ...(titles[30] as ServedTitle), publishedAt: NOW }
    const draft = { ...(titles[31] as ServedTitle), publishedAt: null }
    listed = [...titles.slice(1, 20), added, draft]
    heard[0]?.(tenantId)
    await until(async () => (await shown()).includes(added.id))
    assert.equal((await shown()).length, 20)
    assert.ok(!(await shown()).includes((titles[0] as ServedTitle).id))
  } finally {
    await own.close()
  }
})

test('another tenant shares neither titles, model nor history', async () => {
  const saved = await save(models[0] as TrainingResult)
  await registry.promote(tenantId, saved.id, 'test', 'a small world')
  await watch('both', (titles[1] as ServedTitle).id, 0.5)
  const other = { tenantId: `tenant-other-${tenants}`, viewerKey: 'both' }
  const slate = await serving.home(other)
  assert.equal(slate.modelName, 'popularity')
  assert.equal(rowOf(slate, 'continue-watching'), undefined)
  assert.deepEqual((await serving.home({ tenantId: 'empty', viewerKey: 'both' })).rows, [])
})

test('each slate leaves a valid receipt of what was served, in order', async () => {
  const slate = await serving.home({ tenantId, viewerKey: 'receipt', experiments: ['home:a'] })
  await until(async () => said.some(({ slateId }) => slateId === slate.id))
  const receipt = said.find(({ slateId }) => slateId === slate.id) as StoredEvent
  const definition = findEvent(receipt.type, receipt.version)
  assert.ok(definition)
  assert.equal(problemWith(definition, receipt), null)
  assert.deepEqual(receipt['titleIds'], idsOf(slate))
  assert.deepEqual(receipt['experiments'], ['home:a'])
  assert.equal(receipt['modelVersion'], slate.modelVersion)
})
