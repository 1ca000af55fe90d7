import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { StoredEvent } from '#events/define.ts'
import { linesOf, traces } from '#pipelines/cmcd.fixture.ts'
import { readCmcd } from '#pipelines/cmcd.ts'
import { grants, NOW, openCollector, refusedWith, UA } from '#pipelines/collect.fixture.ts'
import type { CollectorLimits } from '#pipelines/collector-limits.ts'

function open(limits: Partial<CollectorLimits> = {}) {
  const { collector, stored, clock } = openCollector(limits)
  clock.set(NOW + 9000)
  const send = (body: string) =>
    collector.collect({ token: 'play', userAgent: UA, body: readCmcd(Buffer.from(body)) })
  return { collector, stored, send }
}
const pick = (event: StoredEvent | undefined, ...names: string[]) => names.map((name) => event?.[name])

test('each report becomes one event that says what the report says', async () => {
  const { stored, send } = open()
  await send(
    `bl=(5400;v 0;a),br=(1332;v),com.example-x=1,e=ps,msd=3,pr=2,sid="s",sn=7,sta=k,ts=${NOW},v=2\ne=t,ts=${NOW + 5}`,
  )
  assert.deepEqual(
    pick(
      stored[0],
      'type',
      'sid',
      'playerId',
      'seq',
      'state',
      'rate',
      'bitrateKbps',
      'bufferMs',
      'createdAt',
    ),
    ['playback.report.heard', 's', 'play-1', 7, 'seeking', 2, 1332, 5400, NOW],
  )
  assert.deepEqual(pick(stored[0], 'reportKind', 'reportState', 'startDelayMs', 'playheadKnown'), [
    'ps',
    'k',
    3,
    false,
  ])
  assert.deepEqual(pick(stored[0], 'titleId', 'viewerKey', 'sourceFormat'), ['title-1', 'viewer-1', 'cmcd2'])
  assert.deepEqual(pick(stored[1], 'sid', 'seq', 'state', 'reportState'), ['play-1', 0, 'joining', null])
})

test('reads reports in JSON, one or a list of them', async () => {
  const { stored, send } = open()
  await send(JSON.stringify({ e: 't', ts: NOW, sta: 'p', pt: 1000, bg: true }))
  await send(JSON.stringify([{ e: 'e', ts: NOW + 1, sta: 'f', ec: ['NETWORK'] }]))
  assert.deepEqual(pick(stored[0], 'playheadMs', 'playheadKnown', 'visible', 'state'), [
    1000,
    true,
    false,
    'playing',
  ])
  assert.deepEqual(pick(stored[1], 'errorCode', 'state', 'reportKind'), ['NETWORK', 'failed', 'e'])
})

test('a report sent again is a duplicate, alone, in a batch, in another order or saying something else', async () => {
  const { stored, send, collector } = open()
  const lines = linesOf(traces['dash.js'])
  for (const line of lines) await send(line)
  const ids = new Set(stored.map((event) => event.eventId))
  assert.equal(ids.size, lines.length)
  assert.equal((await send([...lines].reverse().join('\n'))).duplicates, lines.length)
  assert.equal((await send(lines[5]?.replace('sta=a', 'sta=p') ?? '')).duplicates, 1)
  assert.equal(stored.length, lines.length)
  assert.equal(collector.snapshot().tenants['acme']?.reusedId, 0)
  const another = open()
  await another.send(lines.join('\n'))
  assert.deepEqual(new Set(another.stored.map((event) => event.eventId)), ids)
})

test('players that do not count their reports are told apart by what they say', async () => {
  const { stored, send } = open()
  const [seek, wait] = [`e=ps,sta=k,ts=${NOW}`, `e=ps,sta=r,ts=${NOW}`]
  const answer = await send([seek, wait, seek].join('\n'))
  assert.equal(answer.duplicates, 1)
  assert.deepEqual(
    stored.map((event) => event['reportState']),
    ['k', 'r'],
  )
})

test('sets aside what cannot be read and what is too large, and keeps the rest', async () => {
  const { stored, send } = open({ eventBytes: 2000 })
  const large = `com.x-y="${'a'.repeat(2000)}",e=ps,sta=p,ts=${NOW}`
  const answer = await send(`e=ps,sta=s,ts=${NOW}\n\n"\nsta=p,ts=${NOW}\n${large}\n`)
  const reasons = answer.deadLettered.map(({ reason, detail }) => [reason, detail])
  assert.deepEqual(reasons, [
    ['unreadable-cmcd', 'not a list of CMCD keys'],
    ['unreadable-cmcd', 'the key `e` (event) is missing'],
    ['too-large', 'report is over 2000 characters'],
  ])
  const inJson = await send(
    JSON.stringify([{ e: 't', ts: NOW }, 7, { e: 't', ts: NOW, x: 'a'.repeat(2000) }]),
  )
  assert.deepEqual(
    inJson.deadLettered.map(({ reason }) => reason),
    ['unreadable-cmcd', 'too-large'],
  )
  assert.equal(stored.filter((event) => event.type === 'playback.report.heard').length, 2)
})

test('every report costs its token one, whatever it says', async () => {
  const { send } = open({ perPlay: 4 })
  const silent = (sn: number): string => `e=bc,sid="s",sn=${sn},ts=${NOW + sn}`
  await send([silent(0), silent(1)].join('\n'))
  await send([silent(1), '"'].join('\n'))
  await assert.rejects(send(silent(2)), refusedWith('SV_TOKEN_OVER'))
})

test('a batch over its limit is refused whole', async () => {
  const { send, stored } = open({ batchEvents: 2 })
  const lines = [1, 2, 3].map((sn) => `e=t,sn=${sn},ts=${NOW}`)
  await assert.rejects(send(lines.join('\n')), refusedWith('SV_BODY_TOO_LARGE'))
  await assert.rejects(send(JSON.stringify([{}, {}, {}])), refusedWith('SV_BODY_TOO_LARGE'))
  assert.deepEqual(stored, [])
  await send(`${lines.slice(0, 2).join('\n')}\n`)
  assert.equal(stored.length, 2)
})

test('a thousand views of large reports leave nothing in memory', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const heapBytes = (): number => {
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const { collector } = openCollector({}, { append: async () => {} })
  const send = (view: number) => {
    const line = `com.x-y="${'a'.repeat(60_000)}${view}",e=ps,sid="view-${view}",sn=0,sta=p,ts=${NOW}`
    return collector.collect({ token: 'play', userAgent: UA, body: readCmcd(Buffer.from(line)) })
  }
  for (let view = 0; view < 50; view++) await send(view)
  const before = heapBytes()
  for (let view = 50; view < 1050; view++) await send(view)
  const grownBytes = heapBytes() - before
  assert.ok(grownBytes < 4_000_000, `${grownBytes} bytes`)
})

test('only the token of a play session reports', async () => {
  const { collector } = open()
  assert.equal(grants['viewer']?.kind, 'viewer')
  const body = readCmcd(Buffer.from(`e=t,ts=${NOW}`))
  await assert.rejects(
    collector.collect({ token: 'viewer', userAgent: UA, body }),
    refusedWith('SV_TOKEN_REFUSED'),
  )
})
