import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openLmdbFile } from '#storage/lmdb-file.ts'

function folder(t: TestContext): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'lmdb-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

test('the file is always longer than what lmdb has written into it, whatever is written', async (t) => {
  const dir = folder(t)
  const { db, write, close } = openLmdbFile<string, string>(dir)
  const sizeOf = (): number => statSync(path.join(dir, 'data.mdb')).size
  for (let round = 0; round < 60; round++) {
    const entries = 1 + ((round * 7) % 40)
    const value = 'v'.repeat((round * 997) % 9000)
    let sizeBefore = 0
    await write({ entries, bytes: entries * (value.length + 20) }, () => {
      sizeBefore = sizeOf()
      return db.batch(() => {
        for (let i = 0; i < entries; i++) void db.put(`${(round * 31 + i * 17) % 500}`, value)
      })
    })
    const { lastPageNumber, pageSize } = db.getStats() as { lastPageNumber: number; pageSize: number }
    assert.ok((lastPageNumber + 1) * pageSize <= sizeBefore, `round ${round}`)
    assert.equal(sizeOf(), sizeBefore, 'lmdb itself made it no longer')
  }
  const keys = [...db.getKeys()]
  await close()
  const again = openLmdbFile<string, string>(dir)
  assert.deepEqual([...again.db.getKeys()], keys)
  await again.close()
})

test('a file the power went from before its first pages were on the disk is begun anew', async (t) => {
  for (const left of [0, 65_536]) {
    const dir = path.join(folder(t), 'store')
    mkdirSync(dir)
    writeFileSync(path.join(dir, 'data.mdb'), new Uint8Array(left))
    const { db, write, close } = openLmdbFile<string, string>(dir)
    await write({ entries: 1, bytes: 100 }, () => db.put('a', 'b'))
    assert.equal(db.get('a'), 'b')
    await close()
  }
})
