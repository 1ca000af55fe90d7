import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCatalogue } from '#demo/catalogue.ts'
import { demoWorld, playsOf, validInteractions } from '#demo/plays.ts'
import { beatsPopularity } from '#models/commands.ts'
import { trainAndEvaluate } from '#models/train.ts'

test('in the demo world NeuMF beats both popularities, the whole interval above zero', async () => {
  const interactions = validInteractions(playsOf(demoWorld(createCatalogue(1))))
  assert.ok(interactions.viewer.length > 20_000, `${interactions.viewer.length} interactions`)
  const { evaluation } = await trainAndEvaluate({ interactions, seed: 1, threads: 1 })
  assert.ok(beatsPopularity(evaluation), JSON.stringify(evaluation.metrics))
  assert.ok(evaluation.judgedViewers > 800)
  const stronger = Math.max(...evaluation.baselines.map(({ metrics }) => metrics[0]?.value ?? 0))
  const [ndcg] = evaluation.metrics
  assert.ok(Math.abs((ndcg?.value ?? 0) - stronger - (ndcg?.difference ?? 0)) < 1e-9)
  assert.ok((ndcg?.value ?? 0) > 1.5 * stronger, `${ndcg?.value} against ${stronger}`)
})
