import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { silentLog } from '#base/log.ts'
import type { Refusal } from '#base/refusal.ts'
import { BUNNY, type Opened, openForTest } from '#playback/opened.suite.ts'
import { openSandbox } from '#playback/sandboxing/sandbox.ts'
import { type Encoder, openEncoder } from '#playback/transcode/encoder.ts'

const TENANT = 'acme'
let opened: Opened
let encoder: Encoder

before(async () => {
  opened = await openForTest({ limits: { maxDurationMs: 6000, maxUploadBytes: 5_000_000 } })
  encoder = await openEncoder({ environment: {}, sandbox: await openSandbox({}), log: silentLog })
})
after(() => opened?.close())

const file = (name: string): string => path.join(opened.dir, name)

/** Uploads the bytes as the title's source and waits for the verdict. */
async function uploaded(titleId: string, content: Uint8Array) {
  const ticket = await opened.playback.createUpload(TENANT, titleId, `${titleId}.mp4`, content.length)
  const made = await fetch(new URL(ticket.uploadUrl, opened.url), {
    method: 'POST',
    body: content as never,
    headers: {
      authorization: `Bearer ${ticket.uploadToken}`,
      'tus-resumable': '1.0.0',
      'upload-length': String(content.length),
      'content-type': 'application/offset+octet-stream',
    },
  })
  assert.equal(made.status, 201, await made.text())
  await opened.playback.idle()
  return opened.playback.job(TENANT, titleId)
}

async function refusedWith(code: string, titleId: string, content: Uint8Array): Promise<void> {
  const job = await uploaded(titleId, content)
  assert.equal(job?.state, 'failed')
  assert.equal(job?.failure?.code, code)
  assert.ok((job?.failure?.message ?? '').length > 5 && (job?.failure?.fix ?? '').length > 20)
  assert.deepEqual(await opened.media.list(`titles/acme/${titleId}`), [])
  assert.deepEqual(await opened.leftovers(), [])
  assert.equal(await opened.playback.sourcesFor(TENANT, titleId), null)
  assert.equal(opened.statuses.at(-1), `${titleId} failed`)
  const last = opened.said.filter((event) => event['titleId'] === titleId).at(-1)
  assert.equal(last?.type, 'media.job.failed')
  assert.equal(last?.['reasonCode'], code)
}

test('refuses a text file named .mp4', () =>
  refusedWith('SV_MEDIA_NOT_VIDEO', 'text', Buffer.from('Dear diary, this is no video.\n'.repeat(50))))

test('refuses an empty file, before and after it is sent', async () => {
  await assert.rejects(
    opened.playback.createUpload(TENANT, 'empty', 'empty.mp4', 0),
    (error: Refusal) => error.code === 'SV_MEDIA_EMPTY',
  )
  await writeFile(file('empty.mp4'), '')
  await opened.playback.importFile(TENANT, 'empty', file('empty.mp4'))
  await opened.playback.idle()
  assert.equal((await opened.playback.job(TENANT, 'empty'))?.failure?.code, 'SV_MEDIA_EMPTY')
})

test('refuses a file whose end is missing', async () => {
  const whole = await readFile(BUNNY)
  const index = whole.indexOf('moov')
  const front = index < whole.length / 2
  await refusedWith('SV_MEDIA_TRUNCATED', 'cutoff', whole.subarray(0, whole.length / 2))
  if (!front) return
  await refusedWith('SV_MEDIA_TRUNCATED', 'noindex', whole.subarray(0, index))
})

test('refuses sound without a picture', async () => {
  await encoder.perform({ kind: 'audio', source: BUNNY, target: file('sound.mp4'), kbps: 64 })
  await refusedWith('SV_MEDIA_NO_VIDEO', 'sound', await readFile(file('sound.mp4')))
})

test('refuses a list of files, which would have us open what it names', async () => {
  const secret = file('secret.mp4')
  await writeFile(secret, await readFile(BUNNY))
  await refusedWith(
    'SV_MEDIA_NOT_VIDEO',
    'concat',
    Buffer.from(`ffconcat version 1.0\nfile '${secret}'\nduration 5\n`),
  )
  const list = `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:5,\n${secret}\n#EXT-X-ENDLIST\n`
  await refusedWith('SV_MEDIA_NOT_VIDEO', 'playlist', Buffer.from(list))
})

test('refuses what is too long, too large or of no sensible size', async () => {
  const long = file('long.mp4')
  const TRAILER = BUNNY.replace('bigbuckbunny', 'trailer_bbb')
  await encoder.cut({ source: TRAILER, target: long, startMs: 0, durationMs: 9000 })
  await refusedWith('SV_MEDIA_TOO_LONG', 'long', await readFile(long))
  await assert.rejects(
    opened.playback.createUpload(TENANT, 'large', 'large.mp4', 5_000_001),
    (error: Refusal) => error.code === 'SV_MEDIA_TOO_LARGE',
  )
  const tiny = file('tiny.mp4')
  await encoder.perform({
    kind: 'video',
    source: BUNNY,
    target: tiny,
    widthPx: 16,
    heightPx: 8,
    aspect: { num: 2, den: 1 },
    turnDegrees: 0,
    frameRate: { num: 5, den: 1 },
    gopFrames: 10,
    maxKbps: 120,
    codec: 'libx264',
  })
  await refusedWith('SV_MEDIA_BAD_DIMENSIONS', 'tiny', await readFile(tiny))
})

test('has nothing to retry when the file itself was at fault, and says so of the job', async () => {
  const job = await opened.playback.job(TENANT, 'text')
  assert.ok(job)
  assert.equal(await opened.playback.isRetriable(job), false)
  await assert.rejects(
    opened.playback.retry(TENANT, 'text'),
    (error: Refusal) => error.code === 'SV_JOB_NOT_RETRIABLE',
  )
})
