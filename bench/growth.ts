/**
 * Whether cost stays flat while history grows: the same 28 days under one, ten and fifty million events of a year. What an
 * event costs until its view is built, what the housekeeping of each minute costs, and what the ten questions do. Held to
 * the bar is CPU: sizes are measured minutes apart, and times of a shared machine tell of its other users. At the end the
 * questions are asked once more without the indices of views.
 */
import { type Arrivals, measureArrivals } from '#bench/questions/arrivals.ts'
import { type Engine, geometricMean, numbersAsked, quantile, withEngine } from '#bench/questions/engine.ts'
import { questionsOf } from '#bench/questions/questions.ts'
import {
  DAY_MS,
  EVENTS_A_VIEW,
  ensureTables,
  fillHistory,
  fillRecent,
  quiet,
} from '#bench/questions/world.ts'
import { playbackEvents } from '#events/playback.ts'
import { idleViews, outdatedViews } from '#pipelines/views-find.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

/** Views of the last 28 days, whatever was before. */
const RECENT = 40_000
/** Events go in batches of 5,000, a second's worth. */
const BATCHES = 9
/** The table grows fiftyfold. Half as much again is what deeper indices and more parts may take. */
const BAR = 1.5
/** What they ask about grows with the history, all of it or the 28 days before: told, and not held to the bar. */
const OF_HISTORY: ReadonlySet<string> = new Set(['audience', 'figures of the period before'])
const BATCH_OFFSETS = 10_000_000_000

type Cost = { readonly cpuMs: number; readonly p95Ms: number }
type Measured = {
  readonly events: number
  readonly arrivals: Arrivals
  readonly costs: ReadonlyMap<string, Cost>
}
const HOUSEKEEPING = 'housekeeping'

async function merges({ warehouse }: Engine, go: 'START' | 'STOP'): Promise<void> {
  for (const table of [playbackEvents.table, 'views', 'viewer_hours'])
    await warehouse.command({ sql: sql`SYSTEM ${go} MERGES ${table}` })
}

/** CPU of the warehouse a question, and how long it took. Background merges stand still meanwhile. */
async function costsOf(engine: Engine, now: number, rounds: number): Promise<Map<string, Cost>> {
  const { warehouse } = engine
  const ask = (statement: Statement) => warehouse.query(statement, { timeoutMs: 120_000 })
  const housekeeping = async (): Promise<void> => {
    await ask(idleViews(now))
    await ask(outdatedViews(500))
  }
  const questions = [...questionsOf(warehouse, now), { name: HOUSEKEEPING, ours: housekeeping }]
  const costs = new Map<string, Cost>()
  for (const { name, ours } of questions) {
    await ours()
    const took: number[] = []
    const before = (await engine.cpuMicros()).warehouse
    for (let round = 0; round < rounds; round++) {
      const begin = performance.now()
      await ours()
      took.push(performance.now() - begin)
    }
    const cpuMs = ((await engine.cpuMicros()).warehouse - before) / 1000 / rounds
    costs.set(name, { cpuMs, p95Ms: quantile(took, 0.95) })
  }
  return costs
}

const told = (costs: ReadonlyMap<string, Cost>): string =>
  [...costs]
    .map(([name, { cpuMs, p95Ms }]) => `${name} ${cpuMs.toFixed(0)} ms CPU, p95 ${p95Ms.toFixed(0)}`)
    .join('; ')

async function measure(engine: Engine, now: number, events: number, rounds: number): Promise<Measured> {
  await quiet(engine.warehouse)
  await merges(engine, 'STOP')
  const costs = await costsOf(engine, now, rounds)
  const arrivals = await measureArrivals(engine, BATCHES, BATCH_OFFSETS + events * EVENTS_A_VIEW)
  await merges(engine, 'START')
  const { insertMicros, buildMicros } = arrivals
  console.log(
    `${events} events: ${insertMicros.toFixed(1)} us CPU an event inserted, ${buildMicros.toFixed(1)} until its view is ` +
      `built; ${told(costs)}`,
  )
  return { events, arrivals, costs }
}

async function withoutIndices(engine: Engine, now: number, rounds: number): Promise<void> {
  for (const name of ['byStart', 'byEnd', 'byEndReason', 'byRules'])
    await engine.warehouse.command({ sql: sql`ALTER TABLE views DROP INDEX IF EXISTS ${name}` })
  console.log(`without the indices of views: ${told(await costsOf(engine, now, rounds))}`)
}

export async function bench(): Promise<object> {
  const { sizes, rounds } = numbersAsked({ sizes: '1000000,10000000,50000000', rounds: '20' })
  const now = Math.floor(Date.now() / DAY_MS) * DAY_MS
  return withEngine(async (engine) => {
    await ensureTables(engine.warehouse, now)
    await fillRecent(engine.warehouse, now, RECENT, 0)
    const measured: Measured[] = []
    let views = RECENT
    for (const events of sizes.split(',').map(Number)) {
      const wanted = Math.max(views, Math.round(events / EVENTS_A_VIEW))
      await fillHistory(engine.warehouse, now, wanted - views, views)
      views = wanted
      measured.push(await measure(engine, now, events, Number(rounds)))
    }
    await withoutIndices(engine, now, Number(rounds))
    const [first, last] = [measured[0] as Measured, measured.at(-1) as Measured]
    const cpuOf = ({ arrivals }: Measured): number => arrivals.insertMicros + arrivals.buildMicros
    const growths = [...first.costs].map(([name, cost]) => {
      const later = last.costs.get(name) as Cost
      return { name, cpu: later.cpuMs / cost.cpuMs, p95: later.p95Ms / cost.p95Ms }
    })
    const flat = growths.filter(({ name }) => !OF_HISTORY.has(name))
    const worst = flat.toSorted((one, other) => other.cpu - one.cpu)[0]
    const cpuRatio = cpuOf(last) / cpuOf(first)
    const ratio = Math.max(cpuRatio, worst?.cpu ?? 0)
    const short = (value: number): number => Number(value.toFixed(2))
    return {
      bench: 'growth',
      ratio: short(ratio),
      eventRatio: short(cpuRatio),
      cpuMicrosPerEvent: measured.map((one) => short(cpuOf(one))),
      worst: { question: worst?.name, ratio: short(worst?.cpu ?? 0) },
      questionsRatio: short(geometricMean(flat.map(({ cpu }) => cpu))),
      p95Ratio: short(geometricMean(flat.map(({ p95 }) => p95))),
      ofHistory: Object.fromEntries(
        growths.filter(({ name }) => OF_HISTORY.has(name)).map(({ name, cpu }) => [name, short(cpu)]),
      ),
      against: `${first.events} events: the same 28 days under ${last.events}`,
      bar: `ratio <= ${BAR}: CPU an event, and of the question that grew most; not those about history`,
      pass: ratio <= BAR,
    }
  })
}
