/**
 * Holds what pages are made with against what the warehouse says: the rows of the online store of some viewers, field by
 * field, beside the same features folded again from their events. A difference means that training and serving know
 * different things: an event lost, doubled or folded by other rules. The number to see is 0.
 */
import type { StoredEvent } from '#events/define.ts'
import { playbackEvents } from '#events/playback.ts'
import type { Feature } from '#features/define.ts'
import { TITLE_LENGTHS } from '#features/interactions.ts'
import { features as onlineFeatures } from '#features/registry.ts'
import type { Json, OnlineStore } from '#storage/online-store/online-store.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export type OnlineCheck = {
  readonly viewers: number
  /** Rows compared, by feature. */
  readonly compared: Readonly<Record<string, number>>
  /** Rows that say another thing, are missing or too many; 0 is right. */
  readonly mismatches: number
  /** The first of them. */
  readonly examples: readonly Mismatch[]
  /** Rows left out: something came in the last two minutes, or a player without our code reported. */
  readonly unsettled: number
  readonly foreign: number
}
export type Mismatch = {
  readonly feature: string
  readonly viewerKey: string
  readonly titleId: string
  readonly online: Json
  readonly recomputed: Json
}
type OnlineCheckOptions = {
  readonly warehouse: Warehouse
  readonly online: OnlineStore
  readonly tenantId: string
  /** Epoch ms. */
  readonly now: number
  /** Viewers looked at, chosen by a hash with `seed`. */
  readonly viewers: number
  readonly seed: number
}

const SETTLE_MS = 120_000
const MOST_EXAMPLES = 20
/** Viewers whose events are in memory at once. */
const AT_ONCE = 50

const nameOf = (viewerKey: string, titleId: string): string => JSON.stringify([viewerKey, titleId])

/** The same value gives the same text, whatever order its fields were put in. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    one !== null && typeof one === 'object' && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )

/** Events of these viewers as they were folded: what a feature reads, with times as numbers, in order of arrival. */
const eventsOf = (table: string, tenantId: string, viewers: readonly string[]) => ({
  sql: sql`
    SELECT * EXCEPT (createdAt, sentAt, receivedAt, derivedAt), toUnixTimestamp64Milli(derivedAt) AS derivedAt,
      toUnixTimestamp64Milli(receivedAt) AS receivedAt
    FROM ${table}
    WHERE tenantId = {tenantId:String} AND viewerKey IN {viewers:Array(String)}
    ORDER BY receivedAt, logOffset, eventId`,
  params: { tenantId, viewers },
})

async function fold(
  warehouse: Warehouse,
  feature: Feature<unknown>,
  {
    tenantId,
    viewers,
    lengths,
  }: { tenantId: string; viewers: readonly string[]; lengths: ReadonlyMap<string, number> },
): Promise<Map<string, Map<string, unknown>>> {
  const states = new Map<string, Map<string, unknown>>(viewers.map((viewer) => [viewer, new Map()]))
  for (const { table } of feature.streams) {
    const events = await warehouse.query<StoredEvent>(eventsOf(table, tenantId, viewers), {
      timeoutMs: 120_000,
    })
    for (const event of events) {
      const about = feature.keyOf(event)
      const own = about === null ? undefined : states.get(about.entity)
      if (about === null || own === undefined) continue
      const durationMs = lengths.get(about.item) ?? null
      own.set(about.item, feature.fold(own.get(about.item) ?? null, event, { durationMs }))
    }
  }
  return states
}

type Chosen = {
  readonly viewers: readonly string[]
  readonly lengths: ReadonlyMap<string, number>
  /** Viewers and titles that players without our code reported of: folded from their views, not from their events. */
  readonly foreign: ReadonlySet<string>
}

async function choose({ warehouse, tenantId, viewers: most, seed }: OnlineCheckOptions): Promise<Chosen> {
  const chosen = await warehouse.query<{ viewerKey: string }>({
    sql: sql`SELECT assumeNotNull(viewerKey) AS viewerKey FROM playback_events
      WHERE tenantId = {tenantId:String} AND viewerKey IS NOT NULL GROUP BY viewerKey
      ORDER BY sipHash64({seed:UInt64}, viewerKey), viewerKey LIMIT {most:UInt32}`,
    params: { tenantId, seed, most },
  })
  const viewers = chosen.map(({ viewerKey }) => viewerKey)
  const titles = await warehouse.query<{ titleId: string; durationMs: number }>({
    sql: sql`SELECT titleId, durationMs FROM ${TITLE_LENGTHS} WHERE durationMs > 0`,
    params: { tenantId },
  })
  const reported = await warehouse.query<{ viewerKey: string; titleId: string }>({
    sql: sql`SELECT DISTINCT assumeNotNull(viewerKey) AS viewerKey, titleId FROM playback_events
      WHERE tenantId = {tenantId:String} AND type = 'playback.report.heard' AND viewerKey IN {viewers:Array(String)}`,
    params: { tenantId, viewers },
  })
  return {
    viewers,
    lengths: new Map(titles.map(({ titleId, durationMs }) => [titleId, durationMs])),
    foreign: new Set(reported.map(({ viewerKey, titleId }) => nameOf(viewerKey, titleId))),
  }
}

async function compareOnline(options: OnlineCheckOptions): Promise<OnlineCheck> {
  const { warehouse, online, tenantId, now } = options
  const { viewers, lengths, foreign } = await choose(options)
  const compared: Record<string, number> = {}
  const examples: Mismatch[] = []
  let [mismatches, unsettled, left] = [0, 0, 0]
  const compare = (feature: Feature<unknown>, row: Omit<Mismatch, 'feature'>): void => {
    const { viewerKey, titleId, online: served, recomputed } = row
    const at = Math.max(...[served, recomputed].map((state) => (state === null ? 0 : feature.atOf(state))))
    if (feature.streams.includes(playbackEvents) && foreign.has(nameOf(viewerKey, titleId))) left++
    else if (at > now - SETTLE_MS) unsettled++
    else {
      compared[feature.space] = (compared[feature.space] ?? 0) + 1
      if (textOf(served) === textOf(recomputed)) return
      mismatches++
      if (examples.length < MOST_EXAMPLES) examples.push({ feature: feature.space, ...row })
    }
  }
  for (let from = 0; from < viewers.length; from += AT_ONCE) {
    const some = viewers.slice(from, from + AT_ONCE)
    for (const feature of onlineFeatures) {
      const states = await fold(warehouse, feature, { tenantId, viewers: some, lengths })
      for (const viewerKey of some) {
        const own = states.get(viewerKey) ?? new Map<string, unknown>()
        const rows = await online.list(feature.space, tenantId, viewerKey)
        const served = new Map(rows.map(({ item, value }) => [item, value]))
        for (const titleId of new Set([...own.keys(), ...served.keys()])) {
          const recomputed = (own.get(titleId) ?? null) as Json
          compare(feature, { viewerKey, titleId, online: served.get(titleId) ?? null, recomputed })
        }
      }
    }
  }
  return { viewers: viewers.length, compared, mismatches, examples, unsettled, foreign: left }
}

const LOOK_AGAIN_MS = 3000
const MOST_LOOKS = 20

/**
 * The same once both sides stand still: what is on its way into one of them, a minute of import or a burst, is no mismatch.
 * Looks again until two looks find the same, at most twenty times.
 */
export async function compareSettled(
  options: Omit<OnlineCheckOptions, 'now'> & {
    readonly now: () => number
    readonly wait: (ms: number) => Promise<void>
  },
): Promise<OnlineCheck> {
  const look = (): Promise<OnlineCheck> => compareOnline({ ...options, now: options.now() })
  let last = await look()
  for (let looks = 1; last.mismatches > 0 && looks < MOST_LOOKS; looks++) {
    await options.wait(LOOK_AGAIN_MS)
    const next = await look()
    const same = next.mismatches === last.mismatches && textOf(next.examples) === textOf(last.examples)
    last = next
    if (same) break
  }
  return last
}
