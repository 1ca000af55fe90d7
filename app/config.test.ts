import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { readConfig, SETTINGS } from '#app/config.ts'
import { readEnvFile } from '#app/env-file.ts'
import { ConfigError } from '#app/errors.ts'

test('needs nothing: every setting has a default', () => {
  const config = readConfig({}, [])
  assert.equal(config.host, '127.0.0.1')
  assert.deepEqual(config.urls, {})
})

test('reports every mistake at once, each with what to do', () => {
  const env = { PORT: 'eighty', LOG_LEVEL: 'loud', RECORDS_URL: 'not a url', TRANSCODE_JOBS: '0' }
  assert.throws(
    () => readConfig(env, ['--emty']),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(
        error.problems.map((problem) => problem.name),
        ['command line', 'RECORDS_URL', 'PORT', 'TRANSCODE_JOBS', 'LOG_LEVEL'],
      )
      return error.problems.every((problem) => problem.fix.length > 10)
    },
  )
})

test('reports every URL and folder nothing could be opened at, beside other mistakes', () => {
  const env = {
    PORT: 'eighty',
    LOG_URL: 'gopher://x',
    WAREHOUSE_URL: 'ftp://x',
    RECORDS_URL: 'file://data',
    PUBLIC_URL: 'javascript:alert(1)',
    DATA_DIR: 'package.json/data',
  }
  assert.throws(
    () => readConfig(env, []),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(error.problems.map(({ name }) => name).toSorted(), Object.keys(env).toSorted())
      return error.problems.every(({ fix }) => fix.length > 10)
    },
  )
  assert.equal(readConfig({ PUBLIC_URL: 'https://video.example/' }, []).publicUrl, 'https://video.example')
  assert.throws(() => readConfig({ PUBLIC_URL: 'https://video.example/app' }, []), ConfigError)
})

test('a .env file is read where it lies; what the environment says already wins', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'env-'))
  try {
    const file = path.join(folder, '.env')
    readEnvFile(file)
    writeFileSync(file, 'SV_TEST_SAID=by the file\nSV_TEST_HELD=by the file\n')
    process.env['SV_TEST_HELD'] = 'by the environment'
    readEnvFile(file)
    assert.deepEqual(
      [process.env['SV_TEST_SAID'], process.env['SV_TEST_HELD']],
      ['by the file', 'by the environment'],
    )
    rmSync(file)
    mkdirSync(file)
    assert.throws(() => readEnvFile(file), ConfigError)
  } finally {
    delete process.env['SV_TEST_SAID']
    delete process.env['SV_TEST_HELD']
    rmSync(folder, { recursive: true })
  }
})

test('flags win over the environment', () => {
  assert.equal(readConfig({ PORT: '1' }, ['--port', '2']).port, 2)
  assert.equal(readConfig({}, ['--empty']).empty, true)
})

test('.env.example lists every setting with its default', () => {
  const listed = readFileSync('.env.example', 'utf8').match(/^# ?([A-Z_]+)=(.*)$/gm)
  assert.deepEqual(
    listed,
    SETTINGS.map((setting) => `# ${setting.name}=${setting.fallback}`),
  )
})

const problemsOf = (env: Record<string, string>): Record<string, string> => {
  try {
    readConfig(env, [])
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return Object.fromEntries(error.problems.map(({ name, fix }) => [name, fix]))
  }
  return {}
}

test('says which schemes a store takes', () => {
  const problems = problemsOf({ LOG_URL: 'gopher://x', RECORDS_URL: 'gopher://x/db' })
  assert.match(problems['LOG_URL'] as string, /file:\/\//)
  assert.match(problems['RECORDS_URL'] as string, /postgres:\/\//)
  assert.deepEqual(problemsOf({ RECORDS_URL: 'postgres://u:p@h/db' }), {})
})

test('takes the addresses of a Kafka cluster, and says what is wrong with one', () => {
  const log = (url: string): string | undefined => problemsOf({ LOG_URL: url })['LOG_URL']
  assert.equal(log('kafka://one:9092,two:9092?replication=3&prefix=video.'), undefined)
  assert.equal(log('kafkas://user:p%40ss@one:9093?mechanism=plain'), undefined)
  assert.match(log('kafka://one') as string, /host:port/)
  assert.match(log('kafka://one:9092?replicas=3') as string, /leave out replicas/)
  assert.match(log('kafka://user:secret@one:9092') as string, /kafkas:/)
})

test('says how a file URL is written, and where it leads to no folder', () => {
  const problems = problemsOf({ RECORDS_URL: 'file://data', MEDIA_URL: `file://${import.meta.filename}` })
  assert.match(problems['RECORDS_URL'] as string, /three slashes/)
  assert.match(problems['MEDIA_URL'] as string, /config\.test\.ts is a file/)
})

test('refuses a data directory that is a file, lies in one, or may not be written', (t) => {
  assert.match(problemsOf({ DATA_DIR: import.meta.filename })['DATA_DIR'] as string, /is a file/)
  assert.match(problemsOf({ DATA_DIR: `${import.meta.filename}/data` })['DATA_DIR'] as string, /is a file/)
  if (process.getuid?.() === 0) return t.diagnostic('root may write everywhere')
  assert.match(problemsOf({ DATA_DIR: '/streamverse' })['DATA_DIR'] as string, /may not write to \//)
})

test('takes a web origin as PUBLIC_URL and nothing else', () => {
  for (const url of [
    'javascript:alert(1)',
    'ftp://host',
    'https://host/path',
    'https://u:p@host',
    'host:80',
  ]) {
    assert.deepEqual(Object.keys(problemsOf({ PUBLIC_URL: url })), ['PUBLIC_URL'], url)
  }
  assert.equal(
    readConfig({ PUBLIC_URL: 'https://Video.example:443/' }, []).publicUrl,
    'https://video.example',
  )
})

test('takes the keys of a bucket both or none, and never prints the secret', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'very secret' }
  assert.equal(readConfig({}, []).mediaKeys, null)
  assert.deepEqual(readConfig(keys, []).mediaKeys, { accessKeyId: 'key', secretAccessKey: 'very secret' })
  assert.deepEqual(Object.keys(problemsOf({ AWS_ACCESS_KEY_ID: 'key' })), ['AWS_SECRET_ACCESS_KEY'])
  assert.throws(
    () => readConfig({ AWS_SECRET_ACCESS_KEY: 'very secret' }, []),
    (error: Error) => error.message.includes('AWS_ACCESS_KEY_ID') && !error.message.includes('very secret'),
  )
})

test('keeps a password out of what it prints', () => {
  assert.throws(
    () => readConfig({ RECORDS_URL: 'gopher://user:secret@host/db' }, []),
    (error: Error) => error.message.includes('gopher://user:***@host/db'),
  )
})
