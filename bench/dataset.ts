/**
 * How fast examples get their features: rows a second of a point-in-time set (four timelines, fourteen features, values read
 * as of the moment, missing ones filled) against the bare ASOF joins of the same rows in the same engine, in turn. Both write their rows
 * into a table of the same order, so that what is measured beside the joins is ours alone.
 * usage: npm run bench -- dataset [--rows 10000000] [--rounds 3]
 */
import { type Engine, numbersAsked, quantile, withEngine } from '#bench/questions/engine.ts'
import { DAY_MS, ENTITY_KEYS, type Entity } from '#features/offline/define.ts'
import { joinedTo, makeTimelines } from '#features/offline/join.ts'
import { offlineFeatures } from '#features/offline/registry.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

const VIEWERS = 50_000
const TITLES = 5000
/** Views behind the features: one for so many examples. */
const EXAMPLES_A_VIEW = 20
const START = Date.UTC(2026, 0, 1)
const SPAN_MS = 90 * DAY_MS
const WITHIN = { timeoutMs: 600_000 } as const

/** Facts and examples as hashes make them: viewers of unequal appetite, titles of unequal fame. */
async function fill(warehouse: Warehouse, rows: number): Promise<void> {
  const views = Math.ceil(rows / EXAMPLES_A_VIEW)
  const who = sql`concat('viewer-', toString(toUInt32(${String(VIEWERS)} * pow((sipHash64(number, 1) % 1000003) / 1000003, 1.5))))`
  const what = sql`concat('title-', toString(toUInt32(${String(TITLES)} * pow((sipHash64(number, 2) % 1000003) / 1000003, 2))))`
  const when = sql`toInt64(${String(START)} + sipHash64(number, 3) % ${String(SPAN_MS)})`
  const genre = sql`concat('genre-', toString(sipHash64(titleId) % 12))`
  const run = (statement: string): Promise<void> => warehouse.command({ sql: statement }, WITHIN)
  await run(sql`CREATE TABLE view_facts ENGINE = MergeTree ORDER BY (viewerKey, titleId, availableAt) AS
    SELECT ${who} AS viewerKey, ${what} AS titleId, toString(number) AS sid, ${when} AS startedAt,
      startedAt + 60000 + toInt64(sipHash64(number, 4) % 3600000) AS eventAt, eventAt + 500 AS knownAt,
      knownAt AS availableAt, sipHash64(number, 5) % 20 > 0 AS isPlay, sipHash64(number, 6) % 3 = 0 AS completed,
      isPlay AND sipHash64(number, 7) % 5 > 0 AS valid, eventAt - startedAt AS watchMs,
      toInt64(if(sipHash64(number, 8) % 10 = 0, 4000, 0)) AS rebufferMs, ${genre} AS genre
    FROM numbers(${String(views)})`)
  await run(sql`CREATE TABLE shown_facts ENGINE = MergeTree ORDER BY (viewerKey, titleId, availableAt) AS
    SELECT viewerKey, titleId, sid AS slateId, startedAt - 5000 AS eventAt, eventAt AS knownAt, eventAt AS availableAt,
      'for-you' AS rowKey, toUInt32(0) AS position FROM view_facts`)
  await run(sql`CREATE TABLE title_facts ENGINE = MergeTree ORDER BY (titleId, availableAt) AS
    SELECT concat('title-', toString(number)) AS titleId, toInt64(${String(START)}) AS availableAt,
      toInt64(1800000) AS durationMs, availableAt - toInt64(number) * 3600000 AS publishedAt, ${genre} AS genre,
      'ready' AS status FROM numbers(${String(TITLES)})`)
  await run(sql`CREATE TABLE examples ENGINE = MergeTree ORDER BY (at, viewerKey, titleId) AS
    SELECT ${who.replaceAll('number,', 'number + 77,')} AS viewerKey, ${what.replaceAll('number,', 'number + 77,')} AS titleId,
      ${when.replaceAll('number,', 'number + 77,')} AS at FROM numbers(${String(rows)})`)
}

const COLUMNS = ['viewerKey', 'titleId', 'at']

/** Written by hand: the joins, and each timeline's columns as they stand. */
function bareJoin(): string {
  const entities = Object.keys(ENTITY_KEYS) as Entity[]
  const tableOf = (entity: Entity): string => `timeline_${entity.replace('-', '_')}`
  const joins = entities.map((entity) => {
    const same = ENTITY_KEYS[entity].map((key) => `${tableOf(entity)}.${key} = examples.${key}`).join(' AND ')
    return sql`ASOF LEFT JOIN ${tableOf(entity)} ON ${same} AND ${tableOf(entity)}.availableAt < examples.at`
  })
  const columns = offlineFeatures.map(({ name, entity }) => `${tableOf(entity)}.${name} AS ${name}`)
  return sql`SELECT ${[...COLUMNS.map((name) => `examples.${name} AS ${name}`), ...columns].join(', ')}
    FROM (
      SELECT asked.*, ifNull(title_facts.genre, '') AS genre FROM examples AS asked
      ASOF LEFT JOIN title_facts ON title_facts.titleId = asked.titleId AND title_facts.availableAt < asked.at) AS examples
    ${joins.join(' ')}`
}

type Spent = { readonly seconds: number; readonly cpuSeconds: number }

/** Makes the table and drops it again. */
async function timed({ warehouse, cpuMicros }: Engine, select: string): Promise<Spent> {
  const [began, cpu] = [performance.now(), (await cpuMicros()).warehouse]
  await warehouse.command(
    { sql: sql`CREATE TABLE joined ENGINE = MergeTree ORDER BY (at, viewerKey, titleId) AS ${select}` },
    WITHIN,
  )
  const seconds = (performance.now() - began) / 1000
  const cpuSeconds = ((await cpuMicros()).warehouse - cpu) / 1e6
  await warehouse.command({ sql: sql`DROP TABLE joined SYNC` })
  return { seconds, cpuSeconds }
}

const short = (value: number, digits = 2): number => Number(value.toFixed(digits))
const told = ({ seconds, cpuSeconds }: Spent): string =>
  `${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} s CPU)`

export async function bench(): Promise<Record<string, unknown>> {
  const asked = numbersAsked({ rows: '10000000', rounds: '3' })
  const [rows, rounds] = [Number(asked.rows), Number(asked.rounds)]
  return withEngine(async (engine) => {
    const { warehouse } = engine
    await fill(warehouse, rows)
    const began = performance.now()
    await makeTimelines(warehouse, 'bench', offlineFeatures)
    const timelineSeconds = (performance.now() - began) / 1000
    const joined = joinedTo({ table: 'examples', columns: COLUMNS }, offlineFeatures)
    const ways = { bare: bareJoin(), ours: joined, single: `${joined} SETTINGS max_threads = 1` }
    const took: Record<keyof typeof ways, Spent[]> = { bare: [], ours: [], single: [] }
    for (let round = 0; round < rounds; round++) {
      for (const way of ['bare', 'ours', 'single'] as const) {
        const spent = await timed(engine, ways[way])
        took[way].push(spent)
        console.log(`round ${round + 1}, ${way}: ${told(spent)}`)
      }
    }
    const median = (of: readonly Spent[], what: keyof Spent): number =>
      quantile(
        of.map((spent) => spent[what]),
        0.5,
      )
    const over = (one: readonly Spent[], other: readonly Spent[], what: keyof Spent): number =>
      median(one, what) / median(other, what)
    const ratio = over(took.bare, took.ours, 'seconds')
    return {
      bench: 'dataset',
      ratio: short(ratio, 3),
      cpuRatio: short(over(took.bare, took.ours, 'cpuSeconds'), 3),
      rows,
      rowsPerSecond: Math.round(rows / median(took.ours, 'seconds')),
      bareRowsPerSecond: Math.round(rows / median(took.bare, 'seconds')),
      twoThreads: short(over(took.single, took.ours, 'seconds')),
      timelineSeconds: short(timelineSeconds),
      features: offlineFeatures.length,
      against: 'the bare ASOF joins of the same timelines, in the same engine, into the same table',
      bar: 0.8,
      pass: ratio >= 0.8,
    }
  })
}
