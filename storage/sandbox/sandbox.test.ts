import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, before, suite, test } from 'node:test'
import { openSandbox, type Sandbox } from '#storage/sandbox/sandbox.ts'

/** Lies on the same disk, as the rows of everybody else do. */
const SECRET = 'the-secret-of-the-neighbour'

suite('the sandbox for SQL', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sandbox-'))
  const box = path.join(folder, 'box')
  const secretFile = path.join(folder, 'secret.csv')
  let sandbox: Sandbox
  let visits = 0
  const website = createServer((_request, response) => {
    visits++
    response.end(SECRET)
  })
  let websiteUrl = ''
  before(async () => {
    writeFileSync(secretFile, `${SECRET}\n`)
    await new Promise<void>((resolve) => website.listen(0, '127.0.0.1', resolve))
    websiteUrl = `http://127.0.0.1:${(website.address() as AddressInfo).port}/`
    sandbox = await openSandbox({
      dir: box,
      statements: [
        `CREATE TABLE views (sid String, titleId String, viewerKey Nullable(String), startedAt DateTime64(3, 'UTC'),
          watchMs UInt32, stalls Array(UInt32)) ENGINE = MergeTree ORDER BY sid`,
        `INSERT INTO views SELECT toString(number), 't' || toString(number % 3), 'p' || toString(number % 7),
          toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + number * 60, number * 10, [number, 1] FROM numbers(100)`,
        'CREATE TABLE titles (titleId String, name String) ENGINE = ReplacingMergeTree ORDER BY titleId',
        "INSERT INTO titles VALUES ('t0', 'Zero'), ('t1', 'One'), ('t2', 'Two')",
      ],
    })
  })
  after(async () => {
    await sandbox.close()
    website.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const answerTo = async (statement: string, format: string): Promise<Buffer> => {
    const { bytes, body } = await sandbox.ask(statement, format)
    const answer = await buffer(body)
    assert.equal(answer.length, bytes)
    return answer
  }
  const rows = async (statement: string): Promise<Record<string, unknown>[]> =>
    (JSON.parse((await answerTo(statement, 'JSON')).toString()) as { data: Record<string, unknown>[] }).data
  const refused = async (statement: string, code: string | RegExp): Promise<void> => {
    await assert.rejects(sandbox.ask(statement, 'JSON'), (error: Error & { code?: string }) => {
      assert.match(
        error.code ?? '',
        code instanceof RegExp ? code : new RegExp(`^${code}$`),
        `${statement}: ${error}`,
      )
      assert.ok(!error.message.includes(SECRET), error.message)
      assert.ok(!error.message.includes(box), error.message)
      return true
    })
  }

  test('does not tell whether there is a file', async () => {
    for (const name of [secretFile, '/etc/passwd', path.join(folder, 'nothing'), 'no-such.csv']) {
      for (const table of [`\`${name}\``, `default.\`${name}\``]) {
        await refused(`SELECT * FROM ${table}`, 'SV_SQL_NOT_ALLOWED')
      }
    }
  })

  test('an answer that grows past all bounds ends with its process, and the next question is answered', async () => {
    await refused(`SELECT 1 AS ${'a'.repeat(1000)} FROM numbers(1000000)`, /^SV_SQL_(TOO_MUCH|ENDED)$/)
    assert.deepEqual(await rows('SELECT count() AS n FROM views'), [{ n: 100 }])
  })

  test('answers what an analyst asks', async () => {
    const questions: Record<string, unknown> = {
      'SELECT count() AS n FROM views': 100,
      'SELECT COUNT(*) AS n FROM views;': 100,
      '-- a comment\nSELECT /* another */ uniqExact(viewerKey) AS n FROM default.views AS v WHERE v.watchMs >= 0': 7,
      'SELECT name AS n FROM views JOIN titles USING (titleId) GROUP BY name ORDER BY sum(watchMs) DESC, name LIMIT 1':
        'Zero',
      'WITH long AS (SELECT * FROM views WHERE watchMs > 500), 2 AS two SELECT count() * two AS n FROM long': 98,
      'SELECT max(place) AS n FROM (SELECT row_number() OVER (PARTITION BY titleId ORDER BY startedAt) AS place FROM views)': 34,
      "SELECT sumIf(watchMs, titleId IN (SELECT titleId FROM titles WHERE name = 'One')) AS n FROM views": 16170,
      "SELECT arraySum(arrayMap((x, y) -> x * y, stalls, [1, 2])) AS n FROM views WHERE sid = '5'": 7,
      'SELECT sum(stall) AS n FROM views ARRAY JOIN stalls AS stall': 5050,
      'SELECT n FROM (SELECT 1 AS n UNION ALL SELECT 2 AS n) ORDER BY n DESC LIMIT 1': 2,
      "SELECT CASE titleId WHEN 't1' THEN 'one' ELSE 'other' END AS n FROM views WHERE sid = '1'": 'one',
      'SELECT toInt32(quantilesTDigestIf(0.5, 0.9)(watchMs, watchMs > 0)[1]) > 400 AS n FROM views': 1,
      'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT max(n) AS n FROM r': 5,
      "SELECT count() AS n FROM views WHERE startedAt >= toDateTime64('2026-01-01 01:00:00', 3, 'UTC') - INTERVAL 1 MINUTE": 41,
      'SELECT count() AS n FROM numbers(10) AS d LEFT JOIN views AS v ON v.sid = toString(d.number)': 10,
      "SELECT countIf(like(name, '%o')) AS n FROM titles FINAL": 2,
      'SELECT `an odd: name` AS n FROM (SELECT 3 AS `an odd: name`)': 3,
      "SELECT 'SELECT 1 INTO OUTFILE; FORMAT' AS n": 'SELECT 1 INTO OUTFILE; FORMAT',
    }
    for (const [statement, n] of Object.entries(questions)) {
      assert.deepEqual((await rows(statement))[0]?.['n'], n, statement)
    }
  })

  test('tells which tables and columns there are', async () => {
    assert.deepEqual(await rows('SHOW TABLES'), [{ name: 'titles' }, { name: 'views' }])
    const columns = (await rows('DESCRIBE TABLE titles')).map(({ name, type }) => [name, type])
    assert.deepEqual(columns, [
      ['titleId', 'String'],
      ['name', 'String'],
    ])
    assert.equal((await rows('desc views')).length, 6)
  })

  test('answers in the formats of the tools', async () => {
    const statement = 'SELECT sid, watchMs FROM views ORDER BY watchMs LIMIT 2'
    assert.equal((await answerTo(statement, 'CSVWithNames')).toString(), '"sid","watchMs"\n"0",0\n"1",10\n')
    assert.equal((await answerTo(statement, 'Parquet')).subarray(0, 4).toString(), 'PAR1')
    assert.equal((await answerTo(statement, 'ArrowStream')).readUInt32LE(0), 0xffffffff)
  })

  test('reads no file, no other machine and no other source', async () => {
    const sources = [
      `file('${secretFile}', 'LineAsString')`,
      `file('${secretFile}')`,
      `FILE('${secretFile}', LineAsString)`,
      `\`file\`('${secretFile}', 'LineAsString')`,
      `"file"('${secretFile}', 'LineAsString')`,
      `url('${websiteUrl}', 'LineAsString')`,
      `urlCluster('default', '${websiteUrl}', 'LineAsString')`,
      `s3('${websiteUrl}a/b', 'CSV')`,
      "remote('127.0.0.1', 'default', 'views')",
      "remoteSecure('127.0.0.1', 'default', 'views')",
      "cluster('default', 'default', 'views')",
      "merge('default', '.*')",
      "merge('.*')",
      "mysql('127.0.0.1:3306', 'a', 'b', 'c', 'd')",
      "postgresql('127.0.0.1:5432', 'a', 'b', 'c', 'd')",
      `sqlite('${secretFile}', 'a')`,
      "executable('cat', 'TSV', 'a String')",
      "dictionary('a')",
      "filesystem('/')",
      'view(SELECT 1)',
      "input('a String')",
      "mergeTreeIndex('default', 'views')",
      "loop('default', 'views')",
      "viewExplain('EXPLAIN', '', (SELECT 1))",
      "eval('SELECT 1')",
      "generateRandom('a String')",
    ]
    for (const source of sources) {
      await refused(`SELECT * FROM ${source}`, /^SV_SQL_(NOT_ALLOWED|WRONG)$/)
      await refused(`SELECT * FROM views, ${source}`, /^SV_SQL_(NOT_ALLOWED|WRONG)$/)
      await refused(`WITH a AS (SELECT * FROM ${source}) SELECT 1 FROM a`, /^SV_SQL_(NOT_ALLOWED|WRONG)$/)
      await refused(`SELECT 1 WHERE 1 IN (SELECT 1 FROM ${source})`, /^SV_SQL_(NOT_ALLOWED|WRONG)$/)
      await refused(`SELECT 1 UNION ALL SELECT 1 FROM ${source}`, /^SV_SQL_(NOT_ALLOWED|WRONG)$/)
    }
    await refused(`SELECT 1 WHERE 'a' IN file('${secretFile}', 'LineAsString')`, 'SV_SQL_NOT_ALLOWED')
    assert.equal(visits, 0)
  })

  test('calls no function that looks beyond the rows', async () => {
    const calls = [
      `file('${secretFile}')`,
      `FILE('${secretFile}')`,
      `(SELECT file('${secretFile}'))`,
      `chdb('SELECT 1')`,
      "formatRow('CSV', 1)",
      "naiveBayesNgrams('a', 1)",
      "dictGet('a', 'b', 1)",
      "joinGet('a', 'b', 1)",
      'hostName()',
      'hostname()',
      'FQDN()',
      'currentUser()',
      'user()',
      'serverUUID()',
      'version()',
      'uptime()',
      "getSetting('max_threads')",
      "getServerSetting('max_server_memory_usage')",
      "getMacro('a')",
      "filesystemCapacity('default')",
      'sleep(3)',
      'sleepEachRow(1)',
      "catboostEvaluate('/a', 1)",
      "aiGenerate('a', 'b')",
      "AIGenerate('a', 'b')",
      "hasColumnInTable('127.0.0.1', 'system', 'one', 'dummy')",
      'addressToLine(1)',
      "logTrace('a')",
      'tcpPort()',
      'showCertificate()',
      'currentQueryID()',
    ]
    for (const call of calls) {
      await refused(`SELECT ${call}`, /^SV_SQL_(NOT_ALLOWED|WRONG)$/)
      await refused(`SELECT 1 FROM views WHERE toString(${call}) != ''`, /^SV_SQL_(NOT_ALLOWED|WRONG)$/)
    }
    await refused(`SELECT * APPLY(file) FROM (SELECT '${secretFile}')`, 'SV_SQL_NOT_ALLOWED')
    await refused(`SELECT COLUMNS('a') APPLY(x -> file(x)) FROM (SELECT '${secretFile}' AS a)`, /^SV_SQL/)
    await refused(`SELECT arrayMap(x -> file(x), ['${secretFile}'])`, 'SV_SQL_NOT_ALLOWED')
    await refused(`WITH x -> file(x) AS f SELECT f('${secretFile}')`, 'SV_SQL_NOT_ALLOWED')
  })

  test('shows nothing of the engine itself', async () => {
    for (const table of [
      'system.tables',
      'system.processes',
      'system.settings',
      'SYSTEM.query_log',
      '`system`.`users`',
      '`system.tables`',
      'information_schema.tables',
      'INFORMATION_SCHEMA.TABLES',
      'other.views',
    ]) {
      await refused(`SELECT * FROM ${table}`, 'SV_SQL_NOT_ALLOWED')
      await refused(`SELECT * FROM views AS system JOIN ${table} AS views ON 1`, 'SV_SQL_NOT_ALLOWED')
      await refused(`WITH (SELECT count() FROM ${table}) AS n SELECT n`, 'SV_SQL_NOT_ALLOWED')
      await refused(`SELECT * FROM (SELECT * FROM (SELECT * FROM ${table}))`, 'SV_SQL_NOT_ALLOWED')
    }
    await refused('SELECT 1 WHERE 0 IN system.one', 'SV_SQL_NOT_ALLOWED')
    await refused('SELECT 1 WHERE 0 NOT IN (system.one)', 'SV_SQL_NOT_ALLOWED')
    for (const statement of [
      'SHOW DATABASES',
      'SHOW TABLES FROM system',
      'SHOW PROCESSLIST',
      'SHOW GRANTS',
      'SHOW CREATE TABLE views',
      'SHOW SETTINGS',
      'DESCRIBE TABLE system.tables',
      'DESCRIBE (SELECT * FROM system.tables)',
      `DESCRIBE file('${secretFile}')`,
      `DESCRIBE url('${websiteUrl}')`,
      'EXPLAIN SELECT 1',
      'EXPLAIN AST SELECT 1',
      'SELECT * FROM (EXPLAIN SELECT 1)',
      'EXISTS TABLE system.tables',
    ])
      await refused(statement, /^SV_SQL_(NOT_ALLOWED|WRONG)$/)
    assert.equal(visits, 0)
  })

  test('changes nothing: no writes, no settings, no files, one statement at a time', async () => {
    const out = path.join(folder, 'out.csv')
    for (const statement of [
      'INSERT INTO views (sid) VALUES (1)',
      'INSERT INTO views SELECT * FROM views',
      `INSERT INTO FUNCTION file('${out}', 'CSV') SELECT 1`,
      'CREATE TABLE a (a Int32) ENGINE = Memory',
      'CREATE TEMPORARY TABLE a (a Int32)',
      'CREATE FUNCTION f AS x -> x',
      'ALTER TABLE views DELETE WHERE 1',
      'DROP TABLE views',
      'TRUNCATE TABLE views',
      'DELETE FROM views WHERE 1',
      'UPDATE views SET watchMs = 0 WHERE 1',
      'OPTIMIZE TABLE views FINAL',
      'RENAME TABLE views TO other',
      'ATTACH TABLE a',
      'BACKUP TABLE views TO Disk(a, b)',
      'KILL QUERY WHERE 1',
      'SYSTEM SHUTDOWN',
      'SYSTEM FLUSH LOGS',
      'USE system',
      'SET max_result_rows = 0',
      'SET readonly = 0',
      'GRANT ALL ON *.* TO default',
      'CREATE USER a',
      'EXECUTE AS a SELECT 1',
      'SELECT 1 SETTINGS max_result_rows = 0',
      'SELECT 1 SETTINGS readonly = 0',
      'SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)',
      `SELECT * FROM views INTO OUTFILE '${out}'`,
      `SELECT * FROM views INTO OUTFILE '${out}' FORMAT CSV`,
      `SELECT * FROM views /* ) */ INTO/**/OUTFILE '${out}' TRUNCATE`,
      `SELECT 1) INTO OUTFILE '${out}' --`,
      `(SELECT 1) INTO OUTFILE '${out}'`,
      'SELECT 1 FORMAT JSON',
      'SELECT 1; SELECT 2',
      'SELECT 1; DROP TABLE views',
      `SELECT 1;\n--\nSELECT * FROM file('${secretFile}')`,
      "SELECT '\\'; DROP TABLE views; --",
      'SELECT 1 PARALLEL WITH SELECT 2',
      'BEGIN TRANSACTION',
      'SELECT {a:Int32}',
      'SELECT 1 AS `a\n  Function file`',
      '',
      ';',
      '\0',
      'SELECT 1\0; DROP TABLE views',
    ])
      await refused(statement, /^SV_SQL_(NOT_ALLOWED|WRONG)$/)
    assert.equal(existsSync(out), false)
    assert.deepEqual(await rows('SELECT count() AS n, sum(watchMs) AS s FROM views'), [{ n: 100, s: 49500 }])
  })

  test('says what is wrong with a statement, in the words of the engine', async () => {
    await assert.rejects(sandbox.ask('SELECT nothing FROM views', 'JSON'), /nothing/)
    await assert.rejects(sandbox.ask('SELECT * FROM view', 'JSON'), { code: 'SV_SQL_WRONG' })
    await assert.rejects(sandbox.ask('SELEKT 1', 'JSON'), { code: 'SV_SQL_WRONG' })
    await assert.rejects(sandbox.ask('SELECT nosuchfunction(1)', 'JSON'), { code: 'SV_SQL_NOT_ALLOWED' })
    await assert.rejects(sandbox.ask(`SELECT '${'x'.repeat(70_000)}'`, 'JSON'), /65536 bytes/)
  })

  test('ends what is too much', async () => {
    await refused('SELECT number FROM numbers(2000000)', 'SV_SQL_TOO_MUCH')
    await refused("SELECT repeat('x', 1000000) FROM numbers(1000)", 'SV_SQL_TOO_MUCH')
    await refused('SELECT sum(number) FROM numbers(10000000000)', 'SV_SQL_TOO_MUCH')
    await refused(
      'SELECT groupArray(number) FROM (SELECT arrayJoin(range(1000)) AS number FROM numbers(199999999))',
      'SV_SQL_TOO_MUCH',
    )
    await refused('SELECT arraySort(range(400000000))', 'SV_SQL_TOO_MUCH')
    await refused(`SELECT ${'('.repeat(3000)}1${')'.repeat(3000)}`, /^SV_SQL_(TOO_MUCH|WRONG)$/)
    await refused(`SELECT ${Array.from({ length: 12_000 }, () => 'a').join(',')}`, 'SV_SQL_TOO_MUCH')
    await refused(
      'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r',
      /^SV_SQL_(TOO_MUCH|WRONG)$/,
    )
    assert.deepEqual(await rows('SELECT count() AS n FROM views'), [{ n: 100 }])
  })

  test('is started again when its process was killed', async () => {
    const before = sandbox.pid() as number
    process.kill(before, 'SIGKILL')
    const asked = await rows('SELECT 1 AS n').catch((error: { code?: string }) => error.code)
    assert.ok(asked === 'SV_SQL_ENDED' || Array.isArray(asked))
    assert.deepEqual(await rows('SELECT count() AS n FROM views'), [{ n: 100 }])
    assert.notEqual(sandbox.pid(), before)
  })

  test('the process has no environment of ours', { skip: process.platform !== 'linux' }, async () => {
    await rows('SELECT 1')
    const environment = readFileSync(`/proc/${sandbox.pid()}/environ`, 'utf8')
    assert.equal(environment, '')
  })
})
