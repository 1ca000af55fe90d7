/** Training sets: what is labelled how, what is drawn, and that the same request gives the same bytes. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { END, openWorld, START, TENANT, type World } from '#demo/world.fixture.ts'
import type { StoredEvent } from '#events/define.ts'
import { interactions } from '#features/interactions.ts'
import { defineOfflineFeature } from '#features/offline/define.ts'
import { findFeatures } from '#features/offline/registry.ts'
import { slots } from '#features/training-set/labels.ts'
import { type Manifest, manifestOf } from '#features/training-set/manifest.ts'
import { type Format, makeTrainingSet, type TrainingSetRequest } from '#features/training-set/training-set.ts'

const DAY = 86_400_000
const MINUTE = 60_000
let world: World
/** The request as it stands below, made once. */
let base: Made

type Row = {
  readonly at: number
  readonly viewerKey: string
  readonly titleId: string
  readonly label: number | null
  readonly kind: string
  readonly weight: number
  readonly slateId: string | null
  readonly position: number | null
  readonly split: string
  readonly viewerPlays: number
}
type Made = { readonly rows: Row[]; readonly manifest: Manifest; readonly bytes: Buffer }

const REQUEST: TrainingSetRequest = {
  tenantId: TENANT,
  asOf: END,
  knownAt: END,
  features: findFeatures(['viewerPlays', 'titleScore']),
  negatives: 'exposed',
  perPositive: 4,
  split: 'time',
  seed: 1,
}

async function make(
  change: Partial<TrainingSetRequest> = {},
  format: Format = 'parquet',
  threads = 2,
): Promise<Made> {
  const request = { ...REQUEST, ...change }
  const parts: Uint8Array[] = []
  return world.knownAt(request.knownAt, async (known) => {
    const made = await makeTrainingSet(request, {
      known,
      format,
      threads,
      write: async (_name, bytes) => void parts.push(bytes),
    })
    const rows = await known.query<Row>({
      sql: 'SELECT * FROM training_rows ORDER BY at, viewerKey, titleId, kind',
    })
    return { rows, manifest: manifestOf(request, format, made), bytes: Buffer.concat(parts) }
  })
}

type Step = readonly [second: number, type: string, state: string, playhead: number, more?: object]
/** A view of the longest title by a viewer of this name, from one day before the end on. */
function view(name: string, steps: readonly Step[]): StoredEvent[] {
  const from = END - DAY
  const pattern = world.events.find(({ type }) => type === 'playback.view.requested') as StoredEvent
  const {
    intent: _intent,
    recommendationId: _slate,
    ...common
  } = pattern as StoredEvent & Record<string, unknown>
  return steps.map(([second, type, state, playhead, more], seq) => {
    const at = from + second * 1000
    return {
      ...common,
      type: `playback.${type}`,
      eventId: `${name}-${seq}`,
      createdAt: at,
      sentAt: at,
      derivedAt: at,
      receivedAt: at + 100,
      sid: name,
      playerId: 'p',
      seq,
      viewerKey: name,
      titleId: 'sim-001',
      state,
      playheadMs: playhead * 1000,
      ...more,
    } as unknown as StoredEvent
  })
}
const BEGIN: readonly Step[] = [
  [0, 'view.requested', 'joining', 0, { intent: 'click' }],
  [1, 'view.started', 'playing', 0],
]
const END_AT = (second: number, playhead: number): Step => [
  second,
  'view.ended',
  'quit',
  playhead,
  { endReason: 'stopped' },
]
const STALL: readonly Step[] = [
  [9, 'state.changed', 'rebuffering', 8],
  [14, 'state.changed', 'playing', 8],
]
const PLANTED: Readonly<Record<string, readonly Step[]>> = {
  'left-freely': [...BEGIN, END_AT(15, 14)],
  'left-after-stall': [...BEGIN, ...STALL, END_AT(18, 12)],
  'left-long-after-stall': [...BEGIN, ...STALL, END_AT(30, 24)],
  'left-in-stall': [...BEGIN, STALL[0] as Step, END_AT(20, 8)],
  'failed-to-start': [
    BEGIN[0] as Step,
    [3, 'error.raised', 'failed', 0, { errorCode: 'x', fatal: true, business: false }],
  ],
  'did-not-wait': [BEGIN[0] as Step, END_AT(9, 0)],
  watched: [...BEGIN, [21, 'heartbeat.sent', 'playing', 20, { intervalMs: 20_000 }], END_AT(41, 40)],
}

before(async () => {
  world = await openWorld(12)
  for (const [name, steps] of Object.entries(PLANTED)) await world.insert(view(name, steps))
  await world.insert(
    view('next-door', PLANTED['watched'] ?? []).map((event) => ({ ...event, tenantId: 'other' })),
  )
  base = await make()
})
after(async () => {
  await world?.close()
})

test('the same request gives the same bytes: with one thread, and after more and late events came in', async () => {
  const arrow = await make({}, 'arrow')
  const moved = (event: StoredEvent, by: number): StoredEvent => ({
    ...event,
    eventId: `later-${event.eventId}`.slice(0, 64),
    receivedAt: END + by,
    sentAt: END + by,
  })
  const late = world.events.filter(({ type }, i) => type.startsWith('playback.') && i % 7 === 0)
  await world.insert(late.map((event, i) => moved(event, i)))
  await world.insert(view('tomorrow', PLANTED['watched'] ?? []).map((event) => moved(event, DAY)))
  await world.buildViews()
  const again = await make({}, 'parquet', 1)
  assert.deepEqual(again.manifest, base.manifest)
  assert.ok(again.bytes.equals(base.bytes))
  assert.equal((await make({}, 'arrow', 1)).manifest.dataHash, arrow.manifest.dataHash)
  const later = await make({ knownAt: END + 2 * DAY })
  assert.notEqual(later.manifest.dataHash, base.manifest.dataHash)
})

test('positives are the interactions models learn from, with their time and strength', async () => {
  const { rows, manifest } = base
  const plays = rows.filter(({ label }) => label === 1)
  const expected = await world.knownAt(END, (known) =>
    known.query(interactions({ tenantId: TENANT, before: END })),
  )
  const key = (
    { viewerKey, titleId, at }: { viewerKey: string; titleId: string; at: number },
    weight: number,
  ) => `${viewerKey} ${titleId} ${at} ${weight.toFixed(5)}`
  assert.ok(plays.length > 200)
  assert.deepEqual(
    plays.map((row) => key(row, row.weight)).sort(),
    expected.map((row) => key(row, row.strength)).sort(),
  )
  assert.equal(manifest.positives, plays.length)
  assert.ok(rows.every(({ viewerKey }) => viewerKey !== 'next-door'))
  assert.equal(manifest.censored, rows.filter(({ label }) => label === null).length)
})

test('where quality decided nothing is known; leaving of one’s own will is a no', async () => {
  const { rows } = base
  const said = (name: string) => {
    const row = rows.find(({ viewerKey, kind }) => viewerKey === name && kind !== 'exposed')
    return [row?.label, row?.kind, row?.weight]
  }
  assert.deepEqual(Object.fromEntries(Object.keys(PLANTED).map((name) => [name, said(name)])), {
    'left-freely': [0, 'left', 1],
    'left-after-stall': [null, 'stall', 0],
    'left-long-after-stall': [0, 'left', 1],
    'left-in-stall': [null, 'stall', 0],
    'failed-to-start': [null, 'failed', 0],
    'did-not-wait': [null, 'never-began', 0],
    watched: [1, 'play', said('watched')[2]],
  })
})

test('exposed: seen and not taken, at most so many of a slate, with the place it had', async () => {
  const { rows } = await make({ perPositive: 2 })
  const exposed = rows.filter(({ kind }) => kind === 'exposed')
  const seen = new Map<string, number>()
  const clicked = new Set<string>()
  for (const event of world.events) {
    const key = `${event['slateId'] as string} ${event['titleId'] as string}`
    if (event.type === 'discovery.impression.seen') seen.set(key, event['position'] as number)
    if (event.type === 'discovery.item.clicked') clicked.add(key)
  }
  const perSlate = new Map<string, number>()
  assert.ok(exposed.length > 100)
  for (const { slateId, titleId, position, label } of exposed) {
    const key = `${slateId} ${titleId}`
    assert.deepEqual([label, position], [0, seen.get(key)])
    assert.equal(clicked.has(key), false)
    perSlate.set(slateId as string, (perSlate.get(slateId as string) ?? 0) + 1)
  }
  assert.equal(Math.max(...perSlate.values()), 2)
  const fromSlate = rows.filter(({ kind, slateId }) => kind === 'play' && slateId !== null)
  assert.ok(fromSlate.length > 10 && fromSlate.every(({ position }) => position !== null))
})

test('drawn: titles the viewer never touched, by seed; popular ones more often where popularity draws', async () => {
  const views = (rows: readonly Row[]): Map<string, number> => {
    const counts = new Map<string, number>()
    for (const { titleId } of rows) counts.set(titleId, (counts.get(titleId) ?? 0) + 1)
    return counts
  }
  const mean: Record<string, number> = {}
  const sets: Record<string, string> = {}
  for (const [negatives, seed] of [
    ['uniform', 1],
    ['uniform', 2],
    ['popularity', 1],
  ] as const) {
    const { rows, manifest } = await make({ negatives, seed })
    const plays = rows.filter(({ kind }) => kind === 'play')
    const drawn = rows.filter(({ kind }) => kind === negatives)
    const begun = new Set(
      rows
        .filter(({ kind }) => kind !== negatives)
        .map(({ viewerKey, titleId }) => `${viewerKey} ${titleId}`),
    )
    assert.ok(drawn.length > plays.length * 3.5 && drawn.length <= plays.length * 4)
    assert.ok(drawn.every(({ viewerKey, titleId }) => !begun.has(`${viewerKey} ${titleId}`)))
    assert.ok(new Set(drawn.map(({ titleId }) => titleId)).size > 100)
    const popularity = views(plays)
    const all = drawn.reduce((sum, { titleId }) => sum + (popularity.get(titleId) ?? 0), 0)
    mean[`${negatives}-${seed}`] = all / drawn.length
    sets[`${negatives}-${seed}`] = manifest.dataHash
  }
  assert.equal(new Set(Object.values(sets)).size, 3)
  assert.ok((mean['popularity-1'] as number) > 1.2 * (mean['uniform-1'] as number), JSON.stringify(mean))
})

test('an earlier end leaves rows out and changes none that stay', async () => {
  const asOf = START + 14 * DAY
  const whole = base.rows.filter(({ at, kind }) => at < asOf && kind === 'play')
  const part = (await make({ asOf })).rows
  assert.ok(part.every(({ at }) => at < asOf))
  const value = ({ at, viewerKey, titleId, viewerPlays }: Row) =>
    `${at} ${viewerKey} ${titleId} ${viewerPlays}`
  assert.deepEqual(part.filter(({ kind }) => kind === 'play').map(value), whole.map(value))
})

test('a split by time is one moment for all; leave-one-out holds out each viewer’s last play', async () => {
  const { rows, manifest } = base
  const range = (split: string): [number, number] => {
    const ats = rows.filter((row) => row.split === split).map(({ at }) => at)
    return [Math.min(...ats), Math.max(...ats)]
  }
  assert.ok(range('train')[1] < range('validation')[0] && range('validation')[1] < range('test')[0])
  assert.equal(
    manifest.split.testFrom,
    new Date(rows.find(({ split, kind }) => split === 'test' && kind === 'play')?.at ?? 0).toISOString(),
  )
  const one = (await make({ split: 'leave-one-out' })).rows.filter(({ kind }) => kind === 'play')
  const byViewer = Map.groupBy(one, ({ viewerKey }) => viewerKey)
  for (const plays of byViewer.values()) {
    const splits = plays.map(({ split }) => split)
    if (plays.length < 3) assert.ok(splits.every((split) => split === 'train'))
    else assert.deepEqual(splits.slice(-3), ['train', 'validation', 'test'])
  }
})

test('a set with a feature from the future is refused, and one of nothing', async () => {
  const future = defineOfflineFeature({
    name: 'willPlay',
    owner: 'test',
    description: 'wrong',
    unit: 'plays',
    entity: 'viewer',
    rows: `SELECT viewerKey, toInt64(0) AS eventAt, toInt64(0) AS knownAt, count() AS value
      FROM view_facts WHERE isPlay GROUP BY viewerKey`,
    reads: 'value',
    freshForMs: null,
    whenMissing: 0,
  })
  await assert.rejects(make({ features: [future] }), { code: 'SV_FEATURE_FROM_LATER' })
  await assert.rejects(make({ asOf: START + MINUTE }), { code: 'SV_NOTHING_TO_LEARN' })
})

test('a large set comes in parts that follow each other, none larger than asked', async () => {
  const names: string[] = []
  const made = await world.knownAt(END, (known) =>
    makeTrainingSet(REQUEST, {
      known,
      format: 'parquet',
      rowsAPart: 150,
      write: async (name, bytes) => {
        names.push(name)
        await writeFile(path.join(world.folder, name), bytes)
      },
    }),
  )
  const rows: string[] = []
  for (const [i, name] of names.entries()) {
    const part = await world.warehouse.query<Row>({
      sql: `SELECT * REPLACE (toUnixTimestamp64Milli(at) AS at) FROM file({file:String}, 'Parquet')`,
      params: { file: path.join(world.folder, name) },
    })
    assert.equal(part.length, made.parts[i]?.rows)
    rows.push(
      ...part.map(
        ({ at, viewerKey, titleId, kind, viewerPlays }) =>
          `${at} ${viewerKey} ${titleId} ${kind} ${viewerPlays}`,
      ),
    )
  }
  assert.ok(names.length > 4 && made.parts.slice(0, -1).every((part) => part.rows === 150))
  assert.deepEqual(
    rows,
    base.rows.map(
      ({ at, viewerKey, titleId, kind, viewerPlays }) =>
        `${at} ${viewerKey} ${titleId} ${kind} ${viewerPlays}`,
    ),
  )
})

test('the chance of a slot comes along where slates log it', async () => {
  const [slate] = world.events.filter(({ type }) => type === 'discovery.slate.served') as (StoredEvent & {
    readonly slateId: string
    readonly titleIds: readonly string[]
  })[]
  const chances = await world.knownAt(END, async (known) => {
    await known.command({
      sql: `CREATE TABLE logged ENGINE = Memory AS SELECT *,
        arrayMap((_, i) -> 1 / i, titleIds, arrayEnumerate(titleIds)) AS propensities FROM discovery_events`,
    })
    const { sql, params = {} } = slots(TENANT, true)
    return known.query<{ slateId: string; titleId: string; propensity: number }>({
      sql: sql.replace('discovery_events', 'logged'),
      params,
    })
  })
  const own = chances.filter(({ slateId }) => slateId === slate?.slateId)
  assert.deepEqual(
    own.map(({ titleId, propensity }) => `${titleId} ${propensity}`).sort(),
    slate?.titleIds.map((titleId, i) => `${titleId} ${1 / (i + 1)}`).sort(),
  )
})
