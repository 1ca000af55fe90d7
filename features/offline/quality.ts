/**
 * How the values of features are: at the plays of the last weeks, as they were known at each, their range, how many there
 * are and how many are missing, and whether those of the last seven days are spread like those of the 28 days before.
 */
import { DAY_MS, type OfflineFeature } from '#features/offline/define.ts'
import { makeFacts } from '#features/offline/facts.ts'
import { joinedTo, makeTimelines } from '#features/offline/join.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export type Quality = {
  readonly name: string
  /** Plays looked at. */
  readonly plays: number
  /** Share of them without a value of its own: null, or what stands for a missing one. */
  readonly missingShare: number | null
  readonly min: number | null
  readonly max: number | null
  readonly distinct: number
  /** Epoch ms of the newest event that changed a value; null when none ever did. */
  readonly changedAt: number | null
  /** Population stability index; null where either period has fewer than `FEWEST` plays. */
  readonly drift: number | null
}

const RECENT_DAYS = 7
const BASE_DAYS = 28
/** Plays looked at, chosen by a hash: a bound on time, not on what is found. */
const MOST_PLAYS = 200_000
const FEWEST = 100
const WITHIN = { timeoutMs: 300_000 } as const

/**
 * Population stability index: the sum over bins of (p - q) ln(p / q), p and q the shares of now and of before (N. Siddiqi,
 * "Credit Risk Scorecards", 2006): the symmetric divergence of Jeffreys. Half a row is added to each bin, so that an empty
 * one counts as rare, not as impossible. Below 0.1 is steady by convention, above 0.25 another population.
 */
export function stabilityIndex(before: readonly number[], now: readonly number[]): number {
  const shares = (counts: readonly number[]): number[] => {
    const total = counts.reduce((sum, count) => sum + count + 0.5, 0)
    return counts.map((count) => (count + 0.5) / total)
  }
  const [q, p] = [shares(before), shares(now)]
  return p.reduce((sum, share, i) => sum + (share - (q[i] as number)) * Math.log(share / (q[i] as number)), 0)
}

/** Where a feature's own value is missing; what stands for it does not tell. */
const hasNone = (name: string): string => sql`isNull(values.${name})`

async function driftOf(known: Warehouse, name: string, since: number): Promise<number | null> {
  const bins = await known.query<{ before: number; now: number }>(
    {
      sql: sql`
        WITH (SELECT arrayDistinct(quantilesExact(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)(assumeNotNull(${name})))
          FROM values WHERE at < {since:Int64} AND ${name} IS NOT NULL) AS edges
        SELECT if(${hasNone(name)}, -1, arrayCount(edge -> edge < assumeNotNull(values.${name}), edges)) AS bin,
          countIf(at < {since:Int64}) AS before, countIf(at >= {since:Int64}) AS now
        FROM values GROUP BY bin ORDER BY bin`,
      params: { since },
    },
    WITHIN,
  )
  const sum = (of: readonly number[]): number => of.reduce((total, count) => total + count, 0)
  const [before, now] = [bins.map((bin) => bin.before), bins.map((bin) => bin.now)]
  return Math.min(sum(before), sum(now)) < FEWEST ? null : stabilityIndex(before, now)
}

/** Makes the values in `known`, the warehouse as it was known at `now`, and looks at them. */
export async function lookAt(
  known: Warehouse,
  {
    tenantId,
    now,
    features,
  }: { readonly tenantId: string; readonly now: number; readonly features: readonly OfflineFeature[] },
): Promise<Quality[]> {
  await makeFacts(known, tenantId)
  // What stands for a missing value would hide that it is missing.
  const bare = features.map((feature) => ({ ...feature, whenMissing: null }))
  await makeTimelines(known, tenantId, bare)
  const since = now - RECENT_DAYS * DAY_MS
  await known.command(
    {
      sql: sql`CREATE TABLE looked ENGINE = MergeTree ORDER BY (at, viewerKey, titleId)
        AS SELECT viewerKey, titleId, startedAt AS at FROM view_facts
        WHERE isPlay AND viewerKey != '' AND startedAt >= {from:Int64} AND startedAt < {now:Int64}
        ORDER BY sipHash64(sid), sid LIMIT ${String(MOST_PLAYS)}`,
      params: { from: since - BASE_DAYS * DAY_MS, now },
    },
    WITHIN,
  )
  await known.command(
    {
      sql: sql`CREATE TABLE values ENGINE = MergeTree ORDER BY at
        AS ${joinedTo({ table: 'looked', columns: ['viewerKey', 'titleId', 'at'] }, bare)}`,
    },
    WITHIN,
  )
  const found: Quality[] = []
  for (const { name, rows } of features) {
    const [own] = await known.query<Omit<Quality, 'name' | 'drift' | 'changedAt'>>({
      sql: sql`SELECT count() AS plays, if(plays = 0, NULL, countIf(${hasNone(name)}) / plays) AS missingShare,
          min(${name}) AS min, max(${name}) AS max, uniqExact(${name}) AS distinct
        FROM values`,
    })
    const [change] = await known.query<{ changedAt: number | null }>(
      {
        sql: sql`SELECT maxOrNull(toInt64(eventAt)) AS changedAt FROM (${rows}) WHERE eventAt <= {now:Int64}`,
        params: { tenantId, now },
      },
      WITHIN,
    )
    const none = { plays: 0, missingShare: null, min: null, max: null, distinct: 0 }
    found.push({
      name,
      ...(own ?? none),
      changedAt: change?.changedAt ?? null,
      drift: await driftOf(known, name, since),
    })
  }
  return found
}
