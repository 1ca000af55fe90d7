/**
 * Catches features that know the future. What happened or became known after a moment is taken away, the features are
 * made again of the rest, and every value at examples before the moment must be the same. Definitions are not read for
 * it: whatever their SQL does, it finds nothing later to look at.
 */
import { assert } from '#base/assert.ts'
import { Refusal } from '#base/refusal.ts'
import { streams } from '#events/registry.ts'
import { refusals } from '#features/errors.ts'
import type { OfflineFeature } from '#features/offline/define.ts'
import { FACTS } from '#features/offline/facts.ts'
import { joinedTo, makeTimelines } from '#features/offline/join.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

/** Examples looked at before each moment, the latest ones: what a feature knows too early concerns them first. */
const PROBES = 20_000
/** Moments, as shares of the examples before them. */
const SHARES = [0.5, 0.9] as const
const PROBE = { table: 'probes', columns: ['viewerKey', 'titleId', 'at'] } as const

export type FromLater = {
  /** Values compared. */
  readonly compared: number
  /** Features whose values depend on what came later, and how many of the values did. */
  readonly features: readonly { readonly name: string; readonly values: number }[]
}

/** A name space that shows what of `from` was over and known before `at`. */
async function showEarlier(
  { scratch, from, at }: { readonly scratch: Warehouse; readonly from: string; readonly at: string },
  examples: string,
): Promise<void> {
  const show = async (name: string, before: string): Promise<void> =>
    scratch.command({ sql: sql`CREATE VIEW ${name} AS SELECT * FROM ${from}.${name} WHERE ${before}` })
  const instant = sql`fromUnixTimestamp64Milli(toInt64(${at}), 'UTC')`
  for (const { name } of FACTS) await show(name, sql`availableAt < ${at}`)
  for (const { table } of streams) await show(table, sql`derivedAt < ${instant} AND receivedAt < ${instant}`)
  await scratch.command({
    sql: sql`CREATE TABLE views ENGINE = ReplacingMergeTree(revision) ORDER BY (tenantId, sid, playerId)
      AS SELECT * FROM ${from}.views FINAL
      WHERE sid IN (SELECT sid FROM ${from}.view_facts WHERE availableAt < ${at})`,
  })
  await scratch.command({
    sql: sql`CREATE TABLE probes ENGINE = MergeTree ORDER BY (at, viewerKey, titleId)
      AS SELECT viewerKey, titleId, at FROM ${from}.${examples} WHERE at < ${at}
      ORDER BY at DESC, viewerKey, titleId LIMIT ${String(PROBES)}`,
  })
}

const differs = (name: string): string =>
  sql`countIf(isNull(here.${name}) != isNull(there.${name})
    OR ifNull(toFloat64(here.${name}), 0) != ifNull(toFloat64(there.${name}), 0)) AS ${name}`

/** Compares values in `scratch` (facts, timelines and examples are there) with those made without what came later. */
export async function findFromLater(
  scratch: Warehouse,
  { tenantId, features, examples }: FromLaterOptions,
): Promise<FromLater> {
  const [place] = await scratch.query<{ name: string; cuts: number[] }>({
    sql: sql`SELECT currentDatabase() AS name,
      arrayMap(share -> toInt64(share), quantilesExact(${SHARES.join(', ')})(at)) AS cuts FROM ${examples}`,
  })
  assert(place !== undefined, 'an aggregate has a row')
  const found = new Map<string, number>()
  let compared = 0
  for (const at of new Set(place.cuts)) {
    const name = `${place.name.slice(0, 40)}_${at}`
    const earlier = await scratch.inDatabase(name)
    try {
      await showEarlier({ scratch: earlier, from: place.name, at: String(at) }, examples)
      await makeTimelines(earlier, tenantId, features)
      await earlier.command({
        sql: sql`CREATE TABLE said ENGINE = MergeTree ORDER BY (at, viewerKey, titleId)
          AS ${joinedTo(PROBE, features)}`,
      })
      const [counts] = await scratch.query<Record<string, number>>(
        {
          sql: sql`SELECT count() AS examples, ${features.map((feature) => differs(feature.name)).join(', ')}
            FROM (SELECT DISTINCT * FROM (${joinedTo({ ...PROBE, table: `${name}.probes` }, features)})) AS here
            INNER JOIN (SELECT DISTINCT * FROM ${name}.said) AS there
              ON here.viewerKey = there.viewerKey AND here.titleId = there.titleId AND here.at = there.at`,
        },
        { timeoutMs: 300_000 },
      )
      compared += (counts?.['examples'] ?? 0) * features.length
      for (const feature of features) {
        const values = (found.get(feature.name) ?? 0) + (counts?.[feature.name] ?? 0)
        found.set(feature.name, values)
      }
    } finally {
      await earlier.close()
      await scratch.dropDatabase(name)
    }
  }
  const wrong = [...found].filter(([, values]) => values > 0)
  return { compared, features: wrong.map(([name, values]) => ({ name, values })) }
}

export type FromLaterOptions = {
  readonly tenantId: string
  readonly features: readonly OfflineFeature[]
  /** Table of examples with `viewerKey`, `titleId`, `at`. */
  readonly examples: string
}

/** Refuses features that depend on what came after an example; resolves with the number of values compared. */
export async function refuseFromLater(scratch: Warehouse, options: FromLaterOptions): Promise<number> {
  const { compared, features } = await findFromLater(scratch, options)
  if (features.length > 0) {
    const named = features.map(({ name, values }) => `${name} (${values} values)`).join(', ')
    throw new Refusal(
      refusals.featureFromLater,
      `Values change when what came after their examples is taken away: ${named}.`,
    )
  }
  return compared
}
