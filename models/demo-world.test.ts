import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCatalogue } from '#demo/catalogue.ts'
import { simulateHistory } from '#demo/history.ts'
import type { RawEvent } from '#demo/watch.ts'
import { encodeInteractions, type InteractionRow, type Interactions } from '#features/interactions.ts'
import { passesAll } from '#models/gates.ts'
import { trainAndEvaluate } from '#models/train.ts'

type View = { viewerKey: string; titleId: string; at: number; reachedMs: number; completed: boolean }

/** The demo world's interactions straight from its events, by the rule of a valid play, without any store between. */
function watchWorld(): Interactions {
  const catalogue = createCatalogue(1)
  const lengths = new Map(catalogue.map(({ id, durationMs }) => [id, durationMs]))
  const views = new Map<string, View>()
  for (const day of simulateHistory({ seed: 1, startAt: 1_700_000_000_000, catalogue, known: [] })) {
    for (const event of day.flatMap((batch) => batch.events)) {
      if (event.type.startsWith('playback.')) see(views, event)
    }
  }
  const rows = new Map<string, InteractionRow>()
  for (const { viewerKey, titleId, at, reachedMs, completed } of [...views.values()].sort(
    (a, b) => a.at - b.at,
  )) {
    const share = completed ? 1 : reachedMs / (lengths.get(titleId) as number)
    const key = `${viewerKey} ${titleId}`
    if ((reachedMs >= 30_000 || share >= 0.5) && !rows.has(key)) {
      rows.set(key, { viewerKey, titleId, at, strength: 0.5 + 0.5 * Math.min(1, share) })
    }
  }
  return encodeInteractions([...rows.values()])
}

function see(views: Map<string, View>, event: RawEvent): void {
  const { sid, viewerKey, titleId, playheadMs, endReason } = event as RawEvent & {
    readonly sid: string
    readonly viewerKey: string
    readonly titleId: string
    readonly playheadMs: number
    readonly endReason?: string
  }
  const view = views.get(sid) ?? { viewerKey, titleId, at: event.createdAt, reachedMs: 0, completed: false }
  view.at = Math.min(view.at, event.createdAt)
  view.reachedMs = Math.max(view.reachedMs, playheadMs)
  view.completed ||= endReason === 'completed'
  views.set(sid, view)
}

test('in the demo world NeuMF passes every gate: surely above both popularities, not below ease', async () => {
  const interactions = watchWorld()
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
