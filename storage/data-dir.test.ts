import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { bringUpToDate, checkFormat, FORMAT, prepareDir } from '#storage/data-dir.ts'
import { takeLock } from '#storage/data-dir-lock.ts'
import { placesOf } from '#storage/places.ts'

const root = mkdtempSync(path.join(tmpdir(), 'data-dir-'))
after(() => rmSync(root, { recursive: true, force: true }))
const fresh = (name: string): string => {
  const dir = path.join(root, name)
  mkdirSync(dir)
  return dir
}
const format = (dir: string, content: string): void => writeFileSync(path.join(dir, 'format.json'), content)

test('an empty folder becomes a data directory of today’s format', () => {
  const dir = fresh('empty')
  assert.equal(checkFormat(dir), null)
  bringUpToDate(dir, () => assert.fail('there is nothing to bring up'))
  assert.equal(checkFormat(dir), FORMAT)
})

test('a newer, an unknown and a strange folder are refused and left alone', () => {
  const newer = fresh('newer')
  format(newer, JSON.stringify({ product: 'streamverse', format: FORMAT + 1 }))
  assert.throws(() => checkFormat(newer), { code: 'SV_DATA_DIR_NEWER' })
  for (const content of [
    '',
    '{}',
    '{"product":"other","format":1}',
    '{"product":"streamverse","format":"2"}',
  ]) {
    const dir = mkdtempSync(path.join(root, 'unknown-'))
    format(dir, content)
    assert.throws(() => checkFormat(dir), { code: 'SV_DATA_DIR_NOT_OURS' })
  }
  const home = fresh('home')
  writeFileSync(path.join(home, 'letters.txt'), 'dear')
  assert.throws(() => bringUpToDate(home, () => {}), { code: 'SV_DATA_DIR_NOT_OURS' })
  assert.equal(existsSync(path.join(home, 'format.json')), false)
})

test('an older folder is brought up to date, also after a step was cut short', () => {
  const dir = fresh('older')
  format(dir, JSON.stringify({ product: 'streamverse', format: 1 }))
  mkdirSync(path.join(dir, 'media', 'demo'), { recursive: true })
  mkdirSync(path.join(dir, 'media', 'objects', 'other'), { recursive: true })
  writeFileSync(path.join(dir, 'media', 'demo', 'poster.svg'), 'picture')
  const heard: string[] = []
  bringUpToDate(dir, (about) => heard.push(about))
  assert.equal(heard.length, 1)
  assert.equal(readFileSync(path.join(dir, 'media/objects/demo/poster.svg'), 'utf8'), 'picture')
  assert.equal(checkFormat(dir), FORMAT)
})

test('a lock held by a living process names it; one of a dead process is taken over', async () => {
  const dir = fresh('locked')
  const program = `import { takeLock } from '#storage/data-dir-lock.ts'
    takeLock(${JSON.stringify(dir)}); process.stdout.write('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    cwd: path.join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  assert.deepEqual(takeLock(dir), { heldBy: child.pid })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
  const lock = takeLock(dir)
  assert.ok('release' in lock)
  lock.release()
  assert.equal(existsSync(path.join(dir, 'lock')), false)
})

test('a lock whose process number was given to a stranger is no obstacle', () => {
  const dir = fresh('reused')
  writeFileSync(path.join(dir, 'lock'), JSON.stringify({ pid: process.ppid, born: 'long ago' }))
  const lock = takeLock(dir)
  assert.ok('release' in lock)
  lock.release()
})

test('a store has the schemes this version supports, and says so of others', () => {
  const urls = {
    warehouse: 'clickhouse://u:p@h:8123/db',
    online: 'scylla://one,two:9042/keys',
    records: 'postgres://u:p@h/db',
    media: 's3://bucket/prefix?region=eu-west-1',
  }
  const { log, ...others } = placesOf('/data', urls)
  assert.deepEqual(log, { folder: path.join('/data', 'event-log') })
  assert.deepEqual(others, Object.fromEntries(Object.entries(urls).map(([store, url]) => [store, { url }])))
  assert.deepEqual(placesOf('/data', { media: 'file:///mnt/media' }).media, { folder: '/mnt/media' })
  for (const [store, url] of [
    ['log', 'https://broker:9092'],
    ['warehouse', 'mysql://h/db'],
    ['online', 'redis://node'],
    ['media', 'https://bucket'],
    ['records', 'mysql://h/db'],
  ] as const) {
    assert.throws(() => placesOf('/data', { [store]: url }), {
      code: 'SV_STORAGE_SCHEME',
      message: /supports file:/,
    })
  }
})

test('a URL that names too little, or holds the keys of a bucket, is refused with how to write it', () => {
  for (const [store, url, how] of [
    ['warehouse', 'clickhouse:///db', /clickhouse:\/\/user/],
    ['online', 'cassandra://host:9042', /keyspace/],
    ['media', 's3:///prefix', /s3:\/\/bucket/],
    ['media', 's3://key:secret@bucket', /AWS_SECRET_ACCESS_KEY/],
  ] as const) {
    assert.throws(() => placesOf('/data', { [store]: url }), { code: 'SV_STORAGE_SCHEME', message: how })
  }
})

test('a folder that cannot be made is refused in words', { skip: process.platform !== 'linux' }, () => {
  assert.throws(() => prepareDir('/proc/none/data'), {
    code: 'SV_DATA_DIR_UNUSABLE',
    message: /^\/proc\/none\/data cannot be used: /,
  })
})
