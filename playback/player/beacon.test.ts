import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBeacon } from '#playback/player/beacon.ts'

type Batch = { sentAt: number; common: object; events: { eventId: string; type: string }[] }
function open(statuses: number[], storage: Map<string, string> = new Map(), last = true) {
  const sent: Batch[] = []
  const left: Batch[] = []
  const beacon = createBeacon({
    eventsUrl: '/events',
    writeKey: 'k',
    token: 't',
    common: { sid: 's' },
    send: async (_, body) => {
      sent.push(JSON.parse(body) as Batch)
      return statuses.shift() ?? 202
    },
    sendLast: (_, body) => {
      left.push(JSON.parse(body) as Batch)
      return last
    },
    storage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => void storage.set(key, value),
      removeItem: (key) => void storage.delete(key),
    },
  })
  return { beacon, sent, left, storage }
}

test('sends what was said in one batch, and again with the same ids after a failure', async () => {
  const { beacon, sent } = open([503, 202])
  beacon.say({ type: 'a' })
  beacon.say({ type: 'b' })
  await beacon.flush()
  await beacon.flush()
  assert.equal(sent.length, 2)
  assert.deepEqual(sent[0]?.events, sent[1]?.events)
  assert.deepEqual(sent[0]?.common, { sid: 's' })
  await beacon.flush()
  assert.equal(sent.length, 2)
})

test('stops for good when nobody wants the events', async () => {
  const { beacon, sent } = open([410])
  beacon.say({ type: 'a' })
  await beacon.flush()
  beacon.say({ type: 'b' })
  await beacon.flush()
  assert.equal(sent.length, 1)
})

test('what cannot leave with the page is sent by the next one', async () => {
  const { beacon, left, storage } = open([], new Map(), false)
  beacon.say({ type: 'a' })
  beacon.leave()
  assert.equal(left.length, 1)
  const next = open([202], storage)
  await new Promise((resolve) => setTimeout(resolve, 10))
  assert.deepEqual(next.sent[0]?.events, left[0]?.events)
  assert.equal(storage.size, 0)
  beacon.close()
})

test('a long time offline keeps a bounded number of events', async () => {
  const { beacon, sent } = open(Array.from({ length: 50 }, () => 0))
  for (let i = 0; i < 3000; i++) beacon.say({ type: `e${i}` })
  await beacon.flush()
  beacon.leave()
  assert.ok((sent[0]?.events.length ?? 0) <= 100)
  beacon.close()
})
