import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { silentLog } from '#base/log.ts'
import { openEmbeddedPostgres, openPostgresUrl } from '#storage/records/postgres.ts'
import { recordsSuite } from '#storage/records/records.suite.ts'
import type { Records } from '#storage/records/records.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'records-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const one = async (records: Records): Promise<number | undefined> =>
  (await sql<{ one: number }>`SELECT 1 AS one`.execute(records.tables())).rows[0]?.one

recordsSuite('embedded PostgreSQL', () =>
  openEmbeddedPostgres({ dir: path.join(folder, 'suite'), log: silentLog }),
)
recordsSuite('PostgreSQL by URL', async () => {
  const server = await openEmbeddedPostgres({ dir: path.join(folder, 'by-url'), log: silentLog })
  const records = await openPostgresUrl({ url: server.url, log: silentLog })
  return {
    ...records,
    close: async () => {
      await records.close()
      await server.close()
    },
  }
})

test('keeps its password to itself', async () => {
  assert.equal(statSync(path.join(folder, 'suite', 'password')).mode & 0o777, 0o600)
  assert.equal(statSync(path.join(folder, 'suite', 'data')).mode & 0o777, 0o700)
})

test('refuses a wrong password and a server that is not there, saying what to do', async () => {
  const records = await openEmbeddedPostgres({ dir: path.join(folder, 'suite'), log: silentLog })
  try {
    const wrong = records.url.replace(/:[0-9a-f]{48}@/, ':guess@')
    await assert.rejects(openPostgresUrl({ url: wrong, log: silentLog }), { code: 'SV_RECORDS_UNAVAILABLE' })
  } finally {
    await records.close()
  }
})

test('comes back when the server dies alone, and so does the pool', async () => {
  const records = await openEmbeddedPostgres({ dir: path.join(folder, 'suite'), log: silentLog })
  try {
    const before = records.serverPid()
    assert.equal(await one(records), 1)
    process.kill(before, 'SIGKILL')
    await sleep(20)
    assert.equal(await one(records), 1)
    assert.notEqual(records.serverPid(), before)
  } finally {
    await records.close()
  }
})

test('a killed parent loses nothing it was told is kept, and never blocks the next start', async () => {
  const dir = path.join(folder, 'killed')
  const program = `
    import { openEmbeddedPostgres } from '#storage/records/postgres.ts'
    import { sql } from 'kysely'
    const log = { info() {}, warn() {}, error() {} }
    const records = await openEmbeddedPostgres({ dir: ${JSON.stringify(dir)}, log })
    await sql\`CREATE TABLE IF NOT EXISTS kept (n serial)\`.execute(records.tables())
    await sql\`INSERT INTO kept DEFAULT VALUES\`.execute(records.tables())
    process.stdout.write('kept ' + records.serverPid())
    setInterval(() => {}, 1000)`
  for (let round = 1; round <= 3; round++) {
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
      cwd: path.join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve())
      child.once('exit', (code) => reject(new Error(`the child ended: ${code}`)))
    })
    child.kill('SIGKILL')
    if (round === 2) await sleep(300)
  }
  const before = performance.now()
  const records = await openEmbeddedPostgres({ dir, log: silentLog })
  try {
    const startMs = performance.now() - before
    const { rows } = await sql<{ n: string }>`SELECT count(*) AS n FROM kept`.execute(records.tables())
    assert.equal(rows[0]?.n, '3')
    assert.ok(startMs < 8000, `took ${startMs} ms`)
  } finally {
    await records.close()
  }
})
