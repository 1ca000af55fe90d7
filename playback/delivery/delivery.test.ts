import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { decodeCmcd, encodeCmcd } from '@svta/cml-cmcd'
import fastify from 'fastify'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { createRandom } from '#base/random.ts'
import type { StoredEvent } from '#events/define.ts'
import { findEvent, problemWith } from '#events/registry.ts'
import { decodePlain, readCmcdRequest } from '#playback/delivery/cmcd-request.ts'
import { type Delivered, openDeliveryLog } from '#playback/delivery/delivery-log.ts'
import { createTimelineBook, readTimeline } from '#playback/delivery/timeline.ts'
import type { Job } from '#playback/job.ts'
import { registerMedia } from '#playback/media-routes.ts'
import { openDiskMedia } from '#storage/media/disk.ts'

const JOB = 'job-0123456789'
const FOLDER = 'r0123456789'
const TEMPLATE = `<SegmentTemplate timescale="1000" startNumber="1" media="$Number$.m4s"><SegmentTimeline>
  <S t="0" d="2000" r="1"/><S d="1280"/></SegmentTimeline></SegmentTemplate>`
const LARGE = 8_000_000
const app = fastify()
const noted: Delivered[] = []
let dir: string
let url: string

const jobsOf = async (_tenantId: string, titleId: string): Promise<Job[]> => {
  const track = { name: 'v720', kind: 'video', heightPx: 720, segmentTemplate: TEMPLATE }
  const sound = { name: 'audio', kind: 'audio', heightPx: 0, segmentTemplate: TEMPLATE }
  return titleId === 'bunny' ? [{ id: JOB, tracks: [track, sound] } as unknown as Job] : []
}
function openLog(say: (events: StoredEvent[]) => Promise<void>, limits = {}) {
  const timelines = createTimelineBook(jobsOf)
  return openDeliveryLog({ say, timelines, clock: systemClock, log: silentLog, limits })
}
/** The events of what was noted since the last call. */
async function told(): Promise<StoredEvent[]> {
  const said: StoredEvent[] = []
  const log = openLog(async (events) => void said.push(...events))
  for (const one of noted.splice(0)) log.note(one)
  await log.close()
  for (const event of said) {
    const definition = findEvent(event.type, 1)
    assert.ok(definition)
    assert.equal(problemWith(definition, event), null)
  }
  return said
}
const heard = async (count: number): Promise<void> => {
  const deadline = Date.now() + 30_000
  while (noted.length < count && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(noted.length, count)
}

before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'delivery-'))
  const media = openDiskMedia({ dir })
  const put = (file: string, bytes: number) => media.put(`titles/acme/bunny/${file}`, Buffer.alloc(bytes, 7))
  await put(`${FOLDER}/v720/1.m4s`, 1000)
  await put(`${FOLDER}/v720/3.m4s`, 1000)
  await put(`${FOLDER}/v720/2.m4s`, LARGE)
  await put(`${FOLDER}/v720/init.mp4`, 100)
  await put(`${FOLDER}/audio/1.m4s`, 100)
  await put('master.m3u8', 200)
  await put('poster.jpg', 200)
  registerMedia(app, media, {
    note: (one) => noted.push(one),
    isProgram: (userAgent) => userAgent.startsWith('curl/'),
    clock: systemClock,
  })
  url = await app.listen({ host: '127.0.0.1', port: 0 })
})
after(async () => {
  await app.close()
  await rm(dir, { recursive: true, force: true })
})
const get = async (file: string, headers: Record<string, string> = {}, method = 'GET') => {
  const answer = await fetch(`${url}/media/acme/bunny/${file}`, { headers, method })
  await answer.arrayBuffer()
  return answer
}

test('a piece is known by rendition, place in the content and what its player says, in the query or in headers', async () => {
  const query = encodeURIComponent('bl=2500,br=5000,d=2000,ot=v,sid="view-1",cid="bunny",su,tb=8000,mtp=9000')
  await get(`${FOLDER}/v720/3.m4s?CMCD=${query}`)
  await get(`${FOLDER}/audio/1.m4s`, {
    'cmcd-session': 'sid="view-2",sf=h,st=v,v=2',
    'cmcd-request': 'bl=(1200),mtp=(4000),su=?0,dl=1200',
    'cmcd-object': 'br=(128;a),d=2000,ot=a',
    'cmcd-status': 'bs,rtp=700',
  })
  await heard(2)
  const [first, second] = await told()
  const { eventId, createdAt, sentAt, receivedAt, derivedAt, durationMs, ...said } = first as StoredEvent
  assert.ok(
    String(eventId).length === 36 &&
      createdAt === sentAt &&
      receivedAt === derivedAt &&
      Number(durationMs) >= 0,
  )
  assert.deepEqual(said, {
    type: 'delivery.segment.served',
    version: 1,
    tenantId: 'acme',
    titleId: 'bunny',
    sourceFormat: 'server',
    bytes: 1000,
    sizeBytes: 1000,
    status: 200,
    whole: true,
    bot: false,
    track: 'v720',
    mediaKind: 'video',
    heightPx: 720,
    segmentIndex: 3,
    startMs: 4000,
    endMs: 5280,
    sid: 'view-1',
    cmcdVersion: 1,
    contentId: 'bunny',
    playerState: null,
    streamingFormat: null,
    streamType: null,
    startup: true,
    starved: null,
    throughputKbps: 9000,
    otherKeys: '',
    rate: null,
    bitrateKbps: 5000,
    topKbps: 8000,
    requestedKbps: null,
    bufferMs: 2500,
    deadlineMs: null,
    objectMs: 2000,
    objectType: 'v',
  })
  const pick = (...names: string[]) => names.map((name) => second?.[name])
  assert.deepEqual(pick('sid', 'cmcdVersion', 'streamingFormat', 'streamType'), ['view-2', 2, 'h', 'v'])
  assert.deepEqual(pick('mediaKind', 'heightPx', 'startMs', 'endMs'), ['audio', null, 0, 2000])
  assert.deepEqual(pick('bufferMs', 'throughputKbps', 'startup', 'starved'), [1200, 4000, false, true])
  assert.deepEqual(pick('deadlineMs', 'requestedKbps', 'bitrateKbps'), [1200, 700, 128])
})

test('manifests are noted; pictures, init segments, HEAD and what is not there are not', async () => {
  await get('master.m3u8', { 'cmcd-session': 'sid="view-1"' })
  await get('poster.jpg')
  await get(`${FOLDER}/v720/init.mp4`)
  await get(`${FOLDER}/v720/9.m4s`)
  await get(`${FOLDER}/v720/1.m4s`, {}, 'HEAD')
  const { headers } = await get(`${FOLDER}/v720/1.m4s`, { 'user-agent': 'curl/8' })
  await get(`${FOLDER}/v720/1.m4s`, { 'if-none-match': String(headers.get('etag')) })
  await get(`${FOLDER}/v720/1.m4s`, { range: 'bytes=0-249' })
  await heard(4)
  const events = await told()
  assert.deepEqual(
    events.map(({ type, status, bytes, whole, bot }) => [type.split('.')[1], status, bytes, whole, bot]),
    [
      ['manifest', 200, 200, undefined, false],
      ['segment', 200, 1000, true, true],
      ['segment', 304, 0, true, false],
      ['segment', 206, 250, false, false],
    ],
  )
  assert.equal(events[0]?.['sid'], 'view-1')
  assert.doesNotMatch(JSON.stringify(events), /curl|127\.0\.0\.1/)
})

test('an answer that was cut off counts with what the connection took', async () => {
  await new Promise<void>((resolve, reject) => {
    const request = http.get(`${url}/media/acme/bunny/${FOLDER}/v720/2.m4s`, (answer) => {
      answer.once('data', () => {
        request.destroy()
        resolve()
      })
    })
    request.on('error', (error) =>
      (error as NodeJS.ErrnoException).code === 'ECONNRESET' ? undefined : reject(error),
    )
  })
  await heard(1)
  const [event] = await told()
  assert.equal(event?.['whole'], false)
  assert.ok(Number(event?.['bytes']) > 0 && Number(event?.['bytes']) < LARGE, String(event?.['bytes']))
})

test('what cannot be read is left out, the rest counts; other keys are kept within a bound, custom ones by name', () => {
  const read = (...parts: string[]) => readCmcdRequest(parts)
  assert.equal(read('sid="a"', '"""', 'bl=((').common.sid, 'a')
  assert.deepEqual(read('=,=').common, read().common)
  assert.equal(read('').common.cmcdVersion, null)
  assert.equal(read(`sid="${'x'.repeat(90)}"`).common.sid?.length, 64)
  assert.equal(read('sid="a"', `cid="${'y'.repeat(5000)}"`).common.contentId, null)
  assert.equal(read('zz=5,yy="t",com.acme-user="ada"').common.otherKeys, 'zz=5,yy="t",com.acme-user')
  const many = Array.from({ length: 200 }, (_, i) => `k${i}="value"`).join(',')
  const { otherKeys } = read(many).common
  assert.ok(otherKeys.length > 400 && otherKeys.length <= 500)
  assert.deepEqual(read('br=99999999999,bl=-5,ot=nonsense-long').ofSegment, {
    ...read('zz').ofSegment,
    bitrateKbps: 0xffffffff,
  })
})

test('plain values are read as the library reads them', () => {
  const random = createRandom(7)
  let plain = 0
  for (let i = 0; i < 500; i++) {
    const version = random.pick([1, 2])
    const list = (value: number) => (version === 2 ? [value] : value)
    const cmcd = {
      sid: `s-${random.below(1e9)}`,
      cid: random.pick(['a b', 'title,"1"', 'x/y']),
      br: list(random.below(9000)),
      bl: list(random.below(60_000)),
      mtp: list(random.below(60_000)),
      d: random.below(4000),
      ot: random.pick(['v', 'a', 'i']),
      sf: 'h',
      st: 'v',
      su: random.next() < 0.5,
      bs: random.next() < 0.5,
      pr: random.pick([1, 1.25, 2]),
      v: version,
    }
    const text = encodeCmcd(cmcd as never, { version } as never)
    const read = decodePlain(text)
    if (read === null) continue
    plain++
    assert.deepEqual(read, { ...(decodeCmcd(text) as object) }, text)
  }
  assert.ok(plain > 250, `${plain}`)
  for (const text of ['a=1,', 'a=1,,b=2', 'a b', 'a="x\\"y"', 'a=(1 2)', 'A=1'])
    assert.equal(decodePlain(text), null)
})

test('a timeline says where each piece lies', () => {
  assert.deepEqual(readTimeline(TEMPLATE), { firstIndex: 1, edgesMs: [0, 2000, 4000, 5280] })
  assert.deepEqual(readTimeline('<SegmentTemplate timescale="1"></SegmentTemplate>').edgesMs, [])
})

const one: Delivered = {
  tenantId: 'acme',
  titleId: 'gone',
  place: { kind: 'segment', folder: FOLDER, track: 'v720', index: 4 },
  status: 200,
  sizeBytes: 10,
  bytes: 10,
  whole: true,
  bot: false,
  receivedAt: 1_800_000_000_000,
  durationMs: 1,
  cmcd: [],
}

test('a rendition nobody knows any more is said without a place in the content', async () => {
  noted.push(one)
  const [event] = await told()
  assert.deepEqual([event?.['startMs'], event?.['endMs'], event?.['mediaKind']], [null, null, 'video'])
})

test('what cannot be said is tried again, and what is too much is dropped and counted', async () => {
  const said: StoredEvent[] = []
  let broken = true
  const log = openLog(
    async (events) => {
      if (broken) throw new Error('full')
      said.push(...events)
    },
    { held: 10, batch: 4, everyMs: 60_000 },
  )
  for (let i = 0; i < 12; i++) log.note(one)
  await log.flush()
  assert.deepEqual(log.counts(), { noted: 12, said: 0, dropped: 2 })
  broken = false
  await log.flush()
  assert.deepEqual([log.counts(), said.length], [{ noted: 12, said: 10, dropped: 2 }, 10])
  broken = true
  log.note(one)
  await log.close()
  assert.deepEqual(log.counts(), { noted: 13, said: 10, dropped: 3 })
})
