import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawPoster } from '#demo/artwork.ts'
import { createCatalogue } from '#demo/catalogue.ts'
import { simulateHistory } from '#demo/history.ts'
import { lateBatch, promotion, stall } from '#demo/truths.ts'
import { findEvent, problemWith } from '#events/registry.ts'

const DAY_MS = 86_400_000
const startAt = Date.UTC(2026, 9, 1)
const catalogue = createCatalogue(1)
const live = () => [...simulateHistory({ seed: 1, startAt, catalogue, known: [], viewers: 60 })].flat()
const events = live().flatMap((batch) => batch.events)

test('the catalogue is the same for a seed, names are unique, a dozen titles play', () => {
  assert.deepEqual(createCatalogue(1), catalogue)
  assert.notDeepEqual(createCatalogue(2), catalogue)
  assert.equal(catalogue.length, 300)
  assert.equal(new Set(catalogue.map((title) => title.name)).size, 300)
  assert.equal(new Set(catalogue.map((title) => title.id)).size, 300)
  assert.equal(catalogue.filter((title) => title.cut !== null).length, 12)
})

test('a poster is one whole SVG with the name escaped', () => {
  const svg = drawPoster({ id: 'x', name: 'Salt & <Pepper>', genres: ['cooking'] })
  assert.match(svg, /^<svg [^]*<\/svg>$/)
  assert.ok(svg.includes('&amp; &lt;Pepper&gt;') && !svg.includes('<Pepper>'))
})

test('the same seed says the same history, to the byte', () => {
  assert.equal(JSON.stringify(live()), JSON.stringify(live()))
  assert.equal(new Set(events.map((event) => event.eventId)).size, events.length)
})

test('what is said is valid once the collector has stamped it', () => {
  const stamp = {
    tenantId: 'demo',
    sentAt: 1,
    receivedAt: 1,
    derivedAt: 1,
    sourceFormat: 'import',
    version: 1,
  }
  for (const event of events.slice(0, 3000)) {
    const definition = findEvent(event.type, 1)
    assert.ok(definition, event.type)
    const player = definition.by === 'player' ? { experiments: [], bot: false, kids: false } : {}
    const discovery = event.type.startsWith('discovery.') ? { experiments: [] } : {}
    assert.equal(problemWith(definition, { ...stamp, ...player, ...discovery, ...event }), null)
  }
})

test('the planted truths are in the history', () => {
  const stalls = events.filter(
    (event) => event['titleId'] === stall.titleId && event['state'] === 'rebuffering',
  )
  const planted = stalls.filter((event) => event['playheadMs'] === stall.atMs)
  assert.ok(planted.length > 0)
  assert.ok(planted.every((event) => event['videoHeightPx'] === stall.videoHeightPx))
  const late = live().filter((batch) => batch.receivedAt === startAt + lateBatch.receivedMs)
  assert.equal(late.length, 1)
  assert.ok(late[0]?.events.every((event) => event.createdAt < startAt + lateBatch.happenedMs + 2 * DAY_MS))
  const slates = events.filter((event) => event.type === 'discovery.slate.served')
  const shown = (from: number, to: number): number => {
    const some = slates.filter((event) => event.createdAt >= startAt + from && event.createdAt < startAt + to)
    return (
      some.filter((event) => (event['titleIds'] as string[]).includes(promotion.titleId)).length / some.length
    )
  }
  assert.ok(shown(promotion.fromMs, 28 * DAY_MS) > 3 * shown(0, promotion.fromMs))
})
