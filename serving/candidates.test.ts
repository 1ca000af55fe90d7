import assert from 'node:assert/strict'
import { test } from 'node:test'
import { titlesTensor } from '#models/ncf/session.ts'
import { candidatesFor } from '#serving/candidates.ts'
import { buildCatalogue } from '#serving/catalogue.ts'
import type { Matched } from '#serving/matched.ts'
import { matchPopular } from '#serving/popular.ts'
import { NOBODY, type ViewerState } from '#serving/viewer.ts'

const NOW = 1_800_000_000_000

/** A catalogue of `count` titles, every third unknown to the model; title 2k is watched together with 2k + 1. */
function open(count: number, viewer: ViewerState = NOBODY) {
  const catalogue = buildCatalogue(
    Array.from({ length: count }, (_, n) => ({
      id: `t${String(n).padStart(6, '0')}`,
      name: `Title ${n}`,
      genres: [`Genre ${n % 7}`],
      status: 'simulated' as const,
      durationMs: 1000,
      ageRating: 'all' as const,
      publishedAt: NOW - n,
    })),
    NOW,
  )
  const modelTitle = Int32Array.from({ length: count }, (_, n) => (n % 3 === 2 ? -1 : n))
  const known = Int32Array.from({ length: count }, (_, n) => n).filter((n) => n % 3 !== 2)
  const together = (title: number, visit: (other: number, weight: number) => void) => visit(title ^ 1, 1)
  const model = { modelTitle, known, together, tensor: titlesTensor(known) } as unknown as Matched
  const score = (n: number): number => (n * 7919) % count
  const popular = matchPopular(
    catalogue.titles.map(({ id }, n) => ({ titleId: id, score: score(n) })),
    catalogue,
  )
  return { known, ...candidatesFor({ catalogue, model, popular, together, viewer }) }
}
const indexes = (of: { tensor: { data: unknown } }): number[] =>
  Array.from(of.tensor.data as BigInt64Array, Number)

test('of a small catalogue the model is asked about every title it knows', () => {
  const small = open(900)
  assert.deepEqual([...small.titles], [...small.known])
  assert.deepEqual(indexes(small), [...small.known])
})

test('of a large one about what is popular, new, or watched together with the viewer’s own; of each genre too', () => {
  const plain = open(30_000)
  assert.ok(plain.titles.length < 1200, String(plain.titles.length))
  assert.equal(new Set(plain.titles).size, plain.titles.length)
  assert.ok([...plain.titles].every((title) => title % 3 !== 2))
  assert.ok(plain.titles.includes(0) && plain.titles.includes(1), 'the newest')
  for (let genre = 0; genre < 7; genre++)
    assert.ok(plain.titles.filter((title) => title % 7 === genre).length >= 60, `genre ${genre}`)
  const [rare = 0] = plain.known.filter((title) => title % 2 === 0 && (title ^ 1) % 3 !== 2).slice(-200)
  assert.ok(!plain.titles.includes(rare ^ 1))
  const watched = [{ title: rare, positionMs: 0, completed: true, meant: true, at: NOW }]
  const own = open(30_000, { watched, said: [] })
  assert.ok(own.titles.includes(rare ^ 1))
  assert.deepEqual(indexes(own), [...own.titles])
})
