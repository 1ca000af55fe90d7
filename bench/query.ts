/**
 * The ten questions the studio asks, over ten million playback events: how long each takes as the studio asks it, of the
 * rows of views, and written by hand over the raw events. Both must answer the same numbers. Asked in turn, so that a busy
 * machine is busy for both.
 */
import assert from 'node:assert/strict'
import { geometricMean, numbersAsked, quantile, withEngine } from '#bench/questions/engine.ts'
import { questionsOf } from '#bench/questions/questions.ts'
import {
  checkSample,
  DAY_MS,
  EVENTS_A_VIEW,
  ensureTables,
  fillHistory,
  fillRecent,
  quiet,
} from '#bench/questions/world.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const BAR_RATIO = 1
const BAR_MS = 1000
/** Of the views, that are of the last 28 days of the year. */
const RECENT = 1 / 13

async function build(warehouse: Warehouse, now: number, views: number): Promise<void> {
  const recent = Math.round(views * RECENT)
  await ensureTables(warehouse, now)
  await fillHistory(warehouse, now, views - recent, 0)
  await fillRecent(warehouse, now, recent, views - recent)
  await quiet(warehouse)
  const checked = await checkSample(warehouse, now)
  console.log(`${views} views generated; ${checked} of them are what the rules build`)
}

async function timed(ask: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await ask()
  return performance.now() - begin
}

export async function bench(): Promise<object> {
  const { events, rounds } = numbersAsked({ events: '10000000', rounds: '20' })
  const now = Math.floor(Date.now() / DAY_MS) * DAY_MS
  return withEngine(async ({ warehouse }) => {
    await build(warehouse, now, Math.round(Number(events) / EVENTS_A_VIEW))
    const questions = questionsOf(warehouse, now).map((question) => ({
      ...question,
      took: { ours: [] as number[], byHand: [] as number[] },
    }))
    for (const { name, ours, byHand } of questions) assert.deepEqual(await ours(), await byHand(), name)
    for (let round = 0; round < Number(rounds); round++) {
      for (const { ours, byHand, took } of questions) {
        took.ours.push(await timed(ours))
        took.byHand.push(await timed(byHand))
      }
    }
    const results = questions.map(({ name, took }) => {
      const ours = quantile(took.ours, 0.95)
      const byHand = quantile(took.byHand, 0.95)
      console.log(
        `${name}: p50 ${quantile(took.ours, 0.5).toFixed(0)}, p95 ${ours.toFixed(0)} ms; ` +
          `by hand p50 ${quantile(took.byHand, 0.5).toFixed(0)}, p95 ${byHand.toFixed(0)} ms`,
      )
      return { name, ours, ratio: ours / byHand }
    })
    const worst = results.toSorted((a, b) => b.ratio - a.ratio)[0]
    const ratio = geometricMean(results.map((one) => one.ratio))
    const p95Ms = Math.round(Math.max(...results.map(({ ours }) => ours)))
    return {
      bench: 'query',
      ratio: Number(ratio.toFixed(2)),
      p95Ms,
      events: Number(events),
      worst: { question: worst?.name, ratio: Number(worst?.ratio.toFixed(2)) },
      against: 'the same questions written by hand over the raw events: geometric mean of the ratios of p95',
      bar: `ratio <= ${BAR_RATIO}, p95Ms <= ${BAR_MS}`,
      pass: ratio <= BAR_RATIO && p95Ms <= BAR_MS,
    }
  })
}
