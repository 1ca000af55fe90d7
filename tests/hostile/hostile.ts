/**
 * A given number of hostile events through the real collector, log, sink and views, and every row and every figure against
 * the reference: `npm run hostile -- --events 1000000 --seed 1`. Nothing may differ, and nothing may be lost on the way:
 * accepted = stored + duplicate + dead-lettered.
 */
import { catalogEvents } from '#events/catalog.ts'
import { DEAD_LETTER_REASONS, deadLetterEvents } from '#events/dead-letters.ts'
import type { StreamDefinition } from '#events/define.ts'
import { playbackEvents } from '#events/playback.ts'
import { concurrency } from '#metrics/concurrent.ts'
import { figures } from '#metrics/figures.ts'
import { differences, isSame } from '#metrics/reference/compare.ts'
import { concurrencyOf, figuresOf, kindOf } from '#metrics/reference/figures.ts'
import { flagRushed } from '#metrics/reference/rushed.ts'
import { type ReferenceView, viewOf } from '#metrics/reference/view.ts'
import { LEFT_OUT } from '#metrics/scope.ts'
import { BASE, NOW, TENANTS, titlesOf, type Wave, waveOf } from '#tests/hostile/wave.ts'
import { openWorld, type World } from '#tests/hostile/world.ts'

export type Outcome = {
  readonly events: number
  readonly seed: number
  readonly requests: number
  readonly views: number
  readonly figures: number
  readonly accepted: number
  readonly stored: number
  readonly duplicates: number
  readonly reusedIds: number
  readonly deadLettered: number
  readonly refusedRequests: number
  readonly sentSeconds: number
  readonly builtSeconds: number
  readonly comparedSeconds: number
  /** Most memory of this process; the engine has its own. */
  readonly memoryMb: number
  /** What differs; empty is what it must be. At most some are told. */
  readonly wrong: readonly string[]
  readonly pass: boolean
}

const QUARTER_MS = 900_000
const AT_ONCE = 64
const MOST_TOLD = 40

type Kept = ReferenceView & { readonly tenantId: string; readonly key: string }
/** What figures need no more. */
const NO_LISTS = {
  watchedFrom: [],
  watchedTo: [],
  playedFrom: [],
  playedTo: [],
  stallAtMs: [],
  stallMs: [],
  stallHeightPx: [],
}

export async function runHostile(options: {
  readonly events: number
  readonly seed: number
}): Promise<Outcome> {
  const { seed } = options
  const world = await openWorld()
  const wrong: string[] = []
  const report = (what: string): void => void (wrong.length < MOST_TOLD && wrong.push(what))
  let memoryMb = 0
  const look = (): void => {
    memoryMb = Math.max(memoryMb, Math.round(process.memoryUsage.rss() / 1024 / 1024))
  }
  const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10
  try {
    const sending = performance.now()
    const sent = await sendWaves(world, seed, options.events, look)
    const sentSeconds = seconds(sending)
    const building = performance.now()
    await world.settled()
    const builtSeconds = seconds(building)
    const comparing = performance.now()
    checkCounts(world, sent, report)
    await checkStored(world, report)
    const kept: Kept[] = []
    for (let wave = 0; wave < sent.waves; wave++) {
      for (const view of await compareRows(world, waveOf(seed, wave), report)) kept.push(view)
      look()
    }
    await checkRows(world, kept.length, report)
    let compared = 0
    for (const tenantId of TENANTS) {
      const views = flagRushed(kept.filter((view) => view.tenantId === tenantId))
      await compareFlags(world, tenantId, views, report)
      compared += await compareFigures(world, tenantId, views, report)
      compared += await compareConcurrency(world, tenantId, views, report)
      look()
    }
    const { accepted, stored, duplicate, reusedId, dead } = totalsOf(world)
    return {
      events: sent.events,
      seed,
      requests: sent.requests,
      views: kept.length,
      figures: compared,
      accepted,
      stored,
      duplicates: duplicate,
      reusedIds: reusedId,
      deadLettered: dead,
      refusedRequests: sent.refused,
      sentSeconds,
      builtSeconds,
      comparedSeconds: seconds(comparing),
      memoryMb,
      wrong,
      pass: wrong.length === 0,
    }
  } finally {
    await world.close()
  }
}

type Sent = {
  waves: number
  events: number
  requests: number
  refused: number
  readonly valid: Map<string, number>
  readonly dead: Map<string, number>
}

/** Wave after wave, until so many events are sent. Expectations are counted, requests forgotten. */
async function sendWaves(world: World, seed: number, events: number, look: () => void): Promise<Sent> {
  const sent: Sent = { waves: 0, events: 0, requests: 0, refused: 0, valid: new Map(), dead: new Map() }
  const add = (counts: Map<string, number>, key: string, n: number): void =>
    void counts.set(key, (counts.get(key) ?? 0) + n)
  while (sent.events < events) {
    const { requests } = waveOf(seed, sent.waves++)
    for (let at = 0; at < requests.length; at += AT_ONCE) {
      const some = requests.slice(at, at + AT_ONCE)
      const taken = await Promise.all(some.map((request) => world.send(request)))
      for (const [i, { tenantId, dead, valid }] of some.entries()) {
        if (taken[i] !== (dead !== null)) throw new Error(`a request was ${taken[i] ? 'taken' : 'refused'}`)
        sent.requests++
        if (dead === null) {
          sent.refused++
          continue
        }
        sent.events += valid + dead.length
        add(sent.valid, tenantId, valid)
        for (const reason of dead) add(sent.dead, `${tenantId} ${reason}`, 1)
      }
    }
    look()
  }
  return sent
}

function totalsOf({ collector }: Pick<World, 'collector'>) {
  const totals = { accepted: 0, stored: 0, duplicate: 0, reusedId: 0, dead: 0 }
  for (const counts of Object.values(collector.snapshot().tenants)) {
    totals.accepted += counts.accepted
    totals.stored += counts.stored
    totals.duplicate += counts.duplicate
    totals.reusedId += counts.reusedId
    totals.dead += Object.values(counts.deadLettered).reduce((sum, n) => sum + n, 0)
  }
  return totals
}

/** Each event has one fate, and each poison the one it was made for. */
function checkCounts({ collector }: World, { valid, dead }: Sent, report: (what: string) => void): void {
  for (const [tenantId, counts] of Object.entries(collector.snapshot().tenants)) {
    const letters = Object.values(counts.deadLettered).reduce((sum, n) => sum + n, 0)
    if (counts.accepted !== counts.stored + counts.duplicate + letters)
      report(`${tenantId}: fates do not add up`)
    // The titles of the world were stored too.
    const kept = counts.stored + counts.duplicate - titlesOf(tenantId).length
    if (kept !== valid.get(tenantId)) report(`${tenantId}: ${kept} kept, not ${valid.get(tenantId)}`)
    for (const reason of DEAD_LETTER_REASONS) {
      const expected = dead.get(`${tenantId} ${reason}`) ?? 0
      if (counts.deadLettered[reason] !== expected)
        report(`${tenantId}: ${counts.deadLettered[reason]} ${reason}, not ${expected}`)
    }
  }
}

/** The log and the warehouse hold what the collector stored; letters are old, and the warehouse may have let them go. */
async function checkStored(
  { collector, eventLog, warehouse }: World,
  report: (what: string) => void,
): Promise<void> {
  const { stored, dead } = totalsOf({ collector })
  const inLog = async (stream: StreamDefinition): Promise<number> =>
    (await eventLog.ends(stream)).reduce((sum, end) => sum + end, 0)
  const [rows] = await warehouse.query<{ events: number }>({
    sql: `SELECT count() AS events FROM playback_events`,
  })
  const titles = await inLog(catalogEvents)
  const logged = titles + (await inLog(playbackEvents))
  if (titles + (rows?.events ?? 0) !== stored || logged !== stored)
    report(`${rows?.events} events, ${logged} in the log, not ${stored}`)
  const letters = await inLog(deadLetterEvents)
  if (letters !== dead) report(`${letters} letters in the log, not ${dead}`)
}

const keyOf = (tenantId: unknown, sid: unknown, playerId: unknown): string =>
  `${String(tenantId)} ${String(sid)} ${String(playerId)}`

async function compareRows(
  { warehouse }: World,
  { views }: Wave,
  report: (what: string) => void,
): Promise<Kept[]> {
  const rows = await warehouse.query<Record<string, unknown>>({
    sql: `SELECT * FROM views FINAL WHERE sid IN (SELECT arrayJoin({sids:Array(String)}))`,
    params: { sids: [...new Set(views.map(({ sid }) => sid))] },
  })
  const byKey = new Map(rows.map((row) => [keyOf(row['tenantId'], row['sid'], row['playerId']), row]))
  return views.flatMap(({ tenantId, sid, playerId, heard }) => {
    const key = keyOf(tenantId, sid, playerId)
    const view = viewOf(heard, NOW)
    const row = byKey.get(key)
    if ((view === null) !== (row === undefined))
      report(`${key}: ${row === undefined ? 'missing' : 'too much'}`)
    if (view === null || row === undefined) return []
    // Flags that hang on other views are compared when all are known.
    const { bot: _bot, rushed: _rushed, ...own } = view
    for (const one of differences(row, own as ReferenceView)) report(`${key}: ${one}`)
    return [{ ...view, ...NO_LISTS, tenantId, key }]
  })
}

async function checkRows(
  { warehouse }: World,
  expected: number,
  report: (what: string) => void,
): Promise<void> {
  const [count] = await warehouse.query<{ n: number }>({ sql: 'SELECT count() AS n FROM views FINAL' })
  if (count?.n !== expected) report(`${count?.n} rows, not ${expected}`)
}

async function compareFlags(
  { warehouse }: World,
  tenantId: string,
  views: readonly Kept[],
  report: (what: string) => void,
): Promise<void> {
  const rows = await warehouse.query<{ sid: string; playerId: string; rushed: boolean; bot: boolean }>({
    sql: 'SELECT sid, playerId, rushed, bot FROM views FINAL WHERE tenantId = {tenantId:String}',
    params: { tenantId },
  })
  const byKey = new Map(rows.map((row) => [keyOf(tenantId, row.sid, row.playerId), row]))
  for (const { key, rushed, bot } of views) {
    const row = byKey.get(key)
    if (row?.rushed !== rushed || row.bot !== bot) report(`${key}: rushed ${row?.rushed}, bot ${row?.bot}`)
  }
}

/** The tenant's and two titles', over all time and parts of it, with and without what is left out. */
async function compareFigures(
  { warehouse }: World,
  tenantId: string,
  views: readonly Kept[],
  report: (what: string) => void,
): Promise<number> {
  const lengths = new Map(titlesOf(tenantId).map(({ id, lengthMs }) => [id, lengthMs]))
  const lengthOf = (titleId: string): number => lengths.get(titleId) ?? 0
  const periods = [
    { from: 0, to: 9_000_000_000_000 },
    { from: BASE, to: BASE + 86_400_000 },
    { from: BASE + 5 * 3_600_000, to: BASE + 6 * 3_600_000 },
  ]
  let compared = 0
  for (const titleId of [undefined, `${tenantId}-1`, `${tenantId}-7`]) {
    const own = titleId === undefined ? views : views.filter((view) => view.titleId === titleId)
    for (const period of periods) {
      for (const include of [[], LEFT_OUT, ['own'] as const]) {
        const scope = { tenantId, include, ...(titleId === undefined ? {} : { titleId }) }
        const [found] = await warehouse.query(figures(scope, period))
        for (const [name, expected] of Object.entries(figuresOf(own, { period, include, lengthOf }))) {
          compared++
          const value = found?.[name as keyof typeof found]
          if (!isSame(value, expected))
            report(
              `${tenantId} ${titleId ?? ''} ${period.from} [${include.join()}] ${name}: ${value}, not ${expected}`,
            )
        }
      }
    }
  }
  return compared
}

async function compareConcurrency(
  { warehouse }: World,
  tenantId: string,
  views: readonly Kept[],
  report: (what: string) => void,
): Promise<number> {
  const points = await warehouse.query(
    concurrency({ tenantId }, { from: 0, to: 9_000_000_000_000 }, QUARTER_MS),
  )
  const found = new Map(
    points.filter(({ viewers }) => viewers > 0).map(({ at, viewers }) => [at / QUARTER_MS, viewers]),
  )
  const expected = concurrencyOf(
    views.filter((view) => kindOf(view) === ''),
    QUARTER_MS,
  )
  for (const stretch of new Set([...found.keys(), ...expected.keys()])) {
    const [a, b] = [found.get(stretch), expected.get(stretch)]
    if (a !== b) report(`${tenantId}: ${a} at once in quarter ${stretch}, not ${b}`)
  }
  return expected.size
}
