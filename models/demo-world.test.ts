import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCatalogue } from '#demo/catalogue.ts'
import { demoWorld, playsOf, validInteractions } from '#demo/plays.ts'
import { passesAll } from '#models/gates.ts'
import { trainAndEvaluate } from '#models/train.ts'

test('in the demo world NeuMF passes every gate: surely above both popularities, not below ease', async () => {
  const interactions = validInteractions(playsOf(demoWorld(createCatalogue(1))))
  assert.ok(interactions.viewer.length > 20_000, `${interactions.viewer.length} interactions`)
  const { evaluation, gates } = await trainAndEvaluate({ interactions, seed: 1, threads: 1 })
  assert.ok(passesAll(gates), JSON.stringify(gates))
  assert.ok(evaluation.judgedViewers > 800)
  const [ndcg] = evaluation.metrics
  const best = (wanted: (name: string) => boolean): number =>
    Math.max(
      ...evaluation.baselines.filter((one) => wanted(one.name)).map((one) => one.metrics[0]?.value ?? 0),
    )
  assert.ok(Math.abs((ndcg?.value ?? 0) - best(() => true) - (ndcg?.difference ?? 0)) < 1e-9)
  const popularity = best((name) => name.startsWith('popularity'))
  assert.ok((ndcg?.value ?? 0) > 1.5 * popularity, `${ndcg?.value} against ${popularity}`)
})
