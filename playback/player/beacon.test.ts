import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBeacon } from '#playback/player/beacon.ts'

type Sent = { sentAt: number; common: object; token: string; events: { eventId: string; type: string }[] }
type World = {
  statuses?: number[]
  storage?: Map<string, string>
  lastWorks?: boolean
  online?: boolean
  token?: string
}

function open({
  statuses = [],
  storage = new Map(),
  lastWorks = true,
  online = true,
  token = 't',
}: World = {}) {
  const sent: Sent[] = []
  const left: Sent[] = []
  let now = 5000
  const beacon = createBeacon({
    eventsUrl: '/events',
    writeKey: 'k',
    token,
    common: { sid: 's' },
    now: () => now,
    random: () => 0.5,
    send: async (_, body) => {
      const status = statuses.shift() ?? 202
      if (status === -1) throw new TypeError('no connection')
      sent.push(JSON.parse(body) as Sent)
      return { status }
    },
    sendLast: (_, body) => {
      left.push(JSON.parse(body) as Sent)
      return lastWorks
    },
    isOnline: () => online,
    storage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => void storage.set(key, value),
      removeItem: (key) => void storage.delete(key),
    },
  })
  return { beacon, sent, left, storage, pass: (ms: number) => void (now += ms) }
}
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10))

test('sends what was said in one batch, and again with the same ids after a failure', async () => {
  const { beacon, sent, pass } = open({ statuses: [503, -1, 429, 202] })
  beacon.say({ type: 'a' })
  beacon.say({ type: 'b' })
  for (let i = 0; i < 5; i++) {
    pass(1000)
    await beacon.flush()
  }
  await beacon.close()
  assert.equal(sent.length, 3)
  assert.deepEqual(sent[0]?.events, sent[2]?.events)
  assert.deepEqual(sent[0]?.common, { sid: 's' })
  assert.equal((sent[2]?.sentAt ?? 0) - (sent[0]?.sentAt ?? 0), 3000)
})

test('an event may be older than its saying', async () => {
  const { beacon, sent } = open()
  beacon.say({ type: 'a', createdAt: 4000 })
  beacon.say({ type: 'b' })
  await beacon.close()
  assert.deepEqual(
    sent[0]?.events.map((event) => (event as unknown as { createdAt: number }).createdAt),
    [4000, 5000],
  )
})

test('stops for good when nobody wants the events', async () => {
  for (const status of [401, 410]) {
    const { beacon, sent, storage } = open({ statuses: [status] })
    beacon.say({ type: 'a' })
    await beacon.flush()
    beacon.say({ type: 'b' })
    beacon.leave()
    await beacon.close()
    assert.equal(sent.length, 1)
    assert.equal(storage.size, 0)
  }
})

test('what is refused for what it says is not sent again', async () => {
  const { beacon, sent } = open({ statuses: [400] })
  beacon.say({ type: 'a' })
  await beacon.flush()
  await beacon.close()
  assert.equal(sent.length, 1)
})

test('a page that goes away says what it has, and keeps nothing when that works', () => {
  const { beacon, left, storage } = open()
  for (let i = 0; i < 250; i++) beacon.say({ type: 'a' })
  beacon.leave()
  beacon.leave()
  assert.deepEqual(
    left.map(({ events }) => events.length),
    [100, 100, 50],
  )
  assert.equal(storage.size, 0)
})

for (const [why, world] of [
  ['cannot leave with the page', { lastWorks: false }],
  ['may have been lost offline', { online: false }],
] as const) {
  test(`what ${why} is sent by the next page, under its own token`, async () => {
    const { beacon, left, storage } = open({ ...world })
    beacon.say({ type: 'a' })
    beacon.leave()
    assert.equal(left.length, 1)
    const next = open({ storage, token: 'another' })
    await soon()
    assert.deepEqual(next.sent[0]?.events, left[0]?.events)
    assert.equal(next.sent[0]?.token, 't')
    assert.equal(storage.size, 0)
  })
}

test('what a closed player could not send waits, and goes out when sending works again', async () => {
  const { beacon, storage } = open({ statuses: [0] })
  beacon.say({ type: 'a' })
  await beacon.close()
  assert.equal(storage.size, 1)
  const next = open({ storage, statuses: [503, 202, 202] })
  await soon()
  assert.equal(storage.size, 1)
  next.beacon.say({ type: 'b' })
  await next.beacon.flush()
  assert.deepEqual(
    next.sent.map(({ events }) => events.map(({ type }) => type).join()),
    ['a', 'b', 'a'],
  )
  assert.equal(storage.size, 0)
})

test('a shelf that is not ours to read is left alone', async () => {
  const storage = new Map([['streamverse.unsent', '{"not": "a list"}']])
  const { beacon, sent } = open({ storage })
  beacon.say({ type: 'a' })
  await beacon.close()
  assert.equal(sent.length, 1)
})

test('a long time offline keeps a bounded number of events', async () => {
  const { beacon, left, storage } = open({ statuses: Array.from({ length: 50 }, () => 0) })
  for (let i = 0; i < 3000; i++) beacon.say({ type: `e${i}` })
  await beacon.flush()
  beacon.leave()
  const kept = left.flatMap(({ events }) => events)
  assert.equal(kept.length, 1000)
  assert.equal(kept.at(-1)?.type, 'e2999')
  assert.ok((storage.get('streamverse.unsent')?.length ?? 0) < 400_000)
  await beacon.close()
})
