import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { createImports, type Imports } from '#features/import/imports.ts'
import type { Interactions } from '#features/interactions.ts'
import { modelCommands } from '#models/commands.ts'
import { plantWorld } from '#models/evaluate/planted.ts'
import { openRegistry, type Registry } from '#models/registry.ts'
import type { ModelVersion } from '#models/version.ts'
import { openDiskMedia } from '#storage/media/disk.ts'
import { openEmbeddedPostgres } from '#storage/records/postgres.ts'
import type { Records } from '#storage/records/records.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

let dir: string
let warehouse: Warehouse
let records: Records
let registry: Registry
let imports: Imports

const VIEWS = sql`CREATE TABLE views (tenantId String, sid String, playerId String, titleId String,
  viewerKey Nullable(String), startedAt DateTime64(3,'UTC'), endReason LowCardinality(String), isPlay Bool,
  playingMs UInt32, contentMs UInt32, deviceKind LowCardinality(String),
  surface LowCardinality(String), bot Bool, kids Bool, revision UInt64)
  ENGINE = ReplacingMergeTree(revision) ORDER BY (tenantId, sid, playerId)`

/** Each interaction as one view played to its end. */
async function play(tenantId: string, { viewers, titles, viewer, title, at }: Interactions): Promise<void> {
  const rows = Array.from(viewer, (v, k) => `('${viewers[v]}', '${titles[title[k] as number]}', ${at[k]})`)
  await warehouse.command({
    sql: sql`INSERT INTO views SELECT {tenantId:String}, concat({tenantId:String}, v, t, toString(a)), 'p', t, v,
      fromUnixTimestamp64Milli(a, 'UTC'), 'completed', true, 60000, 60000,
      if(cityHash64(v) % 2 = 0, 'tv', 'phone'), 'watch', false, false, 1
      FROM values('v String, t String, a Int64', ${rows.join(', ')})`,
    params: { tenantId },
  })
}

before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'commands-'))
  warehouse = await openChdb({ dir: path.join(dir, 'warehouse'), log: silentLog })
  records = await openEmbeddedPostgres({ dir: path.join(dir, 'records'), log: silentLog })
  registry = await openRegistry({
    records,
    media: openDiskMedia({ dir: path.join(dir, 'media') }),
    clock: systemClock,
  })
  imports = createImports({
    folder: path.join(dir, 'imports'),
    engine: async () => warehouse,
    viewerKey: (_, id) => id,
    children: async () => [],
    clock: systemClock,
  })
  await ensureStreamTables(warehouse)
  await warehouse.command({ sql: VIEWS })
  const world = {
    viewers: 120,
    titles: 50,
    tastes: 2,
    plays: 2000,
    loyalty: 0.95,
    beganAt: 1_700_000_000_000,
  }
  await play('demo', plantWorld({ ...world, seed: 4 }).interactions)
})
after(async () => {
  await registry?.close()
  await records?.close()
  await warehouse?.close()
  await rm(dir, { recursive: true, force: true })
})

async function run(name: string, ...args: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = []
  const print = (line: string): void => void lines.push(line)
  const command = modelCommands[name]
  assert.ok(command)
  const ports = { warehouse, registry, imports, tenantId: 'demo', by: 'ann', print }
  const code = await command.run(args, ports)
  return { code, lines }
}

test('train, look, promote, evaluate on what came after, roll back', async () => {
  const trained = await run('train', '--seed', '3', '--promote')
  assert.equal(trained.code, 0, trained.lines.join('\n'))
  assert.match(trained.lines[0] as string, /^Trains on /)
  assert.ok(trained.lines.some((line) => /choosing epoch 1 of at most 60/.test(line)))
  assert.ok(trained.lines.some((line) => /ndcg@10 .* against (popularity|ease)/.test(line)))
  assert.ok(trained.lines.some((line) => /^ {2}open +not below ease: ndcg@10 /.test(line)))
  const [model] = JSON.parse((await run('models', '--json')).lines[0] as string) as ModelVersion[]
  assert.equal(model?.state, 'champion')
  assert.equal(model?.seed, 3)

  const again = JSON.parse((await run('train', '--seed', '3', '--json')).lines[0] as string) as ModelVersion
  assert.equal(again.dataHash, model?.dataHash)
  assert.deepEqual(again.metrics, model?.metrics)
  const [first, second] = await Promise.all([
    registry.artifact(model as ModelVersion),
    registry.artifact(again),
  ])
  assert.deepEqual(first, second)

  const silent = JSON.parse(
    (await run('evaluate', model?.version as string, '--json')).lines[0] as string,
  ) as object
  assert.equal((silent as { since: unknown }).since, null)
  const later = plantWorld({
    viewers: 120,
    titles: 50,
    tastes: 2,
    plays: 1500,
    loyalty: 0.95,
    beganAt: 1_705_000_000_000,
    seed: 2,
  })
  await play('demo', later.interactions)
  const evaluated = await run('evaluate', model?.version as string)
  assert.ok(
    evaluated.lines.some((line) => /^On plays since, \d+ viewers:/.test(line)),
    evaluated.lines.join('\n'),
  )

  const html = path.join(dir, 'report.html')
  await run('evaluate', '--html', html)
  const page = await readFile(html, 'utf8')
  assert.match(page, /<h1>ncf-/)
  assert.match(page, /ndcg@10 above each baseline/)
  assert.match(page, /on phone/)
  const compared = await run('compare', again.version, model?.version as string)
  assert.ok(
    compared.lines.some((line) => line.includes(`${model?.id} ndcg@10`) && / \+0.0000/.test(line)),
    compared.lines.join('\n'),
  )
  const card = (await run('models', again.version, '--card')).lines.join('\n')
  assert.match(card, /before viewers at the time: ncf-/)
  assert.match(card, /open: not below the champion/)

  assert.deepEqual((await run('promote', again.version)).lines, [`Viewers get ${again.id} now.`])
  assert.deepEqual((await run('rollback')).lines, [`Viewers get ${model?.id} again.`])
  assert.deepEqual((await run('rollback', '--json')).lines, ['null'])
})

test('a version with a closed gate stays away from viewers, unless somebody says why', async () => {
  const noise = plantWorld({
    viewers: 60,
    titles: 40,
    tastes: 2,
    plays: 600,
    loyalty: 0,
    beganAt: 1_700_000_000_000,
    seed: 9,
  })
  await play('noise', noise.interactions)
  const trained = await run('train', '--tenant', 'noise', '--model', 'als', '--promote')
  assert.equal(trained.code, 1)
  assert.ok(trained.lines.some((line) => /^ {2}CLOSED +above popularity: /.test(line)))
  const [model] = await registry.list('noise')
  assert.equal(model?.state, 'candidate')
  await assert.rejects(run('promote', model?.id as string, '--tenant', 'noise'), { code: 'SV_GATE_CLOSED' })
  const despite = ['--tenant', 'noise', '--despite', 'to show it at the fair']
  assert.deepEqual((await run('promote', model?.id as string, ...despite)).lines, [
    `Viewers get ${model?.id} now.`,
  ])
})

test('every kind trains, is measured and can be served', async () => {
  for (const name of ['ease', 'bpr', 'item-knn']) {
    const { code, lines } = await run('train', '--model', name, '--search', '2', '--json')
    assert.equal(code, 0)
    const model = JSON.parse(lines[0] as string) as ModelVersion
    assert.equal(model.name, name)
    assert.equal(model.lineage?.tries, 2)
    assert.equal(
      model.baselines.some((one) => one.name === 'ease'),
      name !== 'ease',
    )
  }
})

test('learns from a set that was brought along, and is measured on what came after', async () => {
  const sizes = { viewers: 100, titles: 40, tastes: 2, plays: 1500, loyalty: 0.95 }
  const rowsFrom = (seed: number, beganAt: number): string[] => {
    const { viewers, titles, viewer, title, at } = plantWorld({ ...sizes, seed, beganAt }).interactions
    return Array.from(viewer, (v, k) => `${viewers[v]},${titles[title[k] as number]},${at[k]}\n`)
  }
  const bring = async (name: string, rows: readonly string[]): Promise<void> => {
    const file = path.join(dir, `${name}.csv`)
    await writeFile(file, ['user,item,timestamp\n', ...rows])
    await imports.add({ tenantId: 'own', from: file })
  }
  const [early, later] = [rowsFrom(5, 1_600_000_000_000), rowsFrom(6, 1_605_000_000_000)]
  await bring('early', early)
  await bring('all', [...early, ...later])
  const { lines } = await run('train', '--tenant', 'own', '--from', 'early', '--json')
  const model = JSON.parse(lines[0] as string) as ModelVersion
  assert.deepEqual([model.viewerCount, model.titleCount], [100, 40])
  assert.equal(model.lineage?.source, 'import early')
  await assert.rejects(run('promote', model.id, '--tenant', 'own'), { code: 'SV_GATE_CLOSED' })
  const evaluated = await run('evaluate', '--tenant', 'own', '--from', 'all')
  assert.ok(
    evaluated.lines.some((line) => /^On plays since, \d+ viewers:/.test(line)),
    evaluated.lines.join('\n'),
  )
  await assert.rejects(run('train', '--tenant', 'own', '--from', 'none'), { code: 'SV_IMPORT_MISSING' })
  await assert.rejects(run('train', '--from', 'early'), { code: 'SV_IMPORT_MISSING' })
})

test('says what is wrong', async () => {
  await assert.rejects(run('train', '--tenant', 'empty'), { code: 'SV_TOO_FEW_INTERACTIONS' })
  await assert.rejects(run('evaluate', '--tenant', 'empty'), { code: 'SV_MODEL_MISSING' })
  await assert.rejects(run('promote', 'nothing'), { code: 'SV_MODEL_MISSING' })
  await assert.rejects(run('rollback', '--tenant', 'empty'), { code: 'SV_NOTHING_TO_ROLL_BACK' })
  await assert.rejects(run('train', '--model', 'magic'), { code: 'SV_MODEL_KIND_UNKNOWN' })
  await assert.rejects(run('compare', 'one'), /takes two versions/)
  await assert.rejects(run('promote'), /takes the version/)
  await assert.rejects(run('train', '--seed', 'x'), /whole number/)
  await assert.rejects(run('train', '--engine', 'cuda'), /--engine takes auto, wasm, tfjs, not cuda/)
  await assert.rejects(run('train', '--sed', '1'), /Unknown option/)
  assert.deepEqual((await run('models', '--tenant', 'empty')).lines, [
    'No model has been trained yet: streamverse train',
  ])
})
