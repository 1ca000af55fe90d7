/** The command lines of features and training sets, on a small world. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { END, openWorld, TENANT, type World } from '#demo/world.fixture.ts'
import type { StoredEvent } from '#events/define.ts'
import { featureCommands } from '#features/offline/command.ts'
import { stabilityIndex } from '#features/offline/quality.ts'
import { offlineFeatures } from '#features/offline/registry.ts'
import type { FeatureCommandPorts } from '#features/ports.ts'
import { features } from '#features/registry.ts'
import { datasetCommands } from '#features/training-set/command.ts'
import { openLmdb } from '#storage/online-store/lmdb.ts'
import type { Json, OnlineStore, Row } from '#storage/online-store/online-store.ts'

const HOUR = 3_600_000
let world: World
let online: OnlineStore
let said: string[] = []
/** What happens while a command waits. */
let meanwhile: () => Promise<void> = async () => {}
/** What the online store holds: every row folded once. */
let rows: Row[] = []

before(async () => {
  world = await openWorld(20)
  online = openLmdb({ dir: path.join(world.folder, 'online') })
  rows = foldAll(world.events)
  await online.put(rows)
})
after(async () => {
  await online?.close()
  await world?.close()
})

function foldAll(events: readonly StoredEvent[]): Row[] {
  const titles = events.filter(({ type }) => type === 'catalog.title.upserted')
  const lengths = new Map(titles.map((event) => [event['titleId'], event['durationMs'] as number]))
  const held = new Map<string, Row>()
  for (const feature of features) {
    for (const event of events) {
      const about = feature.keyOf(event)
      if (about === null) continue
      const key = { space: feature.space, tenantId: TENANT, ...about }
      const name = JSON.stringify(key)
      const durationMs = lengths.get(about.item) ?? null
      const state = feature.fold(held.get(name)?.value ?? null, event, { durationMs })
      held.set(name, { ...key, value: state as Json, at: feature.atOf(state) })
    }
  }
  return [...held.values()]
}

const ports = (): FeatureCommandPorts => ({
  by: 'test',
  print: (line) => said.push(line),
  tenantId: TENANT,
  now: () => END + HOUR,
  wait: async () => meanwhile(),
  warehouse: world.warehouse,
  online,
  knownAt: (_tenantId, at, ask) => world.knownAt(at, ask),
})
async function run(name: 'features' | 'dataset', ...args: string[]): Promise<{ code: number; out: string }> {
  said = []
  const command = name === 'features' ? featureCommands['features'] : datasetCommands['dataset']
  const code = (await command?.run(args, ports())) ?? -1
  return { code, out: said.join('\n') }
}
const folder = (name: string): string => path.join(world.folder, name)

test('features lists each with its owner, freshness, share missing and drift', async () => {
  const { code, out } = await run('features')
  assert.equal(code, 0)
  const lines = out.split('\n')
  assert.match(lines[0] as string, /^feature +entity +owner +fresh +missing +drift +range$/)
  assert.equal(lines.length, offlineFeatures.length + 1)
  assert.match(
    out,
    /^titlePlays7d +title +recommendations +7 d +\d+\.\d % +\d\.\d{3} (steady|moved|DRIFTED) /m,
  )
  assert.match(out, /^viewerPlays +viewer +recommendations +always +\d/m)
})

test('one feature is shown in full; its SQL runs on the warehouse as it is', async () => {
  const { out } = await run('features', 'titleScore')
  assert.match(out, /^titleScore {2}\(title, plays; owner: recommendations\)$/m)
  assert.match(out, /fresh for 90 days; 0 when missing/)
  assert.match(out, /^definition [0-9a-f]{64}$/m)
  await world.buildViews()
  const shown = out.slice(out.indexOf('WITH '))
  const values = await world.warehouse.query<{ titleId: string; value: number }>({
    sql: shown,
    params: { tenantId: TENANT },
  })
  assert.ok(values.length > 300 && values.every(({ value }) => value >= 0))
  const asJson = JSON.parse((await run('features', 'viewerPlays', '--json')).out) as {
    features: { name: string; quality: { plays: number; missingShare: number; min: number } }[]
  }
  const [viewerPlays] = asJson.features
  assert.equal(viewerPlays?.name, 'viewerPlays')
  assert.ok((viewerPlays?.quality.plays ?? 0) > 400)
  assert.ok((viewerPlays?.quality.missingShare ?? 0) > 0 && (viewerPlays?.quality.missingShare ?? 1) < 0.1)
  assert.equal(viewerPlays?.quality.min, 1)
  await assert.rejects(run('features', 'nothing'), { code: 'SV_FEATURE_MISSING' })
})

test('equal spreads have no drift, shifted ones much, by the formula', () => {
  assert.equal(stabilityIndex([10, 20, 30], [10, 20, 30]), 0)
  const [q, p] = [
    [0.25, 0.75],
    [0.5, 0.5],
  ] as const
  const exact = (p[0] - q[0]) * Math.log(p[0] / q[0]) + (p[1] - q[1]) * Math.log(p[1] / q[1])
  assert.ok(Math.abs(stabilityIndex([250_000, 750_000], [500_000, 500_000]) - exact) < 1e-5)
  assert.ok(stabilityIndex([1000, 0], [0, 1000]) > 10)
})

test('served values equal recomputed ones, and one that does not is named', async () => {
  const right = await run('features', '--check', '--json')
  const found = JSON.parse(right.out) as {
    online: { mismatches: number; compared: Record<string, number>; viewers: number }
    fromLater: { features: unknown[]; compared: number }
  }
  assert.deepEqual([right.code, found.online.mismatches, found.fromLater.features], [0, 0, []])
  const inSpace = (space: string): number => rows.filter((row) => row.space === space).length
  assert.deepEqual(found.online.compared, { history: inSpace('history'), feedback: inSpace('feedback') })
  assert.equal(found.online.viewers, 20)
  const [lost, changed] = rows.filter((row) => row.space === 'history') as [Row, Row]
  await online.delete([{ ...lost, at: lost.at + 1 }])
  await online.put([
    { ...changed, at: changed.at + 1, value: { ...(changed.value as object), positionMs: 1 } as Json },
  ])
  // Put right while it waits: it was on its way.
  meanwhile = () =>
    online.put([
      { ...lost, at: lost.at + 2 },
      { ...changed, at: changed.at + 2 },
    ])
  assert.match((await run('features', '--check')).out, /^Served and recomputed values: 0 mismatches in /)
  meanwhile = async () => {}
  await online.delete([{ ...lost, at: lost.at + 3 }])
  await online.put([
    { ...changed, at: changed.at + 3, value: { ...(changed.value as object), positionMs: 1 } as Json },
  ])
  const wrong = await run('features', '--check')
  assert.equal(wrong.code, 1)
  assert.match(wrong.out, /^Served and recomputed values: 2 mismatches in /)
  assert.match(wrong.out, new RegExp(`^ {2}history ${lost.entity} ${lost.item}: null, not `, 'm'))
  assert.match(
    wrong.out,
    new RegExp(`^ {2}history ${changed.entity} ${changed.item}: .*"positionMs":1[,}]`, 'm'),
  )
  assert.match(wrong.out, /^From the future: none \([\d,]+ values compared/m)
})

test('dataset writes the parts and a manifest that can make them again', async () => {
  const out = folder('set')
  const first = await run(
    'dataset',
    '--out',
    out,
    '--features',
    'viewerPlays,titlePlays7d',
    '--negatives',
    'uniform',
  )
  assert.equal(first.code, 0)
  assert.match(first.out, /^Wrote [\d,]+ rows to [^]*\d taken, [\d,]+ not taken,$/m)
  const manifest = JSON.parse(readFileSync(path.join(out, 'manifest.json'), 'utf8')) as {
    dataHash: string
    rows: number
    files: { name: string; bytes: number }[]
    schema: { name: string }[]
  }
  const [file] = manifest.files
  assert.equal(readFileSync(path.join(out, file?.name ?? '')).length, file?.bytes)
  assert.deepEqual(
    manifest.schema.slice(-2).map(({ name }) => name),
    ['viewerPlays', 'titlePlays7d'],
  )
  const again = /--as-of \S+ --as-known-at \S+$/m.exec(first.out)?.[0].split(' ') ?? []
  const options = ['--features', 'viewerPlays,titlePlays7d', '--negatives', 'uniform', '--json']
  const second = await run('dataset', '--out', out, ...options, ...again)
  assert.deepEqual(JSON.parse(second.out), manifest)
  assert.equal(existsSync(`${out}.draft-${process.pid}`), false)
  const arrow = folder('arrows')
  assert.equal((await run('dataset', '--out', arrow, '--format', 'arrow', ...options, ...again)).code, 0)
  const parquetRows = await readBack(path.join(out, 'part-00000.parquet'), 'Parquet')
  assert.equal(parquetRows.length, manifest.rows)
  assert.deepEqual(await readBack(path.join(arrow, 'part-00000.arrows'), 'ArrowStream'), parquetRows)
  const order = parquetRows.map(({ at, viewerKey, titleId, kind }) => `${at} ${viewerKey} ${titleId} ${kind}`)
  assert.deepEqual(order, order.toSorted())
})

type StoredRow = { at: number; viewerKey: string; titleId: string; kind: string; viewerPlays: number }
/** The rows of a file in its order, as another reader of the format finds them. */
const readBack = (file: string, format: string): Promise<StoredRow[]> =>
  world.warehouse.query<StoredRow>({
    sql: `SELECT toUnixTimestamp64Milli(at) AS at, viewerKey, titleId, kind, viewerPlays FROM file({file:String}, '${format}')`,
    params: { file },
  })

test('dataset refuses mistakes in words, and never writes over what is not a training set', async () => {
  const out = folder('things')
  for (const [args, message] of [
    [['--negatives', 'none'], /--negatives takes exposed or uniform or popularity, not none/],
    [['--split', 'random'], /--split takes time or leave-one-out/],
    [['--seed', '-1'], /--seed takes a whole number|ambiguous/],
    [['--as-of', 'yesterday'], /--as-of takes an instant such as/],
    [['--as-known-at', '2100-01-01T00:00Z'], /--as-known-at takes an instant up to 2026-04-29T00:59/],
    [['--per-positive', '0'], /--per-positive takes a whole number from 1 to 100/],
  ] as const) {
    await assert.rejects(run('dataset', '--out', out, ...args), message)
  }
  assert.equal(existsSync(out), false)
  writeFileSync(out.replace('things', 'file.txt'), 'mine')
  await assert.rejects(run('dataset', '--out', world.folder), { code: 'SV_DATASET_FOLDER_TAKEN' })
  assert.equal(readFileSync(folder('file.txt'), 'utf8'), 'mine')
})
