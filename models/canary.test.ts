import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { uuidv7 } from '#base/ids.ts'
import { silentLog } from '#base/log.ts'
import { createRandom } from '#base/random.ts'
import { discoveryEvents, slateServed } from '#events/discovery.ts'
import { serverEvent, streamColumns } from '#events/registry.ts'
import { ARMS, armOf, experimentOf, judgeGuardrail, type Summary } from '#models/canary.ts'
import { readGuardrails } from '#models/watch-canary.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { encodeBlock } from '#storage/warehouse/native.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

const keys = Array.from({ length: 20_000 }, (_, k) => `viewer-${k}`)

test('a tenth of the viewers is a tenth, the same ones each time, others for another version', () => {
  const inCanary = (modelId: string): string[] =>
    keys.filter((key) => armOf({ modelId, share: 0.1 }, key) === 'canary')
  const [first, second] = [inCanary('ncf-1'), inCanary('ncf-2')]
  assert.deepEqual(inCanary('ncf-1'), first)
  for (const drawn of [first, second]) assert.ok(Math.abs(drawn.length / keys.length - 0.1) < 0.01)
  const both = first.filter((key) => second.includes(key)).length
  assert.ok(Math.abs(both / first.length - 0.1) < 0.03, `${both} of ${first.length} in both`)
})

function summed(values: readonly number[]): Summary {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1)
  return { viewers: values.length, mean, variance }
}

/** Whether a guardrail breaks at any of many looks while viewers come in. */
function everBreaks(seed: number, drop: number): boolean {
  const random = createRandom(seed)
  const [canary, champion]: [number[], number[]] = [[], []]
  for (let viewer = 0; viewer < 4000; viewer++) {
    const plays = -Math.log(1 - random.next()) * 3
    if (viewer % 4 === 0) canary.push(plays * (1 - drop))
    else champion.push(plays)
    if (viewer % 50 !== 49) continue
    const judged = judgeGuardrail({ name: 'plays', canary: summed(canary), champion: summed(champion) })
    if (judged.verdict === 'broken') return true
  }
  return false
}

test('equal arms, looked at eighty times, break a guardrail in hardly a run; a loss of a third breaks it', () => {
  const runs = Array.from({ length: 200 }, (_, seed) => seed)
  const byChance = runs.filter((seed) => everBreaks(seed, 0)).length
  assert.ok(byChance <= 10, `${byChance} of 200`)
  const found = runs.filter((seed) => everBreaks(seed, 1 / 3)).length
  assert.ok(found >= 190, `${found} of 200`)
})

/** Equal arms whose viewers' plays go on adding up, looked at every ten minutes for a day. */
function breaksWhileItGrows(seed: number, share: number, perDay: number): boolean {
  const random = createRandom(seed)
  const viewers = Array.from({ length: 1000 }, (_, k) => ({
    canary: random.next() < share,
    from: k * 0.1,
    rate: (-Math.log(1 - random.next()) * perDay) / 144,
    plays: 0,
  }))
  for (let look = 0; look < 144; look++) {
    const here = viewers.filter(({ from }) => from <= look)
    for (const viewer of here) if (random.next() < viewer.rate) viewer.plays++
    const of = (canary: boolean): number[] =>
      here.filter((viewer) => viewer.canary === canary).map(({ plays }) => plays)
    if (of(true).length < 2 || of(false).length < 2) continue
    const judged = judgeGuardrail({ name: 'plays', canary: summed(of(true)), champion: summed(of(false)) })
    if (judged.verdict === 'broken') return true
  }
  return false
}

for (const share of [0.05, 0.1, 0.5]) {
  test(`equal arms whose plays add up, ${share * 100} % in the canary, break a guardrail in hardly a run`, () => {
    const runs = Array.from({ length: 60 }, (_, seed) => seed)
    for (const perDay of [1, 3]) {
      const broken = runs.filter((seed) => breaksWhileItGrows(seed, share, perDay)).length
      assert.ok(broken <= 3, `${broken} of 60 at ${perDay} plays a day`)
    }
  })
}

test('few viewers decide nothing', () => {
  const few = { viewers: 49, mean: 0, variance: 0 }
  const { verdict } = judgeGuardrail({
    name: 'plays',
    canary: few,
    champion: { viewers: 1000, mean: 9, variance: 1 },
  })
  assert.equal(verdict, 'too few viewers')
})

const VIEWS = sql`CREATE TABLE views (tenantId String, sid String, playerId String, titleId String,
  viewerKey Nullable(String), startedAt DateTime64(3,'UTC'), endReason LowCardinality(String), isPlay Bool,
  playingMs UInt32, contentMs UInt32, surface LowCardinality(String), bot Bool, kids Bool, revision UInt64)
  ENGINE = ReplacingMergeTree(revision) ORDER BY (tenantId, sid, playerId)`

test('guardrails count what viewers of each arm did after their first page, nobody else', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'canary-'))
  const warehouse = await openChdb({ dir, log: silentLog })
  try {
    await ensureStreamTables(warehouse)
    await warehouse.command({ sql: VIEWS })
    const plan = {
      modelId: 'ncf-1',
      share: 0.5,
      startedAt: Math.floor(Date.now() / 1000) * 1000 - 3_600_000,
      startedBy: 'ann',
    }
    const viewers = keys.slice(0, 400)
    const served = viewers.map((viewerKey, k) =>
      serverEvent(slateServed, plan.startedAt + 1000 + k, uuidv7(plan.startedAt + 1000 + k), {
        tenantId: 'acme',
        viewerKey,
        slateId: `slate-${k}`,
        surface: 'home',
        experiments: ['rows:new', `${experimentOf(plan.modelId)}:${armOf(plan, viewerKey)}`],
        modelName: 'ncf',
        modelVersion: '1',
        titleIds: [],
        rowKeys: [],
        positions: [],
        scores: [],
        sources: [],
        servedMs: 1,
      }),
    )
    const block = encodeBlock(
      streamColumns(discoveryEvents),
      served,
      0,
      served.map((_, k) => k),
      'log',
    )
    await warehouse.insertNative('discovery_events', [block], {})
    // Everybody plays once before their page, which must not count; those of the canary never again, the others twice.
    const plays = viewers.flatMap((key) =>
      [
        plan.startedAt + 1,
        ...(armOf(plan, key) === 'canary' ? [] : [plan.startedAt + 60_000, plan.startedAt + 120_000]),
      ].map((at) => `('${key}', ${at})`),
    )
    plays.push(`('a stranger', ${plan.startedAt + 60_000})`)
    await warehouse.command({
      sql: sql`INSERT INTO views SELECT 'acme', concat(v, toString(a)), 'p', 't', v, fromUnixTimestamp64Milli(a, 'UTC'),
        'closed', true, 60000, 60000, 'watch', false, false, 1 FROM values('v String, a Int64', ${plays.join(', ')})`,
    })
    const [played, watched] = await readGuardrails('acme', plan, { warehouse })
    const inArm = ARMS.map((arm) => viewers.filter((key) => armOf(plan, key) === arm).length)
    assert.deepEqual([played?.canary.viewers, played?.champion.viewers], inArm)
    assert.deepEqual([played?.canary.mean, played?.champion.mean], [0, 2])
    assert.deepEqual([watched?.canary.mean, watched?.champion.mean], [0, 2])
    assert.equal(played?.verdict, 'broken')
    const [other] = await readGuardrails('other', plan, { warehouse })
    assert.equal(other?.verdict, 'too few viewers')
  } finally {
    await warehouse.close()
    await rm(dir, { recursive: true, force: true })
  }
})
