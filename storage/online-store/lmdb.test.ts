import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openLmdb } from '#storage/online-store/lmdb.ts'
import { onlineStoreSuite } from '#storage/online-store/online-store.suite.ts'

const root = mkdtempSync(path.join(tmpdir(), 'online-'))
let n = 0
after(() => rmSync(root, { recursive: true, force: true }))

onlineStoreSuite('lmdb', async () => openLmdb({ dir: path.join(root, `store-${n++}`) }))

test('lmdb: rows are there after it was closed and opened again', async () => {
  const dir = path.join(root, 'again')
  const row = { space: 's', tenantId: 't', entity: 'e', item: 'i', at: 1, value: 1 }
  const first = openLmdb({ dir })
  await first.put([row])
  await first.close()
  const second = openLmdb({ dir })
  assert.deepEqual(await second.get(row), row)
  await second.close()
})
