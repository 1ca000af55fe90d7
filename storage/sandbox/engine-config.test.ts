import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { Session } from 'chdb'
import { SANDBOX_LIMITS, writeEngineConfig } from '#storage/sandbox/engine-config.ts'

suite('the engine of the sandbox, without the check of statements before it', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sandbox-engine-'))
  const file = path.join(folder, 'secret.csv')
  let session: Session
  before(() => {
    writeFileSync(file, 'secret\n')
    const loading = new Session(path.join(folder, 'data'))
    loading.query('CREATE TABLE views (a Int32) ENGINE = MergeTree ORDER BY a')
    loading.query('INSERT INTO views SELECT number FROM numbers(10)')
    loading.close()
    const config = writeEngineConfig(folder, SANDBOX_LIMITS)
    session = new Session(path.join(folder, 'data'), { connectionArgs: [`--config-file=${config}`] })
  })
  after(() => {
    session.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('reads its own tables', () => {
    assert.equal(session.query('SELECT sum(a) FROM views', 'TSV').trim(), '45')
  })

  test('lets its user read no other source', () => {
    for (const source of [
      `file('${file}', 'LineAsString')`,
      "url('http://127.0.0.1:1/', 'LineAsString')",
      "s3('http://127.0.0.1:1/bucket/b.csv', 'CSV', 'a String')",
      "remote('127.0.0.1', 'system', 'one')",
      "filesystem('/')",
      "mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
      "postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
      "executable('cat', 'TSV', 'a String')",
    ])
      assert.throws(() => session.query(`SELECT * FROM ${source}`), /ACCESS_DENIED|READONLY/, source)
  })

  test('lets its user change nothing, its own limits least of all', () => {
    for (const statement of [
      'INSERT INTO views SELECT 1',
      'CREATE TABLE other (a Int32) ENGINE = Memory',
      'CREATE TEMPORARY TABLE other (a Int32)',
      'DROP TABLE views',
      'ALTER TABLE views DELETE WHERE 1',
      'SET readonly = 0',
      'SET max_result_rows = 0',
      'SELECT 1 SETTINGS max_execution_time = 0',
      'CREATE USER other',
      'SYSTEM SHUTDOWN',
    ])
      assert.throws(() => session.query(statement), /ACCESS_DENIED|READONLY/, statement)
  })
})
