/** The API over HTTP for tests: a little library, a few callers, and ports a test puts in. */
import fastify from 'fastify'
import type { Caller, Ports, TitleRecord } from '#api/ports.ts'
import { registerApi } from '#api/server.ts'
import { silentLog } from '#base/log.ts'

export const title = (id: string, over: Partial<TitleRecord> = {}): TitleRecord => ({
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
  title('bens', { creatorId: 'ben' }),
  title('simulated', { status: 'simulated', simulated: true }),
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
export const callers: Record<string, Caller> = {
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
    publicUrl: null,
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
      name in target
        ? target[name as keyof Ports]
        : () => {
            throw new Error(`port ${String(name)} is not there`)
          },
  })
}

export async function openServer(
  over: Partial<Ports> = {},
  documents: string[] = [],
  subscriptionsPerPerson = 100,
) {
  const app = fastify()
  await registerApi(app, {
    ports: createPorts(over),
    callerOf: async (cookie) => callers[/sv_session=(\w+)/.exec(cookie ?? '')?.[1] ?? ''] ?? visitor,
    documents,
    log: silentLog,
    subscriptionsPerPerson,
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
