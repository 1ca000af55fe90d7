/** The media store in a bucket: what every driver does, and how viewers are served from it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fastify } from 'fastify'
import { titleKey } from '#playback/job.ts'
import { registerMedia } from '#playback/media-routes.ts'
import { S3_CREDENTIALS, startS3 } from '#scripts/engines/s3.ts'
import { mediaStoreSuite } from '#storage/media/media-store.suite.ts'
import { openS3 } from '#storage/media/s3.ts'
import { readS3Address } from '#storage/media/s3-address.ts'

const server = await startS3()
after(() => server.close())
let n = 0
const open = async (prefix = '') =>
  openS3({ url: await server.url(`suite-${n++}`, prefix), credentials: S3_CREDENTIALS })

mediaStoreSuite('S3', () => open())
mediaStoreSuite('S3 below a prefix', () => open('videos/here'))

test('S3: viewers get whole files, ranges, tags and 304 from the bucket', async () => {
  const media = await open('videos')
  const app = fastify()
  registerMedia(app, media)
  await media.put(`${titleKey('demo', 't1')}/r0123456789/v/1.m4s`, Buffer.from('0123456789'))
  const get = (headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') =>
    app.inject({ method, url: '/media/demo/t1/r0123456789/v/1.m4s', headers })
  const whole = await get({})
  assert.deepEqual([whole.statusCode, whole.body], [200, '0123456789'])
  const { etag } = whole.headers as { etag: string }
  assert.match(etag, /^"[^"]+"$/)
  const part = await get({ range: 'bytes=2-4', 'if-range': etag })
  assert.deepEqual([part.statusCode, part.body, part.headers['content-range']], [206, '234', 'bytes 2-4/10'])
  assert.equal((await get({ range: 'bytes=-3' })).body, '789')
  assert.equal((await get({ range: 'bytes=10-' })).statusCode, 416)
  assert.equal((await get({ 'if-none-match': etag })).statusCode, 304)
  assert.equal((await get({}, 'HEAD')).headers['content-length'], '10')
  assert.equal((await app.inject('/media/demo/t1/nothing.m4s')).statusCode, 404)
  await app.close()
  await media.close()
})

test('S3: a bucket that is not there and a server that is away are refused, saying what to do', async () => {
  const url = (await server.url('there')).replace('s3://there', 's3://elsewhere')
  await assert.rejects(openS3({ url, credentials: S3_CREDENTIALS }), { code: 'SV_MEDIA_REFUSED' })
  const away = 's3://there?endpoint=http%3A%2F%2F127.0.0.1%3A1'
  await assert.rejects(openS3({ url: away, credentials: S3_CREDENTIALS }), { code: 'SV_MEDIA_UNAVAILABLE' })
})

test('S3: an address names bucket, prefix, region and endpoint, and never keys', () => {
  assert.deepEqual(readS3Address('s3://bucket/a/b?region=eu-west-1'), {
    bucket: 'bucket',
    prefix: 'a/b/',
    region: 'eu-west-1',
    endpoint: null,
    pathStyle: false,
  })
  assert.equal(readS3Address('s3://bucket?endpoint=http://minio:9000')?.pathStyle, true)
  for (const url of ['s3://', 's3://key:secret@bucket', 's3://bucket/../x y', 's3://bucket?endpoint=minio'])
    assert.equal(readS3Address(url), null, url)
})
