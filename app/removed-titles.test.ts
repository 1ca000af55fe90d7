import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { purgeRemoved } from '#app/removed-titles.ts'
import { createManualClock } from '#base/clock.ts'
import { type Catalog, openCatalog } from '#domains/catalog/index.ts'
import { BUNNY, type Opened, openForTest } from '#playback/opened.suite.ts'

const DAY_MS = 86_400_000
const clock = createManualClock(Date.now())
let opened: Opened
let catalog: Catalog

before(async () => {
  opened = await openForTest()
  catalog = await openCatalog({ records: opened.records, clock, say: async () => {} })
  await catalog.ensureCreator('acme', { id: 'c', name: 'C', avatarUrl: '' })
})
after(async () => {
  await catalog?.close()
  await opened?.close()
})

test('a removed title keeps its video for a month, then loses it; others keep theirs', async () => {
  for (const id of ['gone', 'kept']) {
    await catalog.create({ tenantId: 'acme', id, name: id, creatorId: 'c', status: 'ready' })
    await opened.media.put(`titles/acme/${id}/captions/note.vtt`, await readFile(BUNNY))
    await opened.playback.importFile('acme', id, BUNNY, { startMs: 0, durationMs: 800 })
  }
  await opened.playback.idle()
  await catalog.remove('acme', 'gone')
  const ports = { catalog, playback: opened.playback, clock }
  clock.set(clock.now() + 29 * DAY_MS)
  assert.equal(await purgeRemoved(ports), 0)
  assert.ok((await opened.media.list('titles/acme/gone')).length > 5)
  clock.set(clock.now() + 2 * DAY_MS)
  assert.equal(await purgeRemoved(ports), 1)
  assert.deepEqual(await opened.media.list('titles/acme/gone'), [])
  assert.ok((await opened.media.list('titles/acme/kept')).length > 5)
  assert.equal(await purgeRemoved(ports), 0)
  assert.equal((await catalog.restore('acme', 'gone')).status, 'draft')
})
