/** Two tenants on one platform, whose titles even share ids: neither reads, changes or reports anything of the other. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually } from '#tests/browser/browser.ts'
import { type Client, createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'
import { type Neighbour, openNeighbour } from '#tests/neighbour.ts'
import { createBatch, openSession, PLAYING_MS, type Session, send } from '#tests/views.ts'
import { readViews } from '#tests/warehouse.ts'

/** Both tenants have a title of this id. */
const SHARED = 'sim-000'
/** Only the first tenant has this one, and it plays. */
const OURS = 'bunny-01'
let platform: Platform
let mara: Client
let ada: Client
let neighbour: Neighbour

before(async () => {
  platform = await startPlatform()
  neighbour = await openNeighbour(platform)
  mara = await createClient(platform.url, 'mara')
  ada = await createClient(platform.url, 'ada')
  await eventually(
    () => ada.ask<{ title: { playable: boolean } | null }>(`{ title(id: "${OURS}") { playable } }`),
    ({ title }) => title?.playable === true,
    120_000,
  )
  await eventually(
    async () => (await figuresOf(mara)).views,
    (views) => views > 0,
    120_000,
  )
})
after(async () => {
  await platform?.stop()
})

type Counts = { readonly views: number; readonly watchTimeMs: number }
async function figuresOf(creator: Client): Promise<Counts> {
  type Answer = { title: { analytics: { figures: Counts } } }
  const { title } = await creator.ask<Answer>(
    `{ title(id: "${SHARED}") { analytics(range: all) { figures { views watchTimeMs } } } }`,
  )
  return title.analytics.figures
}

type Titles = { edges: { node: { id: string; creator: { id: string } } }[] }
const creatorsOf = ({ edges }: Titles): string[] =>
  [...new Set(edges.map(({ node }) => node.creator.id))].sort()

test('each sees its own people, titles and home', async () => {
  const { mads } = neighbour
  const ask = `{ people { id name } titles(first: 100) { edges { node { id creator { id } } } }
    home { rows { slots { title { id creator { id } } } } } title(id: "${OURS}") { id } }`
  type Home = { rows: { slots: { title: { id: string; creator: { id: string } } }[] }[] }
  type Answer = { people: { id: string; name: string }[]; titles: Titles; home: Home; title: object | null }
  const theirs = await mads.ask<Answer>(ask)
  const ours = await mara.ask<Answer>(ask)
  assert.deepEqual(theirs.people.map(({ name }) => name).sort(), ['Ada Nilsen', 'Mads Holm'])
  assert.ok(ours.people.every(({ name }) => name !== 'Ada Nilsen' && name !== 'Mads Holm'))
  assert.deepEqual(creatorsOf(theirs.titles), ['quay'])
  assert.ok(!creatorsOf(ours.titles).includes('quay'))
  const shown = ({ rows }: Home) => rows.flatMap(({ slots }) => slots.map(({ title }) => title))
  assert.ok(shown(theirs.home).length > 0)
  assert.ok(shown(theirs.home).every(({ creator }) => creator.id === 'quay'))
  assert.ok(shown(ours.home).every(({ creator }) => creator.id !== 'quay'))
  assert.deepEqual([theirs.title, ours.title], [null, { id: OURS }])
})

test('nobody plays, changes or measures a title of the other', async () => {
  const { mads } = neighbour
  await assert.rejects(openSession(mads, OURS), /no title/)
  await assert.rejects(mads.ask(`mutation { removeTitle(id: "${OURS}") { id } }`), /no title/)
  const asked = await mads.ask(`{ title(id: "${OURS}") { analytics { figures { views } } } }`)
  assert.deepEqual(asked, { title: null })
  const nameOf = async (client: Client): Promise<string> =>
    (await client.ask<{ title: { name: string } }>(`{ title(id: "${SHARED}") { name } }`)).title.name
  const before = await nameOf(mara)
  await mads.ask(`mutation { updateTitle(id: "${SHARED}", input: { name: "Renamed Next Door" }) { id } }`)
  assert.deepEqual([await nameOf(mads), await nameOf(mara)], ['Renamed Next Door', before])
})

test('a view counts for the tenant that sent it, though the other has a title of that id', async () => {
  assert.deepEqual(await figuresOf(neighbour.mads), { views: 0, watchTimeMs: 0 })
  const session = await neighbour.session(SHARED)
  assert.equal(await send(platform.url, createBatch(session, 'next-door')), 202)
  const counted = await eventually(
    () => figuresOf(neighbour.mads),
    ({ views }) => views > 0,
    60_000,
  )
  assert.deepEqual(counted, { views: 1, watchTimeMs: PLAYING_MS })
  const rows = await readViews(platform.dataDir, "sid = 'next-door'")
  assert.deepEqual(
    rows.map(({ tenantId, titleId }) => [tenantId, titleId]),
    [['other', SHARED]],
  )
})

test('a token with the write key of the other, a forged one, and an invented key report nothing', async () => {
  const ours = await openSession(ada, OURS)
  const theirs = await neighbour.session(SHARED)
  const refused: Record<string, Session> = {
    'refused-our-token': { token: ours.token, writeKey: theirs.writeKey },
    'refused-their-token': { token: theirs.token, writeKey: ours.writeKey },
    'refused-forged': { ...ours, token: `${ours.token.slice(0, -4)}AAAA` },
    'refused-invented': { ...ours, writeKey: 'wk_other_AAAAAAAAAAAAAAAAAAAAAA' },
  }
  for (const [sid, session] of Object.entries(refused)) {
    const status = (await send(platform.url, createBatch(session, sid))) ?? 0
    assert.ok(status >= 401 && status <= 403, `${sid}: ${status}`)
  }
  for (const session of [ours, theirs])
    assert.equal(await send(platform.url, createBatch(session, `taken-${session.writeKey}`)), 202)
  const said = "startsWith(sid, 'refused-') OR startsWith(sid, 'taken-')"
  const rows = await eventually(
    () => readViews(platform.dataDir, said),
    ({ length }) => length >= 2,
    60_000,
  )
  assert.equal(rows.length, 2)
  assert.deepEqual(Object.fromEntries(rows.map(({ sid, tenantId }) => [sid, tenantId])), {
    [`taken-${ours.writeKey}`]: 'demo',
    [`taken-${theirs.writeKey}`]: 'other',
  })
})
