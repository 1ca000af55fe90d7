import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readConfig, SETTINGS } from '#app/config.ts'
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
