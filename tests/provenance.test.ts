/** Whatever figure is asked how it came about: its SQL, run again, gives it, and what was left out is told as it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figureMetrics } from '#metrics/figures.ts'
import { reports } from '#metrics/reports.ts'
import { curveOf, type Edge, type PlayCount } from '#metrics/retention.ts'
import { NOW, warehouse } from '#pipelines/views.fixture.ts'
import { CREATOR, fillWorld, openApi, TENANT, TITLE, TRUTH } from '#tests/provenance.fixture.ts'

type Told = {
  readonly again: number | null
  readonly from: number
  readonly to: number
  readonly watermarkAt: number
  readonly after: string | null
  readonly metrics: readonly { readonly name: string; readonly formula: string }[]
  readonly statements: readonly {
    readonly sql: string
    readonly runnable: string
    readonly parameters: readonly { readonly name: string; readonly value: string }[]
  }[]
  readonly rows: {
    readonly what: string
    readonly counted: number
    readonly leftOut: readonly { readonly kind: string; readonly views: number }[]
    readonly include: readonly string[]
    readonly late: number
    readonly repeatedEvents: number
  }
}
const SAID =
  'again from to watermarkAt after metrics { name formula } statements { sql runnable parameters { name value } }'
const TOLD = `{ ${SAID} rows { what counted leftOut { kind views } include late repeatedEvents } }`
type Json = { readonly [name: string]: never }
type Shown = number | null | { readonly value: number }

let opening: ReturnType<typeof openApi> | undefined
/** Not in a hook: it waits for the warehouse, which a hook opens. */
const open = () => (opening ??= fillWorld().then(openApi))
async function ask<T = Json>(query: string, as = 'hostile', variables: object = {}): Promise<T> {
  const { body } = await (await open()).ask(query, as, variables)
  assert.deepEqual(body.errors ?? [], [])
  return body.data
}
const run = <T>(told: Told, index = 0): Promise<T[]> =>
  warehouse.query<T>({ sql: told.statements[index]?.runnable ?? '' })

const PLACES: Readonly<Record<string, readonly [query: string, ...path: string[]]>> = {
  'the period': ['{ studio { overview(range: days7) { current @ } } }', 'studio', 'overview', 'current'],
  'the period before': [
    '{ studio { overview(range: days7) { previous @ } } }',
    'studio',
    'overview',
    'previous',
  ],
  'all time, bots and staff too': [
    '{ studio { overview(range: all, include: [bots, staff]) { current @ } } }',
    'studio',
    'overview',
    'current',
  ],
  'a title': [
    'query($id: ID!) { title(id: $id) { analytics(range: days28) { figures @ } } }',
    'title',
    'analytics',
    'figures',
  ],
}
const within = (data: unknown, path: readonly string[]): Record<string, unknown> =>
  path.reduce((inner, name) => (inner as Record<string, unknown>)[name], data) as Record<string, unknown>

/** Each field of an object beside how it came about, ten at once: an answer may not be asked for more. */
async function eachOf(
  [query, ...path]: readonly [string, ...string[]],
  fields: readonly string[],
  shape: (field: string) => string = (field) => field,
): Promise<Map<string, { shown: Shown; told: Told }>> {
  const found = new Map<string, { shown: Shown; told: Told }>()
  for (let i = 0; i < fields.length; i += 10) {
    const some = fields.slice(i, i + 10)
    const asked = some.map((field) => `${shape(field)} p_${field}: provenance(of: "${field}") { ${SAID} }`)
    const answer = within(
      await ask(query.replace('@', `{ ${asked.join(' ')} }`), 'hostile', { id: TITLE }),
      path,
    )
    for (const field of some)
      found.set(field, { shown: answer[field] as Shown, told: answer[`p_${field}`] as Told })
  }
  return found
}

for (const [place, where] of Object.entries(PLACES)) {
  test(`every figure of ${place} is what its SQL gives when it is run again`, async () => {
    const names = figureMetrics.map(({ name }) => name)
    const all = await eachOf(where, names)
    let known = 0
    for (const [name, { shown, told }] of all) {
      assert.equal(told.again, shown, name)
      if (place === 'the period') assert.deepEqual(await run(told), [{ value: shown }], name)
      assert.deepEqual(
        told.metrics.map((metric) => metric.name),
        [name],
      )
      assert.equal(told.watermarkAt, NOW - 1000)
      if (shown !== null && shown !== 0) known++
    }
    assert.ok(known >= (place === 'the period before' ? 20 : 30), `${known} of ${names.length} have a value`)
    const [figures, told] = await (async () => {
      const answer = within(
        await ask(where[0].replace('@', `{ ${names.join(' ')} provenance ${TOLD} }`), 'hostile', {
          id: TITLE,
        }),
        where.slice(1),
      )
      const { provenance, ...rest } = answer
      return [rest, provenance as Told]
    })()
    assert.deepEqual(await run(told), [figures])
  })
}

test('rows are counted by the clock of the figure, and what is left out is told by its reason', async () => {
  const { excludedBots, excludedOwn, excludedStaff, views, p } = (
    await ask<{ studio: { overview: { current: Record<string, number> & { p: Told } } } }>(
      `{ studio { overview(range: days7) { current { views excludedBots excludedOwn excludedStaff
        p: provenance(of: "views") ${TOLD} } } } }`,
    )
  ).studio.overview.current
  const { plain, bots, own, staff, repeatedEvents, late } = TRUTH
  assert.deepEqual([views, excludedBots, excludedOwn, excludedStaff], [plain, bots, own, staff])
  assert.deepEqual(p.rows, {
    what: 'views',
    counted: plain,
    leftOut: [
      { kind: 'bots', views: bots },
      { kind: 'own', views: own },
      { kind: 'staff', views: staff },
    ],
    include: [],
    late,
    repeatedEvents,
  })
  assert.deepEqual([p.from, p.to], [NOW - 7 * 86_400_000, NOW])
  const included = (
    await ask<{ studio: { overview: { current: { p: Told } } } }>(
      `{ studio { overview(range: days7, include: [bots]) { current { p: provenance(of: "viewsEnded") ${TOLD} } } } }`,
    )
  ).studio.overview.current.p.rows
  assert.deepEqual(
    [included.counted, included.leftOut[0]?.views, included.include],
    [plain + bots, 0, ['bots']],
  )
  const seen = (
    await ask<{ studio: { overview: { current: { p: Told; late: Told } } } }>(
      `{ studio { overview(range: days7) { current { p: provenance(of: "clickThroughPercent") ${TOLD}
        late: provenance(of: "restatedViews") ${TOLD} } } } }`,
    )
  ).studio.overview.current
  assert.deepEqual(
    [seen.p.rows.what, seen.p.rows.counted, seen.p.rows.repeatedEvents],
    ['thumbnails seen and clicked', 9, 3],
  )
  assert.deepEqual([seen.late.rows.counted, seen.late.again, seen.late.rows.repeatedEvents], [late, late, 5])
})

type Point = {
  readonly at: number
  readonly views: number
  readonly watchTimeMs: number
  readonly restatedViews: number
}
type Top = {
  readonly title: { readonly id: string }
  readonly views: number
  readonly watchTimeMs: number
  readonly averageViewMs: number
}

test('a series and the most watched titles are what their statements give; restated days are told per point', async () => {
  type Answer = { studio: { overview: { series: Point[]; topTitles: Top[]; p: Told; q: Told; all: Told } } }
  const { series, topTitles, p, q, all } = (
    await ask<Answer>(`{ studio { overview(range: days7) { series { at views watchTimeMs restatedViews }
      topTitles { title { id } views watchTimeMs averageViewMs }
      p: provenance(of: "series") ${TOLD} q: provenance(of: "topTitles") ${TOLD} all: provenance ${TOLD} } } }`)
  ).studio.overview
  const counted = series
    .filter(({ views }) => views > 0)
    .map(({ at, views, watchTimeMs }) => ({ at, views, watchTimeMs }))
  assert.deepEqual((await run<Point>(p)).reverse(), counted)
  const restated = series.filter(({ restatedViews }) => restatedViews > 0)
  assert.deepEqual(
    await run(p, 1),
    restated.map(({ at, restatedViews }) => ({ at, restatedViews })),
  )
  assert.deepEqual([restated.length, restated[0]?.restatedViews], [1, TRUTH.late])
  assert.deepEqual(
    await run(q),
    topTitles.map(({ title, ...figures }) => ({ titleId: title.id, ...figures })),
  )
  assert.equal(topTitles.length, 2)
  assert.deepEqual([p.again, p.rows.counted, all.statements.length], [null, TRUTH.plain, 3])
  type Hours = { studio: { overview: { series: Point[] } } }
  const hours = await ask<Hours>('{ studio { overview(range: hours24) { series { at restatedViews } } } }')
  assert.ok(hours.studio.overview.series.every(({ restatedViews }) => restatedViews === 0))
})

test('what is now, who comes back and how many at once are what their SQL gives', async () => {
  const now: [string, ...string[]] = ['{ studio { realtime @ } }', 'studio', 'realtime']
  for (const [name, { shown, told }] of await eachOf(now, [
    'concurrentViewers',
    'viewsLastHour',
    'viewsLast48Hours',
  ])) {
    assert.deepEqual(await run(told), [{ value: shown }], name)
    assert.ok(shown !== null && (shown as number) > 0, name)
  }
  const minutes = await eachOf(now, ['minutes', 'topTitles'], (field) =>
    field === 'minutes' ? 'minutes { views }' : 'topTitles { title { id } views }',
  )
  const [counts] = await run<{ viewsLastHour: number }>(minutes.get('minutes')?.told as Told)
  const shown = minutes.get('minutes')?.shown as unknown as { views: number }[]
  assert.equal(
    shown.reduce((sum, { views }) => sum + views, 0),
    counts?.viewsLastHour,
  )
  assert.equal((await run(minutes.get('topTitles')?.told as Told)).length, 2)

  const audience = Object.keys(reports.audience.parts)
  for (const [name, { shown, told }] of await eachOf(
    ['{ studio { audience @ } }', 'studio', 'audience'],
    audience,
  )) {
    const [row] = await run<{ value: number }>(told)
    const exact = row?.value ?? 0
    assert.equal(shown, name === 'monthlyViewers' ? exact : exact < 5 ? null : exact - (exact % 5), name)
    assert.equal(told.again, shown, name)
  }
  const inTitle: [string, ...string[]] = [
    'query($id: ID!) { title(id: $id) { analytics(range: days7) { concurrency @ } } }',
    'title',
    'analytics',
    'concurrency',
  ]
  for (const where of [inTitle, ['{ studio { concurrency(range: days7) @ } }', 'studio', 'concurrency']]) {
    const all = await eachOf(where as typeof inTitle, ['peakViewers', 'points'], (field) =>
      field === 'points' ? 'points { at viewers }' : field,
    )
    const { shown: peak, told } = all.get('peakViewers') as { shown: Shown; told: Told }
    assert.deepEqual(await run(told), [{ value: peak }])
    assert.equal(told.again, peak)
    const points = all.get('points')?.shown as unknown as { viewers: number }[]
    assert.deepEqual(
      await run(all.get('points')?.told as Told),
      points.filter(({ viewers }) => viewers > 0),
    )
  }
})

test('the curve of a title, its stalls and the two witnesses follow from their statements', async () => {
  type Retained = { views: number; unique: number[]; absolute: number[]; v: Told; u: Told; t: Told }
  type Stall = { second: number; stalls: number; stalledMs: number }
  type Answer = { title: { analytics: { retention: Retained; stalls: Stall[]; p: Told } } }
  const { retention, stalls, p } = (
    await ask<Answer>(
      `query($id: ID!) { title(id: $id) { analytics(range: days7) { retention { views unique absolute
        v: provenance(of: "views") ${TOLD} u: provenance(of: "unique") ${TOLD} t: provenance(of: "typical") ${TOLD} }
        stalls { second stalls stalledMs heightPx heightShare } p: provenance(of: "stalls") ${TOLD} } } }`,
      'hostile',
      { id: TITLE },
    )
  ).title.analytics
  assert.deepEqual(await run(retention.v), [{ value: retention.views }])
  const [count] = await run<PlayCount>(retention.u, 1)
  assert.deepEqual(curveOf(await run<Edge>(retention.u), count as PlayCount), {
    unique: retention.unique,
    absolute: retention.absolute,
  })
  assert.equal(retention.u.rows.counted, retention.views)
  assert.equal((await run(retention.t, 1)).length, 2)
  assert.deepEqual(await run(p), stalls)
  assert.ok(stalls.length > 0)

  const fields = Object.keys(reports.witnesses.parts)
  const shape = (field: string): string =>
    ['estimatedViews', 'blockedPercent', 'eventLossPercent'].includes(field) ? `${field} { value }` : field
  for (const where of [
    [
      'query($id: ID!) { title(id: $id) { analytics(range: all) { witnesses @ } } }',
      'title',
      'analytics',
      'witnesses',
    ],
    ['{ studio { witnesses(range: days28) @ } }', 'studio', 'witnesses'],
  ] as [string, ...string[]][])
    for (const [name, { shown, told }] of await eachOf(where, fields, shape)) {
      assert.equal(told.again, typeof shown === 'object' && shown !== null ? shown.value : shown, name)
      for (let i = 0; i < told.statements.length; i++) assert.equal((await run(told, i)).length, 1, name)
    }
})

test('a name that is no figure is refused and the figures there are named; nobody else may ask', async () => {
  const { ask: post } = await open()
  const codeOf = async (query: string, as: string, variables: object = {}) => {
    const [error] = (await post(query, as, variables)).body.errors
    return [error.extensions.code, error.message]
  }
  for (const name of ['viewz', '__proto__', 'constructor', "views'"]) {
    const [code, message] = await codeOf(
      'query($of: String) { studio { overview { current { provenance(of: $of) { from } } } } }',
      'hostile',
      { of: name },
    )
    assert.equal(code, 'SV_NO_SUCH_FIGURE')
    assert.match(
      message,
      /^There is no figure of that name here\. There are: views, plays, .*restatedViews\.$/,
    )
  }
  const figures = `query($id: ID!) { title(id: $id) { analytics { figures { provenance(of: "views") { from } } } } }`
  for (const other of ['ben', 'neighbour'])
    assert.ok((await post(figures, other, { id: TITLE })).body.data.title === null, other)
  assert.equal((await codeOf(figures, 'bens', { id: TITLE }))[0], 'SV_NO_SUCH_TITLE')
  type Bens = { studio: { overview: { current: { provenance: Told } } } }
  const bens = await ask<Bens>(
    `{ studio { overview(range: all) { current { provenance ${TOLD} } } } }`,
    'bens',
  )
  const { rows, statements } = bens.studio.overview.current.provenance
  assert.equal(rows.counted, 1)
  assert.ok(!statements[0]?.runnable.includes('ana'))
})

test('how everything came about cannot be asked at once', async () => {
  const all = figureMetrics.slice(0, 30).map(({ name }, i) => `p${i}: provenance(of: "${name}") ${TOLD}`)
  const { status, body } = await (await open()).ask(
    `{ studio { overview { current { ${all.join(' ')} } } } }`,
    'hostile',
  )
  assert.deepEqual([status, body.errors[0].extensions.code], [400, 'SV_QUERY_TOO_COSTLY'])
})

test('parameters are shown as literals; written in, ids that break quotes select the same rows', async () => {
  const all = await eachOf(PLACES['a title'] as [string, ...string[]], ['views'])
  const { shown, told } = all.get('views') as { shown: Shown; told: Told }
  const [statement] = told.statements
  assert.deepEqual(
    statement?.parameters.map(({ name }) => name),
    ['tenantId', 'creatorId', 'titleId', 'include', 'from', 'to'],
  )
  for (const { value } of statement?.parameters.slice(0, 3) ?? []) {
    assert.match(value, /^'[^\p{C}]*'$/u)
    assert.ok(statement?.runnable.includes(value))
  }
  const params = {
    tenantId: TENANT,
    creatorId: CREATOR,
    titleId: TITLE,
    include: [],
    from: told.from,
    to: told.to,
  }
  assert.deepEqual(await warehouse.query({ sql: statement?.sql ?? '', params }), [{ value: shown }])
})
