import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#base/random.ts'
import type { StoredEvent } from '#events/define.ts'
import { clusteredWilson, wilson } from '#metrics/interval.ts'
import { type Step, trace } from '#pipelines/views.fixture.ts'
import {
  insertDeliveries,
  insertReported,
  insertViews,
  manifest,
  pieces,
  reconcile,
  view,
  type Who,
  witnessesOf,
} from '#pipelines/witnesses.fixture.ts'

const HOUR = 3600
const who = (tenantId: string, name: string | null, more: Partial<Who> = {}): Who => ({
  tenantId,
  titleId: 't',
  name,
  atSeconds: 60,
  ...more,
})
const flagged = async (tenantId: string): Promise<string[]> =>
  (await reconcile({ tenantId })).filter(({ isFlagged }) => isFlagged).map(({ sid }) => sid)
/** The origin keeps account from the first second on. */
const begin = (tenantId: string) => insertDeliveries([manifest(who(tenantId, 'first', { atSeconds: 0 }))])

test('planted blocking and loss are found again, within their intervals', async () => {
  const random = createRandom(11)
  const [said, sent]: [StoredEvent[], StoredEvent[]] = [[], []]
  const sessions = 2500
  let blocked = 0
  for (let i = 0; i < sessions; i++) {
    const name = `p-${i}`
    const seconds = 30 + random.below(200)
    const one = who('planted', name, { atSeconds: random.below(40_000), viewerKey: `viewer-${i % 900}` })
    sent.push(...pieces(one, 0, seconds))
    if (random.next() < 0.07) blocked++
    else said.push(...view(`v-${i}`, one, seconds, 10).filter(() => random.next() >= 0.02))
  }
  await insertDeliveries(sent)
  await insertViews(said)
  const found = await witnessesOf({ tenantId: 'planted' })
  assert.equal(found.state, 'compared')
  assert.deepEqual([found.originViews, found.blockedViews], [sessions, blocked])
  const holds = ({ low, high }: { low: number; high: number }, truth: number): boolean =>
    low <= truth && truth <= high
  assert.ok(found.blockedPercent && holds(found.blockedPercent, 7), JSON.stringify(found.blockedPercent))
  assert.ok(
    found.eventLossPercent && holds(found.eventLossPercent, 2),
    JSON.stringify(found.eventLossPercent),
  )
  assert.ok(
    found.estimatedViews && holds(found.estimatedViews, sessions),
    JSON.stringify(found.estimatedViews),
  )
  assert.ok(found.measuredViews < found.estimatedViews.low)
  assert.equal(found.flaggedViews, 0)
})

test('ninety-five of a hundred intervals hold the truth, also where losses come in heaps', () => {
  const random = createRandom(5)
  const rounds = 600
  let [plain, heaped] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    let hits = 0
    for (let i = 0; i < 300; i++) if (random.next() < 0.07) hits++
    const share = wilson(hits, 300)
    if (share !== null && share.low <= 0.07 && 0.07 <= share.high) plain++
    const sums = { hits: 0, tries: 0, hitsSquared: 0, hitsByTries: 0, triesSquared: 0 }
    for (let group = 0; group < 400; group++) {
      const tries = 5 + random.below(30)
      const lost = random.next() < 0.04 ? Math.round(tries / 2) : 0
      sums.hits += lost
      sums.tries += tries
      sums.hitsSquared += lost * lost
      sums.hitsByTries += lost * tries
      sums.triesSquared += tries * tries
    }
    const together = clusteredWilson(sums)
    if (together !== null && together.low <= 0.0203 && 0.0203 <= together.high) heaped++
  }
  for (const held of [plain, heaped]) assert.ok(held / rounds > 0.92 && held / rounds < 0.99, `${held}`)
  assert.equal(wilson(0, 0), null)
  assert.deepEqual(wilson(0, 10)?.low, 0)
})

test('who reports an hour and fetches nothing is flagged, known or not, and so is who fetches a minute of it', async () => {
  await begin('liars')
  const known = who('liars', 'p-known', { viewerKey: 'liar' })
  const minute = who('liars', 'p-minute', { viewerKey: 'other', atSeconds: 5000 })
  await insertDeliveries(pieces(minute, 0, 60))
  await insertViews([
    ...view('known', known, HOUR),
    ...view('stranger', who('liars', 'p-stranger'), HOUR),
    ...view('minute', minute, HOUR),
  ])
  assert.deepEqual((await flagged('liars')).sort(), ['known', 'minute', 'stranger'])
  const { flaggedViews, measuredViews, reportedOnlyPlays } = await witnessesOf({ tenantId: 'liars' })
  assert.deepEqual([flaggedViews, measuredViews, reportedOnlyPlays], [3, 3, 2])
})

test('who watches again is not flagged: in the same player, another day from the cache, and unknown', async () => {
  const first = who('honest', 'p-1', { viewerKey: 'ada' })
  const nextDay = who('honest', 'p-2', { viewerKey: 'ada', atSeconds: 30_000 })
  const stranger = who('honest', 'p-3', { atSeconds: 40_000 })
  await insertDeliveries([...pieces(first, 0, HOUR), manifest(nextDay), manifest(stranger)])
  await insertViews([
    ...view('once', first, HOUR),
    ...view('again', { ...first, atSeconds: 10_000 }, HOUR),
    ...view('next-day', nextDay, HOUR),
    ...view('stranger', stranger, HOUR),
  ])
  assert.deepEqual(await flagged('honest'), [])
  const rows = await reconcile({ tenantId: 'honest' })
  const once = rows.find(({ sid }) => sid === 'once')
  assert.deepEqual([once?.deliveredMs, once?.contentMs, once?.unseenMs], [HOUR * 1000, HOUR * 1000, 0])
  const later = rows.find(({ sid }) => sid === 'next-day')
  assert.deepEqual([later?.deliveredMs, later?.seenByOrigin, later?.unseenMs], [0, true, 0])
})

test('what cannot be judged is not flagged: before the account began, and where players give no name', async () => {
  const early = who('unsure', 'p-early', { viewerKey: 'a', atSeconds: 100 })
  const silent = who('unsure', 'p-silent', { viewerKey: 'b', atSeconds: 20_000 })
  await insertDeliveries(pieces({ ...silent, name: null }, 0, HOUR))
  await insertViews([...view('early', early, HOUR), ...view('silent', silent, HOUR)])
  const rows = await reconcile({ tenantId: 'unsure' })
  const of = (sid: string) => {
    const row = rows.find((one) => one.sid === sid)
    return [row?.isJudged, row?.isFlagged]
  }
  assert.deepEqual(
    [of('early'), of('silent')],
    [
      [false, false],
      [true, false],
    ],
  )
  const { state, unnamedPercent, blockedPercent, estimatedViews } = await witnessesOf({ tenantId: 'unsure' })
  assert.deepEqual([state, unnamedPercent, blockedPercent, estimatedViews], ['unnamed', 100, null, null])
})

test('without a delivery nothing is estimated; where most plays were not seen, no number of views', async () => {
  await insertViews(view('alone', who('nowhere', 'p'), HOUR))
  const nothing = await witnessesOf({ tenantId: 'nowhere' })
  assert.deepEqual(
    [
      nothing.state,
      nothing.blockedPercent,
      nothing.estimatedViews,
      nothing.unnamedPercent,
      nothing.flaggedViews,
    ],
    ['none', null, null, null, 0],
  )
  const seen = who('rarely', 'p-seen')
  const others = [1, 2, 3].map((i) => who('rarely', `q-${i}`, { atSeconds: 100 }))
  await insertDeliveries(pieces(seen, 0, 60))
  await insertViews([...view('seen', seen, 60), ...others.flatMap((one, i) => view(`o-${i}`, one, 30))])
  const few = await witnessesOf({ tenantId: 'rarely' })
  assert.deepEqual([few.state, few.estimatedViews, few.reportedOnlyPlays], ['elsewhere', null, 3])
})

test('pieces fetched before anybody asked to play, and by programs, are no view', async () => {
  await insertDeliveries([
    ...pieces(who('ahead', 'p-warm', { more: { playerState: 'd' } }), 0, 60),
    ...pieces(who('ahead', 'p-bot', { more: { bot: true } }), 0, 60),
    ...pieces(who('ahead', 'p-sound', { more: { mediaKind: 'audio', track: 'audio' } }), 0, 60),
  ])
  const { originViews, unnamedPercent } = await witnessesOf({ tenantId: 'ahead' })
  assert.deepEqual([originViews, unnamedPercent], [0, 0])
})

test('a piece that was cut off counts as far as it came', async () => {
  const half = who('halves', 'p', { more: { whole: false, bytes: 500 } })
  await insertDeliveries(pieces(half, 0, 10))
  await insertViews(view('half', who('halves', 'p'), 10))
  const [row] = await reconcile({ tenantId: 'halves' })
  assert.deepEqual([row?.deliveredMs, row?.unseenMs], [5000, 5000])
})

test('gaps: ours count from 0; the end that is missing is not guessed', async () => {
  const ours = view('ours', who('gaps', 'p'), 100, 10)
  await insertViews(ours.filter((_, i) => ![0, 3, 4, ours.length - 1].includes(i)))
  const { lostEvents, eventLossPercent } = await witnessesOf({ tenantId: 'gaps' })
  assert.equal(lostEvents, 3)
  // Of the ten before the last that came.
  assert.equal(eventLossPercent?.value, 30)
})

test('gaps: players of others count from the first report that was heard, or not at all', async () => {
  const report = (sid: string, playerId: string, seq: number, at: number, state: string): Step => [
    at,
    'report.heard',
    state === 'p' ? 'playing' : 'joining',
    0,
    {
      tenantId: 'foreign',
      playerId,
      seq,
      eventId: `${sid}-${at}`,
      sourceFormat: 'cmcd2',
      reportKind: 'ps',
      reportState: state,
      playheadKnown: false,
    },
  ]
  const states = ['s', 'p', 'p', 'a']
  const counted = [7, 8, 11, 12].map((sn, i) => report('counted', 'p', sn, i * 10, states[i] as string))
  const uncounted = states.map((state, i) => report('uncounted', 'q', 0, i * 10, state))
  await insertReported([...trace('counted', counted), ...trace('uncounted', uncounted)])
  const { lostEvents, eventLossPercent, measuredViews } = await witnessesOf({ tenantId: 'foreign' })
  assert.deepEqual([measuredViews, lostEvents, eventLossPercent?.value], [2, 2, 40])
})

test('shuffled and said three times, the witnesses say the same', async () => {
  const random = createRandom(3)
  const world = (tenantId: string) => {
    const known = (name: string, atSeconds: number) =>
      who(tenantId, name, { viewerKey: name.slice(0, 1), atSeconds })
    return {
      sent: [
        ...pieces(known('a-1', 100), 0, 600),
        ...pieces(known('b-1', 200), 300, 900),
        ...pieces(known('c-1', 300), 0, 100),
        ...pieces(who(tenantId, null, { atSeconds: 9000 }), 0, 500),
      ],
      said: [
        ...view('a', known('a-1', 100), 600),
        ...view('b', known('b-1', 200), 900),
        ...view('d', known('d-1', 12_000), HOUR),
      ].filter((_, i) => i % 7 !== 3),
    }
  }
  const straight = world('straight')
  await insertDeliveries(straight.sent)
  await insertViews(straight.said)
  const mixed = world('mixed')
  const thrice = <T>(items: T[]): T[] => random.shuffle([...items, ...items, ...items])
  await insertDeliveries(thrice(mixed.sent).slice(0, 100))
  await insertDeliveries(thrice(mixed.sent))
  await insertViews(thrice(mixed.said))
  assert.deepEqual(await reconcile({ tenantId: 'mixed' }), await reconcile({ tenantId: 'straight' }))
  assert.deepEqual(await witnessesOf({ tenantId: 'mixed' }), await witnessesOf({ tenantId: 'straight' }))
  assert.deepEqual(await flagged('mixed'), ['d'])
})

test('a tenant, and a title, has its own witnesses: equal names elsewhere say nothing', async () => {
  const mine = who('mine', 'same', { viewerKey: 'v' })
  await begin('mine')
  await insertDeliveries([
    ...pieces({ ...mine, tenantId: 'theirs' }, 0, HOUR),
    ...pieces({ ...mine, titleId: 'another' }, 0, HOUR),
  ])
  await insertViews(view('s', mine, HOUR))
  assert.deepEqual(await flagged('mine'), ['s'])
  const theirs = await witnessesOf({ tenantId: 'theirs' })
  assert.deepEqual([theirs.measuredViews, theirs.originViews, theirs.blockedViews], [0, 1, 1])
  assert.equal((await witnessesOf({ tenantId: 'mine', titleId: 't' })).originViews, 0)
  assert.equal((await witnessesOf({ tenantId: 'mine', titleId: 'another' })).originViews, 1)
})
