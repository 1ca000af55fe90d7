import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { printSchema } from 'graphql'
import { createSchema } from '#api/schema.ts'
import { openServer, title } from '#api/server.fixture.ts'
import { documentHash } from '#api/trusted.ts'
import { Refusal } from '#base/refusal.ts'

test('the committed schema is the schema of the code (else: npm run contract)', () => {
  assert.equal(readFileSync('api/schema.graphql', 'utf8'), `${printSchema(createSchema())}\n`)
})

test('drafts are seen by their creator only, foreign titles by nobody', async () => {
  const { ask } = await openServer()
  const see = async (id: string, as?: string) =>
    (await ask(`{ title(id: "${id}") { id } }`, as)).body.data.title
  assert.deepEqual(await see('a'), { id: 'a' })
  assert.equal(await see('draft'), null)
  assert.deepEqual(await see('draft', 'ana'), { id: 'draft' })
  assert.equal(await see('draft', 'ben'), null)
  assert.equal(await see('foreign', 'ana'), null)
  assert.equal(await see('a', 'eve'), null)
})

test('roles are demanded: figures of their creator, models of the data scientist or operator', async () => {
  const { ask } = await openServer()
  const code = async (query: string, as?: string) => (await ask(query, as)).body.errors?.[0]?.extensions.code
  assert.equal(await code('{ studio { creator { id } } }'), 'SV_NOT_SIGNED_IN')
  assert.equal(await code('{ studio { creator { id } } }', 'eve'), 'SV_NOT_ALLOWED')
  assert.equal(
    await code('{ title(id: "a") { analytics { figures { views } } } }', 'ben'),
    'SV_NO_SUCH_TITLE',
  )
  assert.equal(await code('{ models { id } }', 'ana'), 'SV_NOT_ALLOWED')
  assert.equal(await code('{ models { id } }', 'eve'), undefined)
  assert.equal(await code('{ myList { totalCount } }'), 'SV_NOT_SIGNED_IN')
})

test('a play session is bound to tenant, title, viewer and time', async () => {
  const { ask } = await openServer()
  const { body } = await ask('mutation { createPlaySession(titleId: "a") { token cmcdUrl } }', 'ana')
  const grant = JSON.parse(body.data.createPlaySession.token)
  assert.deepEqual(
    [grant.kind, grant.tenantId, grant.titleId, grant.viewerKey, grant.issuedAt],
    ['play', 'demo', 'a', 'v-ana', 1000],
  )
})

test('a file goes to a new draft or to one of the caller’s own titles that can take it', async () => {
  const made: string[] = []
  const { ask } = await openServer({
    createTitle: async () => title('new', { status: 'draft' }),
    createUpload: async (_tenantId, titleId, fileName) => {
      made.push(`${titleId} ${fileName}`)
      return { uploadUrl: '/uploads', uploadToken: 't', maxBytes: 9, expiresAt: 5 }
    },
    removeTitle: async (_tenantId, id) => title(id),
  })
  const create = (whose: string) =>
    ask(
      `mutation { createUpload(input: { ${whose} fileName: "b.mp4" sizeBytes: 3 }) { title { id } expiresAt } }`,
      'ana',
    )
  const ids = [await create('name: "New"'), await create('titleId: "a"')]
  assert.deepEqual(
    ids.map(({ body }) => body.data.createUpload),
    [
      { title: { id: 'new' }, expiresAt: 5 },
      { title: { id: 'a' }, expiresAt: 5 },
    ],
  )
  for (const [whose, code] of [
    ['', 'SV_BAD_INPUT'],
    ['titleId: "bens"', 'SV_NO_SUCH_TITLE'],
    ['titleId: "simulated"', 'SV_BAD_INPUT'],
  ] as const) {
    assert.equal((await create(whose)).body.errors?.[0].extensions.code, code, whose)
  }
  assert.deepEqual(made, ['new b.mp4', 'a b.mp4'])
})

test('captions are brought and taken away by the title’s creator alone', async () => {
  const done: string[] = []
  const { ask } = await openServer({
    captions: async () => [{ language: 'en', label: 'English', url: '/c', brought: true }],
    putCaption: async (_tenantId, id, { language, text }) => void done.push(`${id} ${language} ${text}`),
    removeCaption: async (_tenantId, id, language) => void done.push(`${id} ${language}`),
  })
  const put =
    'mutation { putCaptions(titleId: "a", language: "en", text: "WEBVTT") { captions { language } } }'
  const remove = 'mutation { removeCaptions(titleId: "a", language: "en") { id } }'
  for (const query of [put, remove]) {
    assert.equal((await ask(query, 'ben')).body.errors[0].extensions.code, 'SV_NO_SUCH_TITLE')
    assert.equal((await ask(query)).body.errors[0].extensions.code, 'SV_NO_SUCH_TITLE')
  }
  assert.deepEqual((await ask(put, 'ana')).body.data.putCaptions.captions, [{ language: 'en' }])
  await ask(remove, 'ana')
  assert.deepEqual(done, ['a en WEBVTT', 'a en'])
  assert.deepEqual((await ask('{ title(id: "a") { captions { url } } }', 'ben')).body.data.title.captions, [])
})

test('deep, wide and long documents are refused with 400 and a code', async () => {
  const { ask } = await openServer()
  const nested = `{ a: __schema { types { fields { type ${'{ ofType '.repeat(8)} { name } ${'}'.repeat(8)} } } } }`
  const wide = `{ ${Array.from({ length: 60 }, (_, i) => `a${i}: genres`).join(' ')} }`
  const long = `{ ${'genres '.repeat(3000)} }`
  for (const query of [nested, wide, long]) {
    const { status, body } = await ask(query)
    assert.equal(status, 400, JSON.stringify(body).slice(0, 200))
    assert.equal(body.errors[0].extensions.code, 'SV_QUERY_TOO_COSTLY')
  }
  assert.equal((await ask('{ nonsense }')).status, 400)
})

test('many pages of many titles are refused, whether the document or its variables say how many', async () => {
  const { ask } = await openServer({ titles: async () => ({ edges: [], hasNextPage: false, totalCount: 0 }) })
  const page = (first: string) =>
    `titles(first: ${first}) { edges { node { id name genres creator { name } } } }`
  const many = (first: string) => Array.from({ length: 20 }, (_, i) => `a${i}: ${page(first)}`).join(' ')
  const costly = [
    await ask(`{ ${many('100')} }`),
    await ask(`query ($n: Int) { ${many('$n')} }`, undefined, { n: 100 }),
    await ask(`query ($n: Int = 100) { ${many('$n')} }`),
    await ask(`query ($n: Int = 100) { ...all } fragment all on Query { ${many('$n')} }`),
  ]
  for (const { status, body } of costly) {
    assert.equal(status, 400)
    assert.equal(body.errors[0].extensions.code, 'SV_QUERY_TOO_COSTLY')
  }
  assert.equal((await ask(`query ($n: Int) { ${page('$n')} }`, undefined, { n: 100 })).status, 200)
  assert.equal((await ask(`{ ${many('4')} }`)).status, 200)
  const large = await ask(`{ genres } # ${'x'.repeat(1_100_000)}`)
  assert.deepEqual([large.status, large.body.errors[0].extensions.code], [413, 'SV_QUERY_TOO_LARGE'])
})

test('a cursor stays right when its title has left the list; another list’s is refused', async () => {
  const history = new Map<string, object>()
  for (let n = 0; n < 6; n++) history.set(`t${n}`, { at: 10 * (n >> 1) })
  const { ask } = await openServer({
    viewerState: async () => ({ history, feedback: new Map() }) as never,
    titlesById: async (_, ids) => ids.map((id) => title(id)),
  })
  const read = async (after: string | null) => {
    const query =
      'query ($after: String) { history(first: 2, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage } } }'
    return (await ask(query, 'ana', { after })).body
  }
  const first = (await read(null)).data.history.edges
  assert.deepEqual(
    first.map((edge: { node: { id: string } }) => edge.node.id),
    ['t4', 't5'],
  )
  history.delete('t5')
  const second = (await read(first[1].cursor)).data.history
  assert.deepEqual(
    second.edges.map((edge: { node: { id: string } }) => edge.node.id),
    ['t2', 't3'],
  )
  assert.equal(second.pageInfo.hasNextPage, true)
  assert.equal((await read('t4')).errors[0].extensions.code, 'SV_BAD_INPUT')
})

test('a page of more than 100 is refused', async () => {
  const { ask } = await openServer({ titles: async () => ({ edges: [], hasNextPage: false, totalCount: 0 }) })
  const { body } = await ask('{ titles(first: 101) { totalCount } }')
  assert.equal(body.errors[0].extensions.code, 'SV_BAD_INPUT')
  assert.equal((await ask('{ titles(first: 100) { totalCount } }')).body.data.titles.totalCount, 0)
})

test('a refusal keeps its code and fix; a bug is masked', async () => {
  const { ask } = await openServer({
    genres: async () => {
      throw new Error('secret detail')
    },
    home: async () => {
      throw new Refusal({ code: 'SV_X', status: 409, fix: 'Wait.' }, 'Not now.')
    },
  })
  const masked = (await ask('{ genres }')).body.errors[0]
  assert.equal(masked.extensions.code, 'SV_INTERNAL')
  assert.ok(!JSON.stringify(masked).includes('secret'))
  const refused = (await ask('{ home { id } }')).body.errors[0]
  assert.deepEqual(
    [refused.message, refused.extensions.code, refused.extensions.fix],
    ['Not now.', 'SV_X', 'Wait.'],
  )
})

test('stepping into a person sets an HttpOnly cookie', async () => {
  const { ask } = await openServer()
  const { headers, body } = await ask('mutation { stepInto(personId: "ana") { person { id } } }')
  assert.equal(body.data.stepInto.person.id, 'ana')
  assert.match(String(headers['set-cookie']), /^sv_session=ana; Path=\/; .*HttpOnly; SameSite=Lax/)
})

test('trusted documents answer like any document; unknown hashes are 404', async () => {
  const text = 'query T($id: ID!) { title(id: $id) { id name } }'
  const { app, ask } = await openServer({}, [text])
  const viaHash = await app.inject({
    method: 'POST',
    url: `/graphql/d/${documentHash(text)}`,
    payload: { id: 'a' },
  })
  assert.deepEqual(viaHash.json(), (await ask(text, undefined, { id: 'a' })).body)
  const refused = await app.inject({ method: 'POST', url: `/graphql/d/${documentHash(text)}`, payload: {} })
  assert.equal(refused.json().data, undefined)
  assert.equal((await app.inject({ method: 'POST', url: '/graphql/d/00', payload: {} })).statusCode, 404)
})

test('how much is stored is told to operators only', async () => {
  const status = { ready: true, work: [], eventsStored: 7, activeModel: 'popularity' }
  const { ask } = await openServer({ status: async () => status })
  const stored = async (who?: string) => (await ask('{ status { eventsStored } }', who)).body.data.status
  assert.deepEqual(await stored('eve'), { eventsStored: 7 })
  for (const who of [undefined, 'ana']) assert.deepEqual(await stored(who), { eventsStored: null })
})

test('how fresh the charts are is told to operators with counts, to creators beside figures of now without', async () => {
  const chartDelay = { p50Ms: 600, p99Ms: 1400, events: 7, oldestWaitingMs: 0 }
  const counts = { concurrentViewers: 0, viewsLastHour: 0, viewsLast48Hours: 0, minutes: [], topTitles: [] }
  const { ask } = await openServer({
    status: async () => ({ ready: true, work: [], eventsStored: 7, activeModel: 'popularity' }),
    realtime: async () => ({ ...counts, watermarkAt: 1, at: 2 }),
    chartDelay: () => chartDelay,
  })
  const fields = 'chartDelay { p50Ms p99Ms events oldestWaitingMs }'
  const status = async (who: string) => (await ask(`{ status { ${fields} } }`, who)).body.data.status
  assert.deepEqual(await status('eve'), { chartDelay })
  assert.deepEqual(await status('ana'), { chartDelay: null })
  const { data } = (await ask(`{ studio { realtime { ${fields} } } }`, 'ana')).body
  assert.deepEqual(data.studio.realtime, { chartDelay: { ...chartDelay, events: null } })
})

test('a subscription sends the value at once and again on change', async () => {
  let heard: () => void = () => undefined
  let stopped = 0
  let n = 0
  const { app } = await openServer({
    onStatus: (listener) => {
      heard = () => listener()
      return () => {
        stopped++
      }
    },
    status: async () => ({ ready: true, work: [], eventsStored: n++, activeModel: 'popularity' }),
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const abort = new AbortController()
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', cookie: 'sv_session=eve' },
    body: JSON.stringify({ query: 'subscription { status { eventsStored } }' }),
    signal: abort.signal,
  })
  const seen: number[] = []
  let text = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    for (const [, value] of text.matchAll(/"eventsStored":(\d+)\D[^\n]*\n/g)) seen.push(Number(value))
    if (seen.includes(1)) break
    if (seen.length > 0) heard()
  }
  abort.abort()
  await app.close()
  assert.ok(seen.includes(0) && seen.includes(1))
  assert.ok(stopped <= 1)
})

test('behind a public address, foreign players get it whole and the cookie is for TLS only', async () => {
  const event = 'mutation { createPlaySession(titleId: "a") { cmcdUrl } }'
  const step = 'mutation { stepInto(personId: "ana") { roles } }'
  const outside = await openServer({ publicUrl: 'https://video.example' })
  assert.match(
    (await outside.ask(event)).body.data.createPlaySession.cmcdUrl,
    /^https:\/\/video.example\/cmcd\//,
  )
  assert.match(String((await outside.ask(step)).headers['set-cookie']), /; Secure$/)
  const inside = await openServer()
  assert.match((await inside.ask(event)).body.data.createPlaySession.cmcdUrl, /^\/cmcd\//)
  assert.doesNotMatch(String((await inside.ask(step)).headers['set-cookie']), /Secure/)
})

test('a document the server was not built with is a coded 404', async () => {
  const { app } = await openServer()
  const answer = await app.inject({ method: 'POST', url: '/graphql/d/nothing', payload: {} })
  assert.equal(answer.statusCode, 404)
  assert.equal(answer.json().errors[0].extensions.code, 'SV_UNKNOWN_DOCUMENT')
})
