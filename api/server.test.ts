import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fastify from 'fastify'
import { printSchema } from 'graphql'
import type { Caller, Ports, TitleRecord } from '#api/ports.ts'
import { createSchema } from '#api/schema.ts'
import { registerApi } from '#api/server.ts'
import { documentHash } from '#api/trusted.ts'
import { silentLog } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'

const title = (id: string, over: Partial<TitleRecord> = {}): TitleRecord => ({
  id,
  tenantId: 'demo',
  name: `Title ${id}`,
  description: '',
  creatorId: 'ana',
  genres: ['drama'],
  status: 'ready',
  durationMs: 60_000,
  ageRating: 'all',
  publishedAt: 1,
  createdAt: 1,
  simulated: false,
  ...over,
})
const library = [
  title('a'),
  title('draft', { status: 'draft', publishedAt: null }),
  title('foreign', { tenantId: 'other' }),
]
const visitor: Caller = {
  tenantId: 'demo',
  person: null,
  roles: [],
  viewerKey: null,
  kids: false,
  creatorId: null,
}
const person = { name: 'x', role: 'viewer' as const, about: '', avatarUrl: '', kids: false }
const callers: Record<string, Caller> = {
  ana: {
    ...visitor,
    person: { ...person, id: 'ana' },
    roles: ['creator'],
    viewerKey: 'v-ana',
    creatorId: 'ana',
  },
  ben: {
    ...visitor,
    person: { ...person, id: 'ben' },
    roles: ['creator'],
    viewerKey: 'v-ben',
    creatorId: 'ben',
  },
  eve: {
    ...visitor,
    tenantId: 'other',
    person: { ...person, id: 'eve' },
    roles: ['operator'],
    viewerKey: 'v-eve',
  },
}

/** Ports over the little library above; what a test does not need fails loudly when touched. */
function createPorts(over: Partial<Ports> = {}): Ports {
  const ports: Partial<Ports> = {
    now: () => 1000,
    newId: () => 'id-1',
    writeKeyOf: async () => 'key',
    tenantName: async (id) => id,
    title: async (tenantId, id) => library.find((one) => one.tenantId === tenantId && one.id === id) ?? null,
    titlesById: async (tenantId, ids) =>
      library.filter((one) => one.tenantId === tenantId && ids.includes(one.id)),
    viewerState: async () => ({ history: new Map(), feedback: new Map() }),
    sources: async () => ({
      hlsUrl: '/h',
      dashUrl: '/d',
      posterUrl: '/p',
      storyboardUrl: null,
      captions: [],
    }),
    issueGrant: async (grant) => JSON.stringify(grant),
    models: async () => [],
    startSession: async (_, id) =>
      callers[id] === undefined ? null : { cookie: id, caller: callers[id] as Caller },
    ...over,
  }
  return new Proxy(ports as Ports, {
    get: (target, name) =>
      target[name as keyof Ports] ??
      (() => {
        throw new Error(`port ${String(name)} is not there`)
      }),
  })
}

async function openServer(over: Partial<Ports> = {}, documents: string[] = []) {
  const app = fastify()
  await registerApi(app, {
    ports: createPorts(over),
    callerOf: async (cookie) => callers[/sv_session=(\w+)/.exec(cookie ?? '')?.[1] ?? ''] ?? visitor,
    documents,
    log: silentLog,
  })
  const ask = async (query: string, as?: string, variables: object = {}) => {
    const response = await app.inject({
      method: 'POST',
      url: '/graphql',
      headers: {
        'content-type': 'application/json',
        ...(as === undefined ? {} : { cookie: `sv_session=${as}` }),
      },
      payload: JSON.stringify({ query, variables }),
    })
    return { status: response.statusCode, body: response.json(), headers: response.headers }
  }
  return { app, ask }
}

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
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
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
