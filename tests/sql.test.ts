/** The data scientist's door on a running platform: a key by the command line, SQL over HTTP and by the command line. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { eventually } from '#tests/browser/browser.ts'
import { type Platform, startPlatform } from '#tests/browser/platform.ts'

const CLI = path.join(import.meta.dirname, '../app/cli.ts')
let platform: Platform

before(async () => {
  platform = await startPlatform({ args: ['--empty'], env: { SQL_PORT: '0' } })
})
after(async () => {
  await platform?.stop()
})

async function cli(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [CLI, ...args, '--data-dir', platform.dataDir],
    {
      cwd: platform.dataDir,
      maxBuffer: 1024 ** 2,
    },
  )
  return stdout.trim()
}
const urlOf = (): string => readFileSync(path.join(platform.dataDir, 'sql-address'), 'utf8').trim()
type Answer = { readonly status: number; readonly code?: string; readonly data?: readonly unknown[] }
async function ask(key: string, statement: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${key}` }
  const response = await fetch(`${urlOf()}/sql?format=json`, { method: 'POST', body: statement, headers })
  return { status: response.status, ...((await response.json()) as object) }
}

test('no key, no door; the first key opens it, the last one closes it', async () => {
  const address = path.join(platform.dataDir, 'sql-address')
  assert.ok(!existsSync(address))
  const made = JSON.parse(await cli('sql-key', '--name', 'Dara', '--json')) as { key: string; id: string }
  await eventually(
    async () => existsSync(address),
    (is) => is,
    20_000,
  )
  const { status, data } = await ask(made.key, 'SELECT tableName, rowCount FROM snapshot ORDER BY tableName')
  assert.equal(status, 200)
  assert.deepEqual(data?.at(-1), { tableName: 'views', rowCount: 0 })
  const stolen = await ask(made.key, `SELECT * FROM file('${platform.dataDir}/secret', 'LineAsString')`)
  assert.deepEqual([stolen.status, stolen.code], [403, 'SV_SQL_NOT_ALLOWED'])
  const lines = readFileSync(path.join(platform.dataDir, 'sql-audit.jsonl'), 'utf8')
  assert.ok(lines.includes('Dara') && lines.includes('rowCount') && !lines.includes(made.key))
  assert.match(await cli('sql-key', '--list'), /good +Dara/)
  await cli('sql-key', '--revoke', made.id)
  await eventually(
    async () => existsSync(address),
    (is) => !is,
    20_000,
  )
})

test('the command line asks too, as a table and into a file', async () => {
  const shown = (
    await cli('sql', "SELECT tableName, rowCount FROM snapshot WHERE tableName = 'views'")
  ).split('\n')
  assert.deepEqual(shown, ['tableName  rowCount', '---------  --------', 'views             0', '1 row'])
  const file = path.join(platform.dataDir, 'titles.parquet')
  await cli('sql', 'SELECT * FROM titles', '--format', 'parquet', '--out', file)
  assert.equal(readFileSync(file).subarray(0, 4).toString(), 'PAR1')
  await assert.rejects(cli('sql', "SELECT * FROM file('/etc/passwd')"), /SV_SQL_NOT_ALLOWED/)
  await assert.rejects(cli('sql', 'SHOW TABLES', '--tenant', 'nobody'), /SV_NO_SUCH_TENANT/)
})
