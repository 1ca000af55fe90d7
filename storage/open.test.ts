import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, suite, test } from 'node:test'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { openStorage } from '#storage/open.ts'

suite('storage as a whole', () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'storage-'))
  after(() => rmSync(dataDir, { recursive: true, force: true }))
  const options = { dataDir, urls: {}, clock: systemClock, log: silentLog }
  const row = { space: 's', tenantId: 't', entity: 'e', item: 'i', value: 'kept', at: 1 }

  test('opens every store in one folder, refuses a second platform there, lets a guest in', async () => {
    const storage = await openStorage(options)
    try {
      await storage.online.put([row])
      await storage.media.put('a/b.txt', Buffer.from('kept'))
      await sql`CREATE TABLE kept (n int)`.execute(storage.records.tables())
      await assert.rejects(openStorage(options), {
        code: 'SV_DATA_DIR_IN_USE',
        message: new RegExp(`process id ${process.pid} `),
      })
      const guest = await openStorage({ ...options, role: 'guest' })
      try {
        assert.equal(guest.attached, true)
        await sql`INSERT INTO kept VALUES (1)`.execute(guest.records.tables())
        assert.deepEqual(await guest.warehouse.query({ sql: 'SELECT 1 AS one' }), [{ one: 1 }])
        assert.equal((await guest.online.get(row))?.value, 'kept')
        assert.equal((await guest.media.bytes('a/b.txt')).toString(), 'kept')
        await assert.rejects(guest.eventLog.append({} as never, {} as never), { code: 'SV_STORAGE_GUEST' })
      } finally {
        await guest.close()
      }
      assert.deepEqual(await storage.warehouse.query({ sql: 'SELECT 1 AS one' }), [{ one: 1 }])
    } finally {
      await storage.close()
    }
  })

  test('everything is there again, and a guest alone opens the stores itself', async () => {
    const storage = await openStorage({ ...options, role: 'guest' })
    try {
      assert.equal(storage.attached, false)
      assert.equal((await storage.online.get(row))?.value, 'kept')
      const { rows } = await sql<{ n: number }>`SELECT n FROM kept`.execute(storage.records.tables())
      assert.deepEqual(rows, [{ n: 1 }])
    } finally {
      await storage.close()
    }
  })

  test('a killed platform never blocks the next start', async () => {
    const program = `
      import { openStorage } from '#storage/open.ts'
      const log = { info() {}, warn() {}, error() {} }
      await openStorage({ dataDir: ${JSON.stringify(dataDir)}, urls: {}, clock: { now: Date.now }, log })
      process.stdout.write('open')
      setInterval(() => {}, 1000)`
    for (let round = 0; round < 2; round++) {
      const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
        cwd: path.join(import.meta.dirname, '..'),
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const gone = new Promise((resolve) => child.once('exit', resolve))
      await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), gone])
      assert.equal(child.exitCode, null)
      child.kill('SIGKILL')
      await gone
    }
    const storage = await openStorage(options)
    await storage.close()
  })

  test('what was opened is closed again when one store cannot be opened', async () => {
    const urls = { records: 'postgres://nobody:wrong@127.0.0.1:1/none?connect_timeout=1' }
    const before = systemClock.now()
    let now = before
    // A clock that hurries: the patience with a server that is away ends at once.
    const clock = { now: () => (now += 5000) }
    await assert.rejects(openStorage({ ...options, urls, clock }), { code: 'SV_RECORDS_UNAVAILABLE' })
    const storage = await openStorage(options)
    await storage.close()
  })
})
