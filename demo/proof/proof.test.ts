import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCatalogue } from '#demo/catalogue.ts'
import { demoWorld } from '#demo/plays.ts'
import { type GapLine, measureGap } from '#demo/proof/gap.ts'
import { compareLabels, gainOf } from '#demo/proof/labels.ts'
import { measureCoverage } from '#demo/proof/off-policy.ts'
import { ease } from '#models/ease/ease.ts'
import { mean } from '#models/evaluate/bootstrap.ts'
import { ncf } from '#models/ncf/fit.ts'

const catalogue = createCatalogue(1)

test('NCF goes at least half of the way from popularity to the ranking by true taste', async () => {
  const world = demoWorld(catalogue, { viewers: 600 })
  const { judged, lines } = await measureGap(world, [ncf, ease], { seed: 1, threads: 1, tries: 1 })
  assert.ok(judged > 400, `${judged} judged`)
  const of = (model: string): GapLine => {
    const found = lines.find((line) => line.model === model)
    assert.ok(found, model)
    return found
  }
  assert.ok(of('ncf').closed >= 0.5, JSON.stringify(lines))
  assert.ok(of('true taste').ndcg > 1.5 * of('popularity-decayed').ndcg)
  assert.ok(of('true taste and what is shown').ndcg > of('true taste').ndcg)
})

test('where stalls cut many plays short, labels that know of it beat those that do not', async () => {
  const settings = { ...ncf.defaults, epochs: 4 }
  const under = async (share: number) =>
    compareLabels(demoWorld(catalogue, { viewers: 700, stalls: { share, leave: 0.8 } }), ncf, {
      settings,
      seed: 1,
      threads: 1,
    })
  const [calm, stormy] = [await under(0), await under(0.75)]
  assert.ok(calm.cut < 0.05 && stormy.cut > 0.5, `${calm.cut} and ${stormy.cut} cut`)
  assert.ok(gainOf([stormy], 'expected', 'disliked').low > 0)
  assert.ok(mean(stormy.ndcg.disliked) < mean(calm.ndcg.disliked))
  assert.ok(Math.abs(gainOf([calm], 'expected', 'disliked').value) < 0.01)
})

test('95 % intervals from another policy’s log hold the truth, and do not when its chances are forgotten', () => {
  const { covered, truth, logged, sound, withoutChances } = measureCoverage(demoWorld(catalogue), {
    logs: 100,
    decisions: 1500,
    seed: 1,
  })
  for (const [name, count] of Object.entries(covered)) assert.ok(count >= 93, `${name}: ${count}`)
  assert.equal(sound, 100)
  assert.ok(truth > 1.5 * logged, `${truth} against ${logged}`)
  assert.ok(withoutChances < 80, `${withoutChances}`)
})
