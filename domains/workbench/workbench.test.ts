import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { openAudit } from '#domains/workbench/audit.ts'
import { openSqlKeys, openWorkbench, type SqlKeys } from '#domains/workbench/index.ts'
import { createRate } from '#domains/workbench/rate.ts'
import { openEmbeddedPostgres } from '#storage/records/postgres.ts'
import type { Records } from '#storage/records/records.ts'
import { openSandbox, type Sandbox } from '#storage/sandbox/sandbox.ts'

const FORMATS = { arrow: 'ArrowStream', parquet: 'Parquet', csv: 'CSVWithNames', json: 'JSON' }

suite('the workbench', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'workbench-'))
  const auditFile = path.join(folder, 'audit', 'sql.jsonl')
  const clock = createManualClock(1_800_000_000_000)
  let records: Records
  let keys: SqlKeys
  const boxes = new Map<string, Sandbox>()
  let workbench: Awaited<ReturnType<typeof openWorkbench>>
  before(async () => {
    records = await openEmbeddedPostgres({ dir: path.join(folder, 'records'), log: silentLog })
    keys = await openSqlKeys({ records, clock })
    for (const tenantId of ['ours', 'theirs']) {
      const statements = [
        'CREATE TABLE titles (name String) ENGINE = MergeTree ORDER BY name',
        `INSERT INTO titles VALUES ('${tenantId}')`,
      ]
      boxes.set(tenantId, await openSandbox({ dir: path.join(folder, tenantId), statements }))
    }
    const snapshot = { id: 'first', takenAt: clock.now(), tables: [] }
    workbench = await openWorkbench({
      keys,
      ask: async (tenantId, statement, format) => ({
        ...(await (boxes.get(tenantId) as Sandbox).ask(statement, FORMATS[format])),
        snapshot,
      }),
      refresh: async () => snapshot,
      audit: openAudit(auditFile),
      clock,
      log: silentLog,
      port: 0,
      lookMs: 20,
    })
  })
  after(async () => {
    await workbench.close()
    for (const box of boxes.values()) await box.close()
    await records.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const until = async (isSo: () => boolean): Promise<void> => {
    for (let i = 0; i < 500 && !isSo(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
    assert.ok(isSo())
  }
  const post = (key: string | null, body: string, query = '?format=json', where = 'sql'): Promise<Response> =>
    fetch(`${workbench.url()}/${where}${query}`, {
      method: 'POST',
      body,
      headers: key === null ? {} : { authorization: `Bearer ${key}` },
    })
  const codeOf = async (answer: Promise<Response>): Promise<[number, string]> => {
    const response = await answer
    return [response.status, ((await response.json()) as { code: string }).code]
  }
  const audited = (): Record<string, unknown>[] =>
    readFileSync(auditFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  test('listens while there are keys, and only then', async () => {
    assert.equal(workbench.url(), null)
    const only = await keys.make({ tenantId: 'ours', name: 'only', by: 'ann' })
    await until(() => workbench.url() !== null)
    assert.match(workbench.url() ?? '', /^http:\/\/127\.0\.0\.1:\d+$/)
    await keys.revoke('ours', only.id)
    await until(() => workbench.url() === null)
    await keys.make({ tenantId: 'ours', name: 'stays', by: 'ann' })
    await until(() => workbench.url() !== null)
  })

  test('a key reads the rows of its tenant, in the format asked for', async () => {
    for (const tenantId of ['ours', 'theirs']) {
      const { key } = await keys.make({ tenantId, name: 'bob', by: 'ann' })
      const response = await post(key, 'SELECT name FROM titles', '?format=csv')
      assert.deepEqual([response.status, await response.text()], [200, `"name"\n"${tenantId}"\n`])
      assert.equal(response.headers.get('x-streamverse-snapshot'), 'first')
      const arrow = await post(key, 'SELECT name FROM titles', '')
      assert.equal(arrow.headers.get('content-type'), 'application/vnd.apache.arrow.stream')
      assert.equal(Buffer.from(await arrow.arrayBuffer()).readUInt32LE(0), 0xffffffff)
    }
  })

  test('without a good key there is no answer', async () => {
    const { key, id } = await keys.make({ tenantId: 'theirs', name: 'bob', by: 'ann' })
    assert.equal((await post(key, 'SELECT 1')).status, 200)
    for (const wrong of [
      null,
      '',
      'sk_',
      `${key}x`,
      key.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      "' OR 1",
    ])
      assert.deepEqual(await codeOf(post(wrong, 'SELECT 1')), [401, 'SV_SQL_KEY_UNKNOWN'])
    assert.deepEqual(await codeOf(post(null, '', '', 'refresh')), [401, 'SV_SQL_KEY_UNKNOWN'])
    await assert.rejects(keys.revoke('ours', id), { code: 'SV_SQL_KEY_NOT_FOUND' })
    assert.equal((await post(key, 'SELECT 1')).status, 200)
    await keys.revoke('theirs', id)
    assert.deepEqual(await codeOf(post(key, 'SELECT 1')), [401, 'SV_SQL_KEY_UNKNOWN'])
  })

  test('keeps no key, only what it hashes to', async () => {
    const { key } = await keys.make({ tenantId: 'ours', name: 'carl', by: 'ann' })
    const rows = await records
      .tables<{ sqlKeys: Record<string, string> }>()
      .selectFrom('sqlKeys')
      .selectAll()
      .execute()
    assert.ok(!JSON.stringify(rows).includes(key))
    assert.ok((await keys.list('ours')).some(({ name }) => name === 'carl'))
    await assert.rejects(keys.make({ tenantId: 'ours', name: ' ', by: 'ann' }), { code: 'SV_SQL_KEY_NAME' })
  })

  test('refuses with a code what the sandbox refuses, unknown formats and bodies without end', async () => {
    const { key } = await keys.make({ tenantId: 'ours', name: 'bob', by: 'ann' })
    assert.deepEqual(await codeOf(post(key, "SELECT * FROM file('/etc/passwd')")), [
      403,
      'SV_SQL_NOT_ALLOWED',
    ])
    assert.deepEqual(await codeOf(post(key, 'SELECT nothing')), [400, 'SV_SQL_WRONG'])
    assert.deepEqual(await codeOf(post(key, 'SELECT 1', '?format=Native')), [400, 'SV_SQL_FORMAT'])
    assert.deepEqual(await codeOf(post(key, 'SELECT 1', '?format=json&format=csv')), [400, 'SV_SQL_FORMAT'])
    assert.equal((await post(key, 'x'.repeat(100_000))).status, 413)
    assert.equal((await fetch(`${workbench.url()}/sql`)).status, 404)
  })

  test('leaves a line for each question, answered or not', async () => {
    const { key, id } = await keys.make({ tenantId: 'ours', name: 'dora', by: 'ann' })
    await post(key, 'SELECT 1', '?format=csv')
    await post(key, 'DROP TABLE titles', '?format=csv')
    const lines = audited().filter(({ keyId }) => keyId === id)
    assert.deepEqual(
      lines.map(({ tenantId, keyName, statement, bytes, refused }) => [
        tenantId,
        keyName,
        statement,
        bytes,
        refused,
      ]),
      [
        ['ours', 'dora', 'SELECT 1', 6, null],
        ['ours', 'dora', 'DROP TABLE titles', 0, 'SV_SQL_NOT_ALLOWED'],
      ],
    )
    assert.ok(!readFileSync(auditFile, 'utf8').includes(key))
  })

  test('the file of lines begins anew at its size, and one is kept', async () => {
    const file = path.join(folder, 'small.jsonl')
    const audit = openAudit(file, 1000)
    const line = {
      at: 1,
      tenantId: 'a',
      keyId: 'b',
      keyName: 'c',
      format: 'csv',
      tookMs: 1,
      bytes: 1,
      refused: null,
    }
    for (let i = 0; i < 9; i++) await audit.write({ ...line, statement: `SELECT ${i} ${'x'.repeat(100)}` })
    assert.ok(readFileSync(file).length <= 1000)
    assert.ok(readFileSync(`${file}.1`).length <= 1000)
    assert.match(readFileSync(file, 'utf8'), /SELECT 8/)
  })

  test('a key that asks too often waits', async () => {
    const mayAsk = createRate(clock)
    for (let i = 0; i < 120; i++) assert.equal(mayAsk('one'), 0)
    assert.equal(mayAsk('one'), 500)
    assert.equal(mayAsk('two'), 0)
    clock.advance(500)
    assert.equal(mayAsk('one'), 0)
    const { key } = await keys.make({ tenantId: 'ours', name: 'eager', by: 'ann' })
    const statuses = new Set<number>()
    for (let i = 0; i < 130; i++) statuses.add((await post(key, '', '', 'refresh')).status)
    assert.deepEqual([...statuses], [200, 429])
  })
})
