/** The command line that shows features: what there is, how its values are, and whether serving says the same. */
import { parseArgs } from 'node:util'
import type { Command, Commands } from '#base/command.ts'
import { DAY_MS, definitionHash, type OfflineFeature } from '#features/offline/define.ts'
import { FACTS, makeFacts } from '#features/offline/facts.ts'
import { findFromLater } from '#features/offline/from-later.ts'
import { makeTimelines } from '#features/offline/join.ts'
import { compareSettled } from '#features/offline/online-check.ts'
import { lookAt, type Quality } from '#features/offline/quality.ts'
import { findFeatures, offlineFeatures } from '#features/offline/registry.ts'
import { type FeatureCommandPorts, settledAt } from '#features/ports.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

const CHECKED_VIEWERS = 200

/** The feature's rows as one statement that runs on the warehouse as it is. */
const wholeSql = ({ rows }: OfflineFeature): string =>
  `WITH ${FACTS.map(({ name, select }) => `${name} AS (${select})`).join(',\n')}${rows}`

const number = (value: number | null, digits = 4): string =>
  value === null ? '-' : value.toLocaleString('en', { maximumFractionDigits: digits })
const percent = (share: number | null): string => (share === null ? '-' : `${(share * 100).toFixed(1)} %`)
const drifted = (drift: number): string => (drift < 0.1 ? 'steady' : drift < 0.25 ? 'moved' : 'DRIFTED')

function tellQuality({ plays, missingShare, min, max, distinct, changedAt, drift }: Quality): string[] {
  return [
    `at ${number(plays)} plays of the last 35 days: ${percent(missingShare)} missing, ${number(min)} to ${number(max)}, ` +
      `${number(distinct)} distinct`,
    `last changed ${changedAt === null ? 'never' : new Date(changedAt).toISOString()}`,
    drift === null
      ? 'drift: too few plays to tell'
      : `drift ${drift.toFixed(3)} (${drifted(drift)}): last 7 days against the 28 before`,
  ]
}

const fresh = ({ freshForMs }: OfflineFeature): string =>
  freshForMs === null ? 'never stale' : `fresh for ${freshForMs / DAY_MS} days`

function tellOne(feature: OfflineFeature, quality: Quality, print: (line: string) => void): void {
  const { name, owner, description, unit, entity, whenMissing, agreesWith } = feature
  print(`${name}  (${entity}, ${unit}; owner: ${owner})`)
  print(description)
  print(`${fresh(feature)}; ${whenMissing === null ? 'null' : whenMissing} when missing`)
  if (agreesWith !== undefined) print(`online: ${agreesWith}`)
  for (const line of tellQuality(quality)) print(line)
  print(`definition ${definitionHash(feature)}\n`)
  print(wholeSql(feature))
}

function tellAll(found: readonly Quality[], print: (line: string) => void): void {
  const head = ['feature', 'entity', 'owner', 'fresh', 'missing', 'drift', 'range']
  const rows = offlineFeatures.map((feature, i) => {
    const { missingShare, drift, min, max } = found[i] as Quality
    return [
      feature.name,
      feature.entity,
      feature.owner,
      feature.freshForMs === null ? 'always' : `${feature.freshForMs / DAY_MS} d`,
      percent(missingShare),
      drift === null ? '-' : `${drift.toFixed(3)} ${drifted(drift)}`,
      `${number(min, 2)} to ${number(max, 2)}`,
    ]
  })
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] as string).length)),
  )
  for (const row of [head, ...rows]) {
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
  }
}

/** Nothing known too early, and the online store says what its events say. */
async function check(ports: FeatureCommandPorts, tenantId: string, json: boolean): Promise<number> {
  const now = settledAt(ports.now())
  const online = await compareSettled({ ...ports, tenantId, viewers: CHECKED_VIEWERS, seed: 1 })
  const fromLater = await ports.knownAt(tenantId, now, async (known) => {
    await makeFacts(known, tenantId)
    await known.command({
      sql: sql`CREATE TABLE examples ENGINE = MergeTree ORDER BY (at, viewerKey, titleId)
        AS SELECT viewerKey, titleId, startedAt AS at FROM view_facts WHERE viewerKey != ''`,
    })
    await makeTimelines(known, tenantId, offlineFeatures)
    return findFromLater(known, { tenantId, features: offlineFeatures, examples: 'examples' })
  })
  const right = online.mismatches === 0 && fromLater.features.length === 0
  if (json) {
    ports.print(JSON.stringify({ tenantId, online, fromLater, right }))
    return right ? 0 : 1
  }
  const compared = Object.entries(online.compared).map(([name, rows]) => `${number(rows)} of ${name}`)
  ports.print(
    `Served and recomputed values: ${online.mismatches} mismatches in ${compared.join(', ') || 'no rows'} ` +
      `(${online.viewers} viewers; left out: ${online.unsettled} of the last two minutes, ${online.foreign} of other players)`,
  )
  for (const { feature, viewerKey, titleId, online: served, recomputed } of online.examples)
    ports.print(
      `  ${feature} ${viewerKey} ${titleId}: ${JSON.stringify(served)}, not ${JSON.stringify(recomputed)}`,
    )
  ports.print(
    `From the future: ${fromLater.features.map(({ name }) => name).join(', ') || 'none'} ` +
      `(${number(fromLater.compared)} values compared with those made without what came later)`,
  )
  return right ? 0 : 1
}

const command: Command<FeatureCommandPorts> = {
  usage: 'features [name] [--check]',
  summary: 'what models may know: each feature, its values and whether they moved',
  help: `Lists the features with their owner, how long a value stays fresh, how often it is missing, its range, and whether the
values at plays of the last 7 days are spread like those of the 28 days before: population stability index, below 0.1
steady, above 0.25 another population (N. Siddiqi, Credit Risk Scorecards, 2006). With a name, one feature in full, with
the SQL that makes its rows on the warehouse as it is.

  --check         compares the online store of ${CHECKED_VIEWERS} viewers with their events folded again, and every feature with
                  itself made without what came later: exit code 1 where anything differs. Run it every night.
  --tenant <id>   whose values; the platform's own tenant without it
  --json          one JSON document instead of text`,
  run: async (args, ports) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { tenant: { type: 'string' }, json: { type: 'boolean' }, check: { type: 'boolean' } },
      allowPositionals: true,
    })
    const tenantId = values.tenant ?? ports.tenantId
    const json = values.json === true
    if (values.check === true) return check(ports, tenantId, json)
    const features = positionals.length === 0 ? offlineFeatures : findFeatures(positionals)
    const now = settledAt(ports.now())
    const found = await ports.knownAt(tenantId, now, (known) => lookAt(known, { tenantId, now, features }))
    if (json) {
      const all = features.map((feature, i) => ({
        ...feature,
        rows: wholeSql(feature),
        definitionHash: definitionHash(feature),
        quality: found[i],
      }))
      ports.print(JSON.stringify({ tenantId, features: all }))
    } else if (positionals.length === 0) tellAll(found, ports.print)
    else for (const [i, feature] of features.entries()) tellOne(feature, found[i] as Quality, ports.print)
    return 0
  },
}

export const featureCommands: Commands<FeatureCommandPorts> = { features: command }
