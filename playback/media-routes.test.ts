import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fastify from 'fastify'
import { registerMedia } from '#playback/media-routes.ts'
import { openDiskMedia } from '#storage/media/disk.ts'

const http = fastify()
const content = Buffer.from('0123456789'.repeat(10))
const SEGMENT = '/media/acme/bunny/r0123456789/v720/1.m4s'
const MASTER = '/media/acme/bunny/master.m3u8'
let dir: string

before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'media-routes-'))
  const media = openDiskMedia({ dir })
  await media.put('titles/acme/bunny/r0123456789/v720/1.m4s', content)
  await media.put('titles/acme/bunny/master.m3u8', Buffer.from('#EXTM3U\n'))
  await media.put('models/secret.onnx', content)
  registerMedia(http, media)
})
after(async () => {
  await http.close()
  await rm(dir, { recursive: true, force: true })
})

type Headers = Record<string, string>
const ask = (url: string, headers: Headers = {}, method: 'GET' | 'HEAD' | 'OPTIONS' = 'GET') =>
  http.inject({ method, url, headers })

test('serves a whole segment to be cached for good, from any origin', async () => {
  const answer = await ask(SEGMENT)
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.rawPayload, content)
  assert.equal(answer.headers['content-type'], 'video/iso.segment')
  assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.equal(answer.headers['access-control-allow-origin'], '*')
  assert.equal(answer.headers['accept-ranges'], 'bytes')
})

test('has manifests asked for anew', async () => {
  const answer = await ask(MASTER)
  assert.equal(answer.headers['content-type'], 'application/vnd.apple.mpegurl')
  assert.match(String(answer.headers['cache-control']), /max-age=2,/)
})

test('serves ranges: inside, open, from the end, past the end', async () => {
  const cases = [
    ['bytes=10-19', 206, 'bytes 10-19/100', 10],
    ['bytes=90-', 206, 'bytes 90-99/100', 10],
    ['bytes=-5', 206, 'bytes 95-99/100', 5],
    ['bytes=95-500', 206, 'bytes 95-99/100', 5],
    ['bytes=-500', 206, 'bytes 0-99/100', 100],
    ['bytes=100-', 416, 'bytes */100', 0],
    ['bytes=-0', 416, 'bytes */100', 0],
    ['bytes=20-10', 200, undefined, 100],
    ['bytes=0-1,5-6', 200, undefined, 100],
    ['lines=1-2', 200, undefined, 100],
  ] as const
  for (const [range, status, contentRange, length] of cases) {
    const answer = await ask(SEGMENT, { range })
    assert.equal(answer.statusCode, status, range)
    assert.equal(answer.headers['content-range'], contentRange, range)
    assert.equal(answer.rawPayload.length, length, range)
  }
})

test('answers HEAD with the headers of GET and no body', async () => {
  const answer = await ask(SEGMENT, { range: 'bytes=0-9' }, 'HEAD')
  assert.equal(answer.statusCode, 206)
  assert.equal(answer.headers['content-length'], '10')
  assert.equal(answer.rawPayload.length, 0)
  assert.equal((await ask(SEGMENT, {}, 'HEAD')).headers['content-length'], '100')
})

test('says when the client already has it, and drops a range of what changed', async () => {
  const { etag, 'last-modified': since } = (await ask(SEGMENT)).headers as Headers
  assert.ok(etag && since)
  assert.equal((await ask(SEGMENT, { 'if-none-match': etag })).statusCode, 304)
  assert.equal((await ask(SEGMENT, { 'if-none-match': `"x", W/${etag}` })).statusCode, 304)
  assert.equal((await ask(SEGMENT, { 'if-none-match': '"x"' })).statusCode, 200)
  assert.equal((await ask(SEGMENT, { 'if-modified-since': since })).statusCode, 304)
  assert.equal((await ask(SEGMENT, { range: 'bytes=0-1', 'if-range': etag })).statusCode, 206)
  assert.equal((await ask(SEGMENT, { range: 'bytes=0-1', 'if-range': since })).statusCode, 206)
  assert.equal((await ask(SEGMENT, { range: 'bytes=0-1', 'if-range': '"x"' })).statusCode, 200)
})

test('lets other origins ask for ranges', async () => {
  const answer = await ask(SEGMENT, { origin: 'https://elsewhere.example' }, 'OPTIONS')
  assert.equal(answer.statusCode, 204)
  assert.match(String(answer.headers['access-control-allow-headers']), /range/)
})

test('knows nothing outside a title and gives no path away', async () => {
  const wrong = [
    '/media/acme/bunny/none.m4s',
    '/media/acme/bunny/../../../models/secret.onnx',
    '/media/acme/bunny/%2e%2e/%2e%2e/%2e%2e/models/secret.onnx',
    '/media/acme/bunny/..%2f..%2f..%2fmodels%2fsecret.onnx',
    '/media/..%2f..%2fmodels/secret.onnx/x',
    '/media/acme/bunny/.hidden',
    '/media/acme/bunny/',
    '/media/acme/bunny/r0123456789',
  ]
  for (const url of wrong) {
    const answer = await ask(url)
    assert.equal(answer.statusCode, 404, url)
    assert.doesNotMatch(answer.body, new RegExp(`${dir}|titles/`), url)
  }
})
