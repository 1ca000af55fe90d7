import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { silentLog } from '#base/log.ts'
import { BUNNY, type Opened, openForTest } from '#playback/opened.suite.ts'
import { openSandbox } from '#playback/sandboxing/sandbox.ts'
import { openEncoder } from '#playback/transcode/encoder.ts'

const TENANT = 'acme'
let opened: Opened
let content: Buffer

before(async () => {
  opened = await openForTest({ limits: { uploadMs: 60_000 } })
  const encoder = await openEncoder({ environment: {}, sandbox: await openSandbox({}), log: silentLog })
  const short = path.join(opened.dir, 'short.mp4')
  await encoder.cut({ source: BUNNY, target: short, startMs: 0, durationMs: 1000 })
  content = await readFile(short)
})
after(() => opened?.close())

type Ticket = { uploadUrl: string; uploadToken: string }
const send = (
  url: string,
  token: string | null,
  method: string,
  headers: Record<string, string> = {},
  body?: Buffer,
): Promise<Response> =>
  fetch(new URL(url, opened.url), {
    method,
    ...(body === undefined ? {} : { body: body as never }),
    headers: {
      'tus-resumable': '1.0.0',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/offset+octet-stream' }),
      ...headers,
    },
  })
const begin = async (ticket: Ticket, sizeBytes: number): Promise<string> => {
  const made = await send(ticket.uploadUrl, ticket.uploadToken, 'POST', { 'upload-length': `${sizeBytes}` })
  assert.equal(made.status, 201, await made.text())
  return made.headers.get('location') as string
}

test('goes on with an upload after a restart of the server, from the byte it had', async () => {
  const ticket = await opened.playback.createUpload(TENANT, 'halves', 'halves.mp4', content.length)
  const location = await begin(ticket, content.length)
  const half = Math.floor(content.length / 2)
  const { uploadToken: token } = ticket
  const first = content.subarray(0, half)
  assert.equal((await send(location, token, 'PATCH', { 'upload-offset': '0' }, first)).status, 204)
  await opened.restart()
  const asked = await send(location, token, 'HEAD')
  assert.equal(asked.headers.get('upload-offset'), String(half))
  assert.equal((await opened.playback.job(TENANT, 'halves'))?.state, 'uploading')
  const rest = content.subarray(half)
  assert.equal((await send(location, token, 'PATCH', { 'upload-offset': String(half) }, rest)).status, 204)
  await opened.playback.idle()
  assert.equal((await opened.playback.job(TENANT, 'halves'))?.state, 'done')
  const received = opened.said.filter((event) => event.type === 'media.upload.received')
  assert.deepEqual(
    received.map((event) => event['sizeBytes']),
    [content.length],
  )
})

test('takes up an upload whose last byte came just before we died', async () => {
  const ticket = await opened.playback.createUpload(TENANT, 'last', 'last.txt', 20)
  const location = await begin(ticket, 20)
  const id = location.split('/').at(-1) as string
  await writeFile(path.join(opened.dir, 'playback', 'sources', id), 'no video, twenty byt')
  await opened.restart()
  await opened.playback.idle()
  assert.equal((await opened.playback.job(TENANT, 'last'))?.failure?.code, 'SV_MEDIA_NOT_VIDEO')
  assert.deepEqual(await opened.leftovers(), [])
})

test('gives up an upload when told to, or when another file is chosen, and keeps what was there before', async () => {
  const first = await opened.playback.createUpload(TENANT, 'changed', 'a.mp4', 10)
  const location = await begin(first, 10)
  const second = await opened.playback.createUpload(TENANT, 'changed', 'b.mp4', 20)
  const late = await send(location, first.uploadToken, 'PATCH', { 'upload-offset': '0' }, Buffer.alloc(10))
  assert.equal(late.status, 401)
  await begin(second, 20)
  assert.equal((await opened.playback.job(TENANT, 'changed'))?.fileName, 'b.mp4')
  await opened.playback.cancelUpload(TENANT, 'changed')
  assert.equal(await opened.playback.job(TENANT, 'changed'), null)
  assert.deepEqual(await opened.leftovers(), [])
  const failed = await opened.playback.job(TENANT, 'last')
  await opened.playback.createUpload(TENANT, 'last', 'c.mp4', 10)
  await opened.playback.cancelUpload(TENANT, 'last')
  assert.deepEqual(await opened.playback.job(TENANT, 'last'), failed)
})

test('lets nobody in without the token of this very upload', async () => {
  const mine = await opened.playback.createUpload(TENANT, 'mine', 'mine.mp4', 100)
  const other = await opened.playback.createUpload('rival', 'other', 'other.mp4', 100)
  const size = { 'upload-length': '100' }
  assert.equal((await send(mine.uploadUrl, null, 'POST', size)).status, 401)
  const forged = await send(mine.uploadUrl, 'x'.repeat(32), 'POST', size)
  assert.equal(forged.status, 401)
  assert.equal(((await forged.json()) as { code: string }).code, 'SV_UPLOAD_TOKEN_INVALID')
  const location = await begin(mine, 100)
  const bytes = Buffer.alloc(50)
  const patch = { 'upload-offset': '0' }
  assert.equal((await send(location, other.uploadToken, 'PATCH', patch, bytes)).status, 401)
  assert.equal((await send(location, other.uploadToken, 'HEAD')).status, 401)
  assert.equal((await send(location, other.uploadToken, 'DELETE')).status, 401)
  assert.equal((await send('/uploads/..%2f..%2frecords', mine.uploadToken, 'HEAD')).status >= 400, true)
})

test('takes no more than was said, and nothing once it has all', async () => {
  const ticket = await opened.playback.createUpload(TENANT, 'small', 'small.mp4', 10)
  const { uploadUrl, uploadToken: token } = ticket
  assert.equal((await send(uploadUrl, token, 'POST', { 'upload-length': '11' })).status, 413)
  assert.equal((await send(uploadUrl, token, 'POST', { 'upload-defer-length': '1' })).status >= 400, true)
  const location = await begin(ticket, 10)
  const patch = { 'upload-offset': '0' }
  const tooMuch = await send(location, token, 'PATCH', patch, Buffer.alloc(30)).catch(() => null)
  assert.ok(tooMuch === null || tooMuch.status >= 400)
  const ten = await send(location, token, 'HEAD')
  const offset = Number(ten.headers.get('upload-offset'))
  assert.ok(offset <= 10)
  if (offset < 10) {
    await send(location, token, 'PATCH', { 'upload-offset': `${offset}` }, Buffer.alloc(10 - offset))
  }
  await opened.playback.idle()
  assert.equal((await opened.playback.job(TENANT, 'small'))?.state, 'failed')
  assert.equal((await send(uploadUrl, token, 'POST', { 'upload-length': '10' })).status, 401)
})

test('refuses what the disk has no room for', async () => {
  await opened.close()
  opened = await openForTest({ limits: { spareBytes: 2 ** 52 } })
  await assert.rejects(opened.playback.createUpload(TENANT, 'full', 'full.mp4', 10), {
    code: 'SV_MEDIA_DISK_FULL',
  })
})

test('forgets an upload nobody finished in time', async () => {
  await opened.close()
  opened = await openForTest({ limits: { uploadMs: 1 } })
  const ticket = await opened.playback.createUpload(TENANT, 'given-up', 'a.mp4', 10)
  await begin(ticket, 10)
  await opened.restart()
  assert.equal(await opened.playback.job(TENANT, 'given-up'), null)
  assert.deepEqual(await opened.leftovers(), [])
})
