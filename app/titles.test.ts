import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { createTitles } from '#app/titles.ts'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { type Catalog, openCatalog } from '#domains/catalog/index.ts'
import type { Playback } from '#playback/playback.ts'
import { openEmbeddedPostgres } from '#storage/records/postgres.ts'

test('a title that was being read when it changed is read again', async (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'titles-'))
  const records = await openEmbeddedPostgres({ dir, log: silentLog })
  const catalog = await openCatalog({ records, clock: systemClock, say: async () => undefined })
  t.after(async () => {
    await catalog.close()
    await records.close()
    rmSync(dir, { recursive: true, force: true })
  })
  await catalog.ensureCreator('one', { id: 'north', name: 'North', avatarUrl: '' })
  await catalog.create({ tenantId: 'one', id: 'a', name: 'A title', creatorId: 'north' })

  /** Answers with what it read before `change`, after the change was heard of. */
  let change = async (): Promise<void> => undefined
  const slow: Catalog = {
    ...catalog,
    getMany: async (tenantId, ids) => {
      const read = await catalog.getMany(tenantId, ids)
      await change()
      return read
    },
  }
  const titles = createTitles(slow, { onJob: () => () => undefined } as unknown as Playback, systemClock)
  change = async () => {
    const heard = new Promise<void>((resolve) => catalog.onChange(() => resolve()))
    await catalog.setStatus('one', 'a', 'ready')
    await heard
    change = async () => undefined
  }
  assert.equal((await titles.one('one', 'a'))?.status, 'draft')
  assert.equal((await titles.one('one', 'a'))?.status, 'ready')
})
