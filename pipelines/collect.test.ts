import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '#events/dead-letters.ts'
import { readCmcd } from '#pipelines/cmcd.ts'
import {
  common,
  HOUR,
  heartbeat,
  impression,
  NOW,
  openCollector,
  refusedWith,
  UA,
} from '#pipelines/collect.fixture.ts'

test('completes an event from its batch and its grant', async () => {
  const { send, stored, collector } = openCollector()
  const answer = await send([heartbeat('e1')])
  assert.deepEqual(answer, { accepted: 1, duplicates: 0, deadLettered: [] })
  assert.deepEqual(stored, [
    {
      ...common,
      eventId: 'e1',
      type: 'playback.heartbeat.sent',
      version: 1,
      seq: 3,
      intervalMs: 10_000,
      tenantId: 'acme',
      titleId: 'title-1',
      viewerKey: 'viewer-1',
      recommendationId: null,
      kids: false,
      bot: false,
      experiments: [],
      bitrateKbps: null,
      bufferMs: null,
      playerHeightPx: null,
      videoHeightPx: null,
      playerWidthPx: null,
      videoWidthPx: null,
      liveLatencyMs: null,
      own: false,
      staff: false,
      createdAt: NOW - 1000,
      sentAt: NOW,
      receivedAt: NOW,
      derivedAt: NOW - 1000,
      sourceFormat: 'native',
    },
  ])
  assert.equal(collector.snapshot().tenants['acme']?.stored, 1)
})

/** One batch per reason: what is sent, and what the letter must say. */
const damages: readonly [DeadLetterReason, unknown, RegExp, object?][] = [
  ['unknown-type', heartbeat('x', { type: 'playback.view.dreamt' }), /no event playback\.view\.dreamt/],
  ['unknown-type', heartbeat('x', { version: 2 }), /version 2/],
  ['invalid-event', heartbeat('x', { intervalMs: -1 }), /intervalMs/],
  ['invalid-event', heartbeat('x', { surprise: 1 }), /./],
  ['invalid-event', heartbeat('x', { createdAt: '2026' }), /createdAt/],
  ['invalid-event', 'text', /object/],
  ['invalid-event', null, /object/],
  ['not-allowed', { ...impression('x'), type: 'discovery.slate.served' }, /play token may not say/],
  ['not-allowed', heartbeat('x'), /viewer token may not say/, { token: 'viewer' }],
  ['token-mismatch', heartbeat('x', { titleId: 'title-2' }), /titleId/],
  ['token-mismatch', heartbeat('x', { tenantId: 'other' }), /tenantId/],
  ['token-mismatch', heartbeat('x', { viewerKey: 'viewer-2' }), /viewerKey/],
  ['token-mismatch', heartbeat('x', { kids: true }), /kids/],
  ['token-mismatch', heartbeat('x', { recommendationId: 'slate-x' }), /recommendationId/],
  ['token-mismatch', heartbeat('x', { viewerKey: 'viewer-1' }), /viewerKey/, { token: 'kids' }],
  ['outside-window', heartbeat('x', { createdAt: NOW + 6 * 60_000 }), /future/],
  ['outside-window', heartbeat('x', { createdAt: 1000 }), /late/],
  ['outside-window', heartbeat('x', { createdAt: Date.UTC(2099, 1) }), /future/],
  ['outside-window', heartbeat('x', { createdAt: NOW - HOUR - 6 * 60_000 }), /before the token/],
  ['invalid-event', heartbeat('nul\0'), /eventId/],
  ['invalid-event', heartbeat('x', { titleId: 'title-1', sid: 'line\nbreak' }), /sid/],
  ['too-large', heartbeat('x', { playerName: 'n'.repeat(70_000) }), /over 65536/],
]
for (const [reason, event, detail, batch] of damages) {
  test(`sets one event aside as ${reason} (${String(detail)}) and keeps the rest`, async () => {
    const { send, of, collector } = openCollector()
    const good = batch === undefined ? heartbeat('good') : impression('good')
    const answer = await send([event, good], batch)
    assert.equal(answer.accepted, 2)
    assert.deepEqual(
      answer.deadLettered.map((letter) => [letter.index, letter.reason]),
      [[0, reason]],
    )
    const [letter] = of('collector.letter.dead')
    assert.equal(letter?.['reason'], reason)
    assert.match(String(letter?.['detail']), detail)
    const raw = JSON.stringify(event)
    assert.ok(String(letter?.['body']).startsWith(raw.slice(0, 1000)))
    const counts = collector.snapshot().tenants['acme']
    assert.equal(counts?.stored, 1)
    assert.equal(counts?.deadLettered[reason], 1)
  })
}

test('sets events nested without end aside, in a known field or another, and keeps the rest', async () => {
  const { collector, of } = openCollector()
  for (const [depth, field] of [
    [100_000, 'x'],
    [100_000, 'sid'],
    [20_000, 'sid'],
    [20_000, 'x'],
  ] as const) {
    const nested = '['.repeat(depth) + ']'.repeat(depth)
    const good = JSON.stringify({ ...common, ...heartbeat(`good-${depth}-${field}`) })
    const events = `[{"type":"playback.heartbeat.sent","eventId":"a","${field}":${nested}},${good}]`
    const body = Buffer.from(`{"writeKey":"key-acme","token":"play","sentAt":${NOW},"events":${events}}`)
    const answer = await collector.collect({ body, userAgent: UA })
    assert.deepEqual([answer.accepted, answer.deadLettered.length], [2, 1])
  }
  assert.equal(of('playback.heartbeat.sent').length, 4)
  assert.match(String(of('collector.letter.dead').at(-1)?.['body']), /playback\.heartbeat\.sent/)
})

test('sets text that is not JSON aside when a header names the tenant, a bounded number of times', async () => {
  const { collector, of } = openCollector({ unparsedPerMinute: 1 })
  const body = Buffer.from('{"events": [')
  const answer = await collector.collect({ body, writeKey: 'key-acme', userAgent: UA })
  assert.equal(answer.deadLettered[0]?.reason, 'not-json')
  assert.equal(of('collector.letter.dead')[0]?.['body'], '{"events": [')
  await assert.rejects(
    collector.collect({ body, writeKey: 'key-acme', userAgent: UA }),
    refusedWith('SV_TOO_MANY_EVENTS'),
  )
  await assert.rejects(collector.collect({ body, userAgent: UA }), refusedWith('SV_BATCH_UNREADABLE'))
})

test('sets a line of CMCD aside that cannot be read', async () => {
  const { collector, of } = openCollector()
  const body = readCmcd(Buffer.from('"\n'))
  await collector.collect({ body, token: 'play', userAgent: UA })
  assert.equal(of('collector.letter.dead')[0]?.['reason'], 'unreadable-cmcd')
})

test('each reason of a dead letter has a test', () => {
  const tested = new Set([...damages.map(([reason]) => reason), 'not-json', 'unreadable-cmcd'])
  assert.deepEqual([...tested].sort(), [...DEAD_LETTER_REASONS].sort())
})
