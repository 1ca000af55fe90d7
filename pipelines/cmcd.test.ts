import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import type { PlayGrant } from '#events/grants.ts'
import { createCmcdReader } from '#pipelines/cmcd.ts'
import { createCollector } from '#pipelines/collect.ts'

const NOW = Date.UTC(2026, 5, 1, 12)
const grant: PlayGrant = {
  kind: 'play',
  tenantId: 'acme',
  playId: 'play-1',
  titleId: 'title-1',
  viewerKey: 'viewer-1',
  kids: false,
  recommendationId: 'slate-1',
  issuedAt: NOW - 60_000,
  expiresAt: NOW + 3_600_000,
}

/** What the stock players sent while a clip was played 3 s, paused, played on, sought and sped up; `ts` from 0. */
const traces = {
  'hls.js': `
    e=t,sf=h,sid="s",sn=0,ts=0,v=2
    e=ps,sf=h,sid="s",sn=1,sta=d,ts=4,v=2
    br=(1332),e=bc,sf=h,sid="s",sn=2,sta=d,ts=34,v=2
    br=(1332),e=pr,pr=1,sf=h,sid="s",sn=3,sta=d,ts=38,v=2
    br=(1332),e=ps,sf=h,sid="s",sn=4,st=v,sta=s,ts=161,v=2
    bl=(0),br=(1332),e=ps,sf=h,sid="s",sn=5,st=v,sta=p,ts=252,v=2
    bl=(54900),br=(1332),e=t,sf=h,sid="s",sn=6,st=v,sta=p,ts=2000,v=2
    bl=(54900),br=(1332),e=ps,sf=h,sid="s",sn=7,st=v,sta=a,ts=3267,v=2
    bl=(54900),br=(1332),e=t,sf=h,sid="s",sn=8,st=v,sta=a,ts=4000,v=2
    bl=(54900),br=(1332),e=ps,sf=h,sid="s",sn=9,st=v,sta=p,ts=4771,v=2
    bl=(54900),br=(1332),e=t,sf=h,sid="s",sn=10,st=v,sta=p,ts=6000,v=2
    bl=(54900),br=(1332),e=ps,sf=h,sid="s",sn=11,st=v,sta=k,ts=6281,v=2
    bl=(54900),br=(1332),e=ps,sf=h,sid="s",sn=12,st=v,sta=r,ts=6283,v=2
    bl=(54900),br=(1332),e=ps,sf=h,sid="s",sn=13,st=v,sta=p,ts=6359,v=2
    bl=(54900),br=(1332),e=pr,pr=2,sf=h,sid="s",sn=14,st=v,sta=p,ts=7291,v=2
    bl=(54900),br=(1332),e=t,pr=2,sf=h,sid="s",sn=15,st=v,sta=p,ts=8001,v=2`,
  'shaka-player': `
    e=t,sid="s",sn=0,ts=0,v=2
    e=ps,sid="s",sn=1,sta=r,ts=7,v=2
    br=(1332),e=bc,sf=d,sid="s",sn=2,st=v,sta=r,ts=98,v=2
    br=(1332),e=ps,sf=d,sid="s",sn=3,st=v,sta=p,ts=194,v=2
    br=(1332),e=t,msd=188,sf=d,sid="s",sn=4,st=v,sta=p,ts=2000,v=2
    br=(1332),e=ps,sf=d,sid="s",sn=5,st=v,sta=a,ts=3215,v=2
    br=(1332),e=t,sf=d,sid="s",sn=6,st=v,sta=a,ts=4000,v=2
    br=(1332),e=ps,sf=d,sid="s",sn=7,st=v,sta=p,ts=4730,v=2
    br=(1332),e=t,sf=d,sid="s",sn=8,st=v,sta=p,ts=6001,v=2
    br=(1332),e=ps,sf=d,sid="s",sn=9,st=v,sta=k,ts=6239,v=2
    br=(1332),e=ps,sf=d,sid="s",sn=10,st=v,sta=r,ts=6242,v=2
    br=(1332),e=ps,sf=d,sid="s",sn=11,st=v,sta=p,ts=6380,v=2
    br=(1332),e=t,sf=d,sid="s",sn=12,st=v,sta=p,ts=8000,v=2`,
  'dash.js': `
    e=t,sid="s",sn=0,ts=0,v=2
    bl=(0;v 0;a),e=ps,sid="s",sn=1,sta=s,ts=7,v=2
    bl=(0;v 0;a),br=(1332;v),e=ps,msd=3,pb=(1332;v),sf=d,sid="s",sn=2,st=v,sta=r,ts=103,v=2
    bl=(10400;v 0;a),br=(1332;v),e=ps,pb=(1332;v),sf=d,sid="s",sn=3,st=v,sta=p,ts=173,v=2
    e=t,sf=d,sid="s",sn=4,st=v,sta=p,ts=2000,v=2
    bl=(29000;v 0;a),br=(1332;v),e=ps,pb=(1332;v),sf=d,sid="s",sn=5,st=v,sta=a,ts=3181,v=2
    e=t,sf=d,sid="s",sn=6,st=v,sta=a,ts=4000,v=2
    bl=(29000;v 0;a),br=(1332;v),e=ps,pb=(1332;v),sf=d,sid="s",sn=7,st=v,sta=p,ts=4686,v=2
    e=t,sf=d,sid="s",sn=8,st=v,sta=p,ts=6000,v=2
    bl=(17000;v 0;a),br=(1332;v),e=ps,pb=(1332;v),sf=d,sid="s",sn=9,st=v,sta=k,ts=6200,v=2
    bl=(17000;v 0;a),br=(1332;v),e=ps,pb=(1332;v),sf=d,sid="s",sn=10,st=v,sta=w,ts=6216,v=2
    bl=(17000;v 0;a),br=(1332;v),e=ps,pb=(1332;v),sf=d,sid="s",sn=11,st=v,sta=p,ts=6272,v=2
    e=t,pr=2,sf=d,sid="s",sn=12,st=v,sta=p,ts=8000,v=2`,
}

const linesOf = (trace: string): string[] =>
  trace
    .trim()
    .split('\n')
    .map((line) => line.trim().replace(/ts=(\d+)/, (_, ts: string) => `ts=${NOW + Number(ts)}`))

function open() {
  const stored: StoredEvent[] = []
  const clock = createManualClock(NOW + 9000)
  const collector = createCollector({
    eventLog: {
      append: async (_, events) => {
        stored.push(...events)
      },
    },
    readGrant: async () => grant,
    findTenantByWriteKey: async () => null,
    clock,
    log: silentLog,
  })
  const reader = createCmcdReader()
  const send = (body: string) =>
    collector.collect({ token: 't', userAgent: 'Mozilla/5.0', body: reader.read(Buffer.from(body)) })
  return { stored, collector, clock, send }
}
const spoken = (events: readonly StoredEvent[]) =>
  events.map((event) => [
    event.type.replace('playback.', ''),
    event['state'],
    event.derivedAt - NOW,
    event['playheadMs'],
  ])

/** Time in a state, by the instants of events. */
function timeIn(state: string, events: readonly StoredEvent[]): number {
  return events.reduce((sum, event, i) => {
    const next = events[i + 1]
    return event['state'] === state && next !== undefined ? sum + next.derivedAt - event.derivedAt : sum
  }, 0)
}

for (const [player, trace] of Object.entries(traces)) {
  test(`reads what ${player} sends`, async () => {
    const { stored, send } = open()
    for (const line of linesOf(trace)) await send(`${line}\n`)
    assert.deepEqual(
      stored.filter((event) => event.type === 'collector.letter.dead'),
      [],
    )
    assert.deepEqual(
      stored.map((event) => event['seq']),
      stored.map((_, i) => i),
    )
    const types = stored.map((event) => event.type.replace('playback.', ''))
    assert.deepEqual(types.slice(0, 2), ['view.requested', 'view.started'])
    assert.equal(types.filter((type) => type === 'seek.started').length, 1)
    assert.equal(types.filter((type) => type === 'seek.ended').length, 1)
    assert.ok(
      !stored.some((event) => event['state'] === 'rebuffering'),
      'waiting in a seek is not rebuffering',
    )
    assert.ok(Math.abs(timeIn('playing', stored) - 6150) < 150, `played ${timeIn('playing', stored)}`)
    assert.ok(Math.abs(timeIn('paused', stored) - 1510) < 20)
    const [first] = stored
    assert.deepEqual(
      [first?.['titleId'], first?.['viewerKey'], first?.['recommendationId'], first?.['sid']],
      ['title-1', 'viewer-1', 'slate-1', 's'],
    )
  })
}

test('works the playhead out from the time spent playing and the rate', async () => {
  const { stored, send } = open()
  await send(linesOf(traces['hls.js']).join('\n'))
  assert.deepEqual(spoken(stored), [
    ['view.requested', 'joining', 161, 0],
    ['view.started', 'playing', 252, 0],
    ['heartbeat.sent', 'playing', 2000, 1748],
    ['state.changed', 'paused', 3267, 3015],
    ['heartbeat.sent', 'paused', 4000, 3015],
    ['state.changed', 'playing', 4771, 3015],
    ['heartbeat.sent', 'playing', 6000, 4244],
    ['seek.started', 'seeking', 6281, 4525],
    ['seek.ended', 'playing', 6359, 4525],
    ['state.changed', 'playing', 7291, 5457],
    ['heartbeat.sent', 'playing', 8001, 6877],
  ])
  assert.equal(stored.at(-1)?.['rate'], 2)
  assert.equal(stored.at(-1)?.['bitrateKbps'], 1332)
  assert.equal(stored[2]?.['intervalMs'], 2000)
})

test('a player that says it plays before anybody pressed play is believed when its start delay comes', async () => {
  const { stored, send } = open()
  const at = (ts: number): number => NOW + ts
  await send(`e=ps,sid="s",sn=1,sta=r,ts=${at(0)}\ne=ps,sid="s",sn=2,sta=p,ts=${at(200)}`)
  assert.deepEqual(stored, [])
  await send(`e=t,sid="s",sn=3,sta=p,msd=5000,ts=${at(6000)}`)
  assert.deepEqual(spoken(stored), [
    ['view.requested', 'joining', 5000, 0],
    ['view.started', 'playing', 5000, 0],
    ['heartbeat.sent', 'playing', 6000, 1000],
  ])
  assert.equal(stored[1]?.['startupMs'], null)
})

test('a report sent again is a duplicate, a lost answer loses nothing', async () => {
  const { stored, send, collector } = open()
  const lines = linesOf(traces['dash.js'])
  for (const line of lines) await send(line)
  const count = stored.length
  const answer = await send(`${lines.at(-1)}\n`)
  assert.equal(answer.duplicates, 1)
  assert.equal(stored.length, count)
  assert.equal(collector.snapshot().tenants['acme']?.reusedId, 0)
})

test('keeps the end, errors and what a player says in JSON', async () => {
  const { stored, send } = open()
  await send(
    JSON.stringify([
      { e: 'ps', sta: 'd', ts: NOW - 500 },
      { e: 'ps', sta: 's', ts: NOW },
      { e: 'ps', sta: 'p', ts: NOW + 100, pt: 0 },
      { e: 't', sta: 'p', ts: NOW + 1100, pt: 1000, bg: true, 'com.example-x': 1 },
      { e: 'ps', sta: 'r', ts: NOW + 2100 },
      { e: 'ps', sta: 'f', ts: NOW + 3100, ec: ['NETWORK'] },
      { e: 'e', sta: 'f', ts: NOW + 3101, ec: ['NETWORK'] },
    ]),
  )
  assert.deepEqual(spoken(stored), [
    ['view.requested', 'joining', 0, 0],
    ['view.started', 'playing', 100, 0],
    ['heartbeat.sent', 'playing', 1100, 1000],
    ['state.changed', 'rebuffering', 2100, 2000],
    ['error.raised', 'failed', 3100, 2000],
  ])
  assert.equal(stored[1]?.['startupMs'], 100)
  assert.equal(stored[2]?.['visible'], false)
  assert.equal(stored[4]?.['errorCode'], 'NETWORK')
  assert.equal(stored[0]?.['sid'], 'play-1')
})

test('the end of the clip ends the view, a failure before the first frame is an attempt', async () => {
  const ended = open()
  await ended.send(`e=ps,sta=s,ts=${NOW}\ne=ps,sta=p,ts=${NOW + 10}\ne=ps,sta=e,ts=${NOW + 5000}`)
  assert.equal(ended.stored.at(-1)?.['endReason'], 'completed')
  const failed = open()
  await failed.send(`e=ps,sta=s,ts=${NOW}\ne=ps,sta=f,ts=${NOW + 10}`)
  assert.deepEqual(
    failed.stored.map((event) => event.type),
    ['playback.view.requested', 'playback.error.raised'],
  )
})

test('a wrong clock is corrected; what cannot be read is set aside, the rest is kept', async () => {
  const { stored, send } = open()
  const answer = await send(`e=ps,sta=s,ts=1000\n\n"\nsta=p,ts=1500\ne=ps,sta=p,ts=2000\n`)
  assert.deepEqual(
    answer.deadLettered.map(({ reason, detail }) => [reason, detail]),
    [
      ['unreadable-cmcd', 'not a list of CMCD keys'],
      ['unreadable-cmcd', 'the key `e` (event) is missing'],
    ],
  )
  const started = stored.find((event) => event.type === 'playback.view.started')
  assert.equal(started?.derivedAt, NOW + 9000)
})
