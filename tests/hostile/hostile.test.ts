/** A small part of what `npm run hostile` does with a million. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runHostile } from '#tests/hostile/hostile.ts'

test('twenty thousand hostile events: every row and every figure is the reference’s, and none is lost', async () => {
  const outcome = await runHostile({ events: 20_000, seed: 7 })
  assert.deepEqual(outcome.wrong, [])
  assert.ok(outcome.accepted >= 20_000)
  assert.equal(outcome.accepted, outcome.stored + outcome.duplicates + outcome.deadLettered)
  const { duplicates, reusedIds, deadLettered, refusedRequests } = outcome
  for (const count of [duplicates, reusedIds, deadLettered, refusedRequests]) assert.ok(count > 0)
})
