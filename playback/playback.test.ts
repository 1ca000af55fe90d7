import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import * as tus from 'tus-js-client'
import { silentLog } from '#base/log.ts'
import { findEvent, problemWith } from '#events/registry.ts'
import { titleKey } from '#playback/job.ts'
import { BUNNY, type Opened, openForTest, TRAILER } from '#playback/opened.suite.ts'
import { openJobStore } from '#playback/records.ts'
import { openSandbox } from '#playback/sandboxing/sandbox.ts'
import { muxCaptioned } from '#playback/transcode/captioned.suite.ts'
import { type Encoder, openEncoder } from '#playback/transcode/encoder.ts'

const TENANT = 'acme'
let opened: Opened
let encoder: Encoder

before(async () => {
  opened = await openForTest()
  const sandbox = await openSandbox({})
  encoder = await openEncoder({ environment: {}, sandbox, log: silentLog })
})
after(() => opened?.close())

const get = async (file: string): Promise<Response> => {
  const answer = await fetch(new URL(file, opened.url))
  assert.equal(answer.status, 200, file)
  return answer
}
const text = async (file: string): Promise<string> => (await get(file)).text()

function upload(ticket: { uploadUrl: string; uploadToken: string }, content: Buffer, name: string) {
  return new Promise<void>((resolve, reject) => {
    const started = new tus.Upload(content as never, {
      endpoint: new URL(ticket.uploadUrl, opened.url).href,
      headers: { authorization: `Bearer ${ticket.uploadToken}` },
      metadata: { filename: name },
      chunkSize: 200_000,
      retryDelays: null,
      onError: reject,
      onSuccess: () => resolve(),
    })
    started.start()
  })
}

/** Follows every address a master playlist leads to; returns the rungs' whole content. */
async function follow(master: string): Promise<Buffer[]> {
  const base = master.slice(0, master.lastIndexOf('/') + 1)
  const list = await text(master)
  const playlists = [...list.matchAll(/URI="([^"]+)"/g), ...list.matchAll(/^([^#\n].*)$/gm)].map(
    (match) => match[1] as string,
  )
  return Promise.all(
    playlists.map(async (playlist) => {
      const folder = base + playlist.slice(0, playlist.lastIndexOf('/') + 1)
      const lines = await text(base + playlist)
      const files = [/URI="([^"]+)"/.exec(lines)?.[1] as string, ...(lines.match(/^[^#\n].*$/gm) as string[])]
      const parts = await Promise.all(
        files.map(async (file) => Buffer.from(await (await get(folder + file)).arrayBuffer())),
      )
      return Buffer.concat(parts)
    }),
  )
}

test('turns an upload into HLS and DASH with several renditions on one set of segments', async () => {
  const content = await readFile(BUNNY)
  const seen: string[] = []
  const place = path.join(opened.dir, 'media/objects', titleKey(TENANT, 'bunny'))
  let manifests: readonly boolean[] | null = null
  const stop = opened.playback.onJob((job) => {
    if (job.titleId !== 'bunny') return
    if (seen.at(-1) !== job.state) seen.push(job.state)
    if (job.publishedAt !== null)
      manifests ??= ['master.m3u8', 'manifest.mpd'].map((file) => existsSync(path.join(place, file)))
  })
  const ticket = await opened.playback.createUpload(TENANT, 'bunny', 'bunny.mp4', content.length)
  await upload(ticket, content, 'bunny.mp4')
  await opened.playback.idle()
  stop()
  const job = await opened.playback.job(TENANT, 'bunny')
  assert.equal(job?.state, 'done', JSON.stringify(job?.failure))
  assert.equal(job?.progress, 1)
  assert.deepEqual(manifests, [true, true], 'a title is said to play only once its manifests are there')
  assert.deepEqual(seen, ['uploading', 'probing', 'transcoding', 'packaging', 'done'])
  assert.deepEqual(
    job?.renditions.map(({ heightPx, state }) => [heightPx, state]),
    [720, 480, 360, 240].map((height) => [height, 'ready']),
  )
  assert.deepEqual(await opened.leftovers(), [])

  const sources = await opened.playback.sourcesFor(TENANT, 'bunny')
  assert.ok(sources)
  assert.equal(sources.durationMs, 5280)
  const tracks = await follow(sources.hlsUrl)
  assert.equal(tracks.length, 5)
  for (const [at, content] of tracks.entries()) {
    const file = path.join(opened.dir, `track-${at}.mp4`)
    await writeFile(file, content)
    const probed = await encoder.probe(file)
    if (at === 0) assert.equal(probed.audio?.codec, 'aac')
    else assert.equal(probed.video?.frames, 132)
    assert.ok(Math.abs(probed.statedMs - 5280) < 100, `track ${at} lasts ${probed.statedMs} ms`)
  }
  const mpd = await text(sources.dashUrl)
  const templates = [...mpd.matchAll(/media="([^"]+)" startNumber="1"/g)].map((match) => match[1] as string)
  assert.equal(templates.length, 5)
  for (const template of templates) await get(`/media/acme/bunny/${template.replace('$Number$', '1')}`)
  assert.match(await text(sources.storyboardUrl as string), /storyboard\.jpg#xywh=0,0,160,90/)
  assert.ok((await (await get(sources.posterUrl)).arrayBuffer()).byteLength > 20_000)
})

test('says each step as an event of the contract', () => {
  const events = opened.said.filter(
    (event) => event['titleId'] === 'bunny' && event.type.startsWith('media.'),
  )
  assert.deepEqual(
    events.map((event) => event.type.replace('media.', '')),
    ['upload.received', 'source.probed', ...Array(4).fill('rendition.done'), 'package.published'],
  )
  for (const event of events) {
    const definition = findEvent(event.type, event.version)
    assert.ok(definition)
    assert.equal(problemWith(definition, event), null)
  }
  assert.equal(opened.statuses[0], 'bunny processing')
  assert.ok(opened.statuses.includes('bunny ready'))
})

test('makes a part of a local file playable, and a picture without sound', async () => {
  const silent = path.join(opened.dir, 'silent.mp4')
  await encoder.cut({ source: TRAILER, target: silent, startMs: 36_000, durationMs: 1500 })
  const mute = path.join(opened.dir, 'mute.mp4')
  await encoder.perform({ kind: 'copy', source: silent, target: mute, stream: 'video' })
  await opened.playback.importFile(TENANT, 'mute', mute)
  await opened.playback.importFile(TENANT, 'part', TRAILER, { startMs: 36_100, durationMs: 3000 })
  await opened.playback.idle()
  const [mutes, part] = [
    await opened.playback.sourcesFor(TENANT, 'mute'),
    await opened.playback.sourcesFor(TENANT, 'part'),
  ]
  assert.ok(mutes && part)
  assert.doesNotMatch(await text(mutes.hlsUrl), /TYPE=AUDIO/)
  assert.match(await text(part.hlsUrl), /TYPE=AUDIO/)
  assert.ok(Math.abs((part.durationMs as number) - 3000) < 100, String(part.durationMs))
})

test('serves captions brought beside the video', async () => {
  const token = (await opened.playback.createUpload(TENANT, 'spoken', 'a.mp4', 10)).uploadToken
  const put = (body: string, language = 'de'): Promise<Response> =>
    fetch(new URL(`/captions/${language}`, opened.url), {
      method: 'PUT',
      body,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'text/vtt' },
    })
  assert.equal((await put('1\n00:00 no')).status, 422)
  assert.equal((await put('WEBVTT\n', '../x')).status, 404)
  assert.equal((await put('WEBVTT\n\n00:00.000 --> 00:01.000\nHallo\n')).status, 204)
  await opened.playback.importFile(TENANT, 'spoken', BUNNY, { startMs: 0, durationMs: 1000 })
  await opened.playback.idle()
  const sources = await opened.playback.sourcesFor(TENANT, 'spoken')
  const [caption] = sources?.captions ?? []
  assert.deepEqual([caption?.language, caption?.label], ['de', 'German'])
  assert.match(await text(caption?.url as string), /Hallo/)
})

test('takes SubRip for captions, lets them be replaced and taken away, and refuses what is too large', async () => {
  const srt = '1\n00:00:00,000 --> 00:00:01,000\nBonjour\n'
  const { playback } = opened
  await playback.putCaption(TENANT, 'spoken', { language: 'fr', text: srt })
  await playback.putCaption(TENANT, 'spoken', { language: 'fr', text: srt.replace('Bonjour', 'Salut') })
  const captions = await playback.captions(TENANT, 'spoken')
  assert.deepEqual(
    captions.map(({ language, brought }) => [language, brought]),
    [
      ['de', true],
      ['fr', true],
    ],
  )
  const url = captions[1]?.url ?? ''
  assert.equal(await text(url), 'WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nSalut\n')
  await playback.removeCaption(TENANT, 'spoken', 'fr')
  assert.equal((await playback.sourcesFor(TENANT, 'spoken'))?.captions.length, 1)
  assert.equal((await fetch(new URL(url, opened.url))).status, 404)
  const large = `WEBVTT\n\nNOTE ${'x'.repeat(500_000)}\n`
  await assert.rejects(playback.putCaption(TENANT, 'spoken', { language: 'fr', text: large }), {
    code: 'SV_CAPTION_INVALID',
  })
})

test('takes the text track of a source as captions, under the language’s short code', async () => {
  const file = path.join(opened.dir, 'captioned.mp4')
  await muxCaptioned(BUNNY, file, 'deu', [{ startMs: 100, endMs: 900, text: 'Ein Hase.' }])
  await opened.playback.importFile(TENANT, 'captioned', file)
  await opened.playback.idle()
  const [caption, ...others] = (await opened.playback.sourcesFor(TENANT, 'captioned'))?.captions ?? []
  assert.deepEqual([caption?.language, caption?.label, others], ['de', 'German', []])
  assert.match(await text(caption?.url as string), /00:00:00\.100 --> 00:00:00\.900\nEin Hase\./)
})

test('lets a newer file of the same title win over the one at work', async () => {
  await opened.playback.importFile(TENANT, 'twice', TRAILER, { startMs: 0, durationMs: 3000 })
  const second = await opened.playback.importFile(TENANT, 'twice', BUNNY, { startMs: 0, durationMs: 800 })
  await opened.playback.idle()
  const job = await opened.playback.job(TENANT, 'twice')
  assert.deepEqual([job?.id, job?.state], [second.id, 'done'])
  const sources = await opened.playback.sourcesFor(TENANT, 'twice')
  assert.ok((sources?.durationMs ?? 0) < 1000)
  assert.ok(opened.said.some((event) => event['reasonCode'] === 'SV_JOB_REPLACED'))
})

test('a failed job whose source is here is retriable, and begins again', async () => {
  const { id } = await opened.playback.importFile(TENANT, 'again', BUNNY, { startMs: 0, durationMs: 800 })
  await opened.playback.idle()
  const store = await openJobStore(opened.records)
  const made = await store.find(id)
  assert.ok(made)
  const failure = { code: 'SV_TRANSCODE_FAILED', message: 'The encoder died.', fix: 'Press retry.' }
  await store.save({ ...made, state: 'failed', probed: null, failure })
  const failed = await opened.playback.job(TENANT, 'again')
  assert.ok(failed)
  assert.equal(await opened.playback.isRetriable(failed), true)
  await opened.playback.retry(TENANT, 'again')
  await opened.playback.idle()
  const again = await opened.playback.job(TENANT, 'again')
  assert.deepEqual([again?.state, again?.failure], ['done', null])
  assert.ok(again && !(await opened.playback.isRetriable(again)))
})

test('removes everything of a title', async () => {
  await opened.playback.remove(TENANT, 'part')
  assert.equal(await opened.playback.job(TENANT, 'part'), null)
  assert.equal(await opened.playback.sourcesFor(TENANT, 'part'), null)
  assert.deepEqual(await opened.media.list('titles/acme/part'), [])
})
