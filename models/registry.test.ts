import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { findEvent, problemWith } from '#events/registry.ts'
import { openRegistry, type Registry } from '#models/registry.ts'
import type { NewVersion } from '#models/version.ts'
import { openDiskMedia } from '#storage/media/disk.ts'
import type { MediaStore } from '#storage/media/media-store.ts'
import { openEmbeddedPostgres } from '#storage/records/postgres.ts'
import type { Records } from '#storage/records/records.ts'

let dir: string
let records: Records
let media: MediaStore
let platform: Registry
/** A second process' view of the same database: it cannot say events. */
let guest: Registry
let tenantId: string
let tenants = 0
const said: StoredEvent[] = []
const clock = createManualClock(1_700_000_000_000)

before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'registry-'))
  records = await openEmbeddedPostgres({ dir: path.join(dir, 'records'), log: silentLog })
  media = openDiskMedia({ dir: path.join(dir, 'media') })
  platform = await openRegistry({ records, media, clock, say: async (events) => void said.push(...events) })
  guest = await openRegistry({ records, media, clock })
})
after(async () => {
  await guest.close()
  await platform.close()
  await media.close()
  await records.close()
  await rm(dir, { recursive: true, force: true })
})
beforeEach(() => {
  tenantId = `tenant-${++tenants}`
  said.length = 0
})

const version = (seed: number): NewVersion => ({
  tenantId,
  name: 'ncf',
  interactionCount: 10,
  viewerCount: 3,
  titleCount: 4,
  trainMs: 5,
  epochs: 2,
  seed,
  dataHash: `hash${seed}`,
  codeVersion: 'kernels-test',
  protocol: 'in words',
  metrics: [
    {
      name: 'ndcg@10',
      value: 0.3,
      low: 0.2,
      high: 0.4,
      against: 'popularity',
      difference: 0.1,
      differenceLow: 0.05,
      differenceHigh: 0.15,
    },
  ],
  baselines: [],
  onnx: Uint8Array.of(1, seed),
  index: Uint8Array.of(2, seed),
})
const save = async (registry: Registry, seed: number) => {
  clock.advance(1000)
  return registry.save(version(seed))
}
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 5000
  while (!(await what())) {
    assert.ok(Date.now() < end, 'did not happen in 5 s')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
const stateOf = async (id: string): Promise<string | undefined> => (await platform.get(tenantId, id))?.state

test('a version is kept whole, as a candidate, with its artifact', async () => {
  const saved = await save(platform, 1)
  assert.deepEqual(await guest.get(tenantId, saved.id), saved)
  assert.deepEqual(await guest.get(tenantId, saved.version), saved)
  assert.equal(saved.state, 'candidate')
  assert.equal(await platform.active(tenantId), null)
  const { onnx, index } = await guest.artifact(saved)
  assert.deepEqual([...onnx, ...index], [1, 1, 2, 1])
})

test('promotions stack up and roll back one by one, to no model in the end', async () => {
  const [a, b] = [await save(platform, 1), await save(platform, 2)]
  assert.deepEqual(
    (await platform.list(tenantId)).map(({ id }) => id),
    [b.id, a.id],
  )
  await platform.promote(tenantId, a.id, 'ann')
  await platform.promote(tenantId, b.id, 'ann')
  await platform.promote(tenantId, b.id, 'ann')
  assert.equal((await platform.active(tenantId))?.id, b.id)
  assert.equal(await stateOf(a.id), 'retired')
  assert.equal((await platform.rollback(tenantId, 'ann'))?.id, a.id)
  assert.deepEqual([await stateOf(a.id), await stateOf(b.id)], ['champion', 'retired'])
  assert.equal(await platform.rollback(tenantId, 'ann'), null)
  assert.equal(await platform.active(tenantId), null)
  await assert.rejects(platform.rollback(tenantId, 'ann'), { code: 'SV_NOTHING_TO_ROLL_BACK' })
})

test('promotions at one moment leave one champion and lose none', async () => {
  const versions = [await save(platform, 1), await save(platform, 2), await save(platform, 3)]
  await Promise.all(versions.map(({ id }, k) => (k === 1 ? guest : platform).promote(tenantId, id, 'ann')))
  for (let left = 2; left > 0; left--) assert.notEqual(await platform.rollback(tenantId, 'ann'), null)
  assert.equal(await platform.rollback(tenantId, 'ann'), null)
})

test('another process hears of a promotion within a second, and the platform says it', async () => {
  const saved = await save(guest, 1)
  const own = () => said.filter((event) => event.tenantId === tenantId)
  const heard: string[] = []
  const stop = platform.onChange((tenant) => heard.push(tenant))
  const began = Date.now()
  await guest.promote(tenantId, saved.id, 'the command line')
  await until(() => heard.includes(tenantId))
  assert.ok(Date.now() - began < 1000)
  stop()
  await until(() => own().some(({ type }) => type === 'models.model.promoted'))
  assert.deepEqual(
    own().map(({ type }) => type),
    ['models.model.trained', 'models.model.evaluated', 'models.model.promoted'],
  )
  for (const event of own()) {
    const definition = findEvent(event.type, event.version)
    assert.ok(definition)
    assert.equal(problemWith(definition, event), null)
  }
})

test('what a platform could not say is said by the next one', async () => {
  const failing = await openRegistry({
    records,
    media,
    clock,
    say: () => Promise.reject(new Error('the log is full')),
  })
  await failing.close()
  await platform.close()
  const saved = await save(guest, 1)
  assert.equal(said.filter((event) => event.tenantId === tenantId).length, 0)
  platform = await openRegistry({ records, media, clock, say: async (events) => void said.push(...events) })
  const own = () => said.filter((event) => event.tenantId === tenantId)
  await until(() => own().length === 2)
  assert.ok(own().every(({ modelVersion }) => modelVersion === saved.version))
})

test('a canary gets a share, is one at a time, and goes with a promotion or a roll-back', async () => {
  const [a, b] = [await save(platform, 1), await save(platform, 2)]
  await platform.promote(tenantId, a.id, 'ann')
  assert.equal((await guest.startCanary(tenantId, b.id, 0.1, 'ann')).state, 'canary')
  assert.deepEqual(await platform.canary(tenantId), {
    modelId: b.id,
    share: 0.1,
    startedAt: clock.now(),
    startedBy: 'ann',
  })
  assert.ok((await platform.tenantsWithCanary()).includes(tenantId))
  assert.deepEqual([await stateOf(a.id), await stateOf(b.id)], ['champion', 'canary'])
  assert.equal((await platform.rollback(tenantId, 'ann'))?.id, a.id)
  assert.equal(await platform.canary(tenantId), null)
  assert.deepEqual([await stateOf(a.id), await stateOf(b.id)], ['champion', 'candidate'])
  await platform.startCanary(tenantId, b.id, 0.5, 'ann')
  await platform.promote(tenantId, b.id, 'ann')
  assert.equal(await platform.canary(tenantId), null)
  assert.equal(await stateOf(b.id), 'champion')
  for (const [id, share] of [
    [b.id, 0.1],
    [a.id, 0],
    [a.id, 0.6],
    [a.id, Number.NaN],
  ] as const) {
    await assert.rejects(platform.startCanary(tenantId, id, share, 'ann'), { code: 'SV_CANARY_IMPOSSIBLE' })
  }
  const own = () => said.filter((event) => event.tenantId === tenantId).map(({ type }) => type)
  await until(() => own().filter((type) => type === 'models.model.canaryStarted').length === 2)
  await until(() => own().includes('models.model.rolledBack'))
})

test('a tenant sees and promotes only its own versions', async () => {
  const saved = await save(platform, 1)
  assert.deepEqual(await platform.list('another'), [])
  await assert.rejects(platform.promote('another', saved.id, 'eve'), { code: 'SV_MODEL_MISSING' })
})
