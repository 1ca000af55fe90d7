/**
 * What the GraphQL layer costs: CPU per request of a hot trusted document, against a bare node:http server that sends
 * the same bytes. Each server runs in its own process and reports its own CPU time; rounds alternate.
 */
import { fork } from 'node:child_process'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import type { Caller, Ports, TitleRecord } from '#api/ports.ts'
import { registerApi } from '#api/server.ts'
import { documentHash } from '#api/trusted.ts'
import { silentLog } from '#base/log.ts'

const DOCUMENT = `query Bench($first: Int) {
  titles(first: $first) { totalCount edges {
    cursor
    node { id name genres status durationMs posterUrl creator { id name } inMyList resume { positionMs } }
  } }
}`
const VARIABLES = { first: 12 }
const ROUNDS = 7
const REQUESTS = 4000
const CONNECTIONS = 8
const BAR = 5

const title = (i: number): TitleRecord => ({
  id: `title-${i}`,
  tenantId: 'demo',
  name: `A title with a name of usual length ${i}`,
  description: '',
  creatorId: `creator-${i % 3}`,
  genres: ['drama', 'documentary'],
  status: 'ready',
  durationMs: 600_000 + i,
  ageRating: 'all',
  publishedAt: 1,
  createdAt: 1,
  simulated: false,
})

/** Records already at hand: what is measured is the API, not the stores. */
function createPorts(): Ports {
  const edges = Array.from({ length: 12 }, (_, i) => ({ cursor: `title-${i}`, node: title(i) }))
  const feedback = new Map([['title-3', { stars: 4, inMyList: true, dismissed: false, at: 1 }]])
  const history = new Map([['title-5', { positionMs: 1000, completed: false, at: 1 }]])
  const ports: Partial<Ports> = {
    titles: async () => ({ edges, hasNextPage: true, totalCount: 300 }),
    creator: async (_, id) => ({ id, name: 'A creator', avatarUrl: '' }),
    posterUrl: (one) => `/media/demo/${one.id}/poster.svg`,
    viewerState: async () => ({ history, feedback }),
  }
  return ports as Ports
}

const viewer: Caller = {
  tenantId: 'demo',
  person: null,
  roles: ['viewer'],
  viewerKey: 'v',
  kids: false,
  creatorId: null,
}

async function serveApi(): Promise<number> {
  const app = fastify()
  await registerApi(app, {
    ports: createPorts(),
    callerOf: async () => viewer,
    documents: [DOCUMENT],
    log: silentLog,
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

async function serveBytes(bytes: string): Promise<number> {
  const body = Buffer.from(bytes)
  const server = createServer((incoming, outgoing) => {
    incoming.resume().once('end', () => {
      outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

type Served = { port: number; cpuMicros(): Promise<number>; stop(): void }

function spawnServer(kind: 'api' | 'bytes', bytes = ''): Promise<Served> {
  const child = fork(import.meta.filename, [], {
    env: { ...process.env, BENCH_SERVE: kind, BENCH_BYTES: bytes },
  })
  const cpuMicros = (): Promise<number> =>
    new Promise((resolve) => {
      child.once('message', (message) => resolve((message as { cpu: number }).cpu))
      child.send('cpu')
    })
  return new Promise((resolve) => {
    child.once('message', (message) => {
      resolve({ port: (message as { port: number }).port, cpuMicros, stop: () => child.kill() })
    })
  })
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
const payload = JSON.stringify(VARIABLES)
function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': payload.length }
    const path = `/graphql/d/${documentHash(DOCUMENT)}`
    const outgoing = request(
      { port, host: '127.0.0.1', path, method: 'POST', agent, headers },
      (incoming) => {
        let text = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk: string) => {
          text += chunk
        })
        incoming.once('end', () => resolve(text))
      },
    )
    outgoing.once('error', reject)
    outgoing.end(payload)
  })
}

async function load(port: number, requests: number): Promise<void> {
  let left = requests
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (left-- > 0) await ask(port)
    }),
  )
}

async function cpuPerRequest(server: Served): Promise<number> {
  const before = await server.cpuMicros()
  await load(server.port, REQUESTS)
  return ((await server.cpuMicros()) - before) / REQUESTS
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number

export async function bench(): Promise<object> {
  const ours = await spawnServer('api')
  const bytes = await ask(ours.port)
  if (!bytes.includes('title-11')) throw new Error(`the API did not answer: ${bytes.slice(0, 300)}`)
  const bare = await spawnServer('bytes', bytes)
  await load(ours.port, REQUESTS)
  await load(bare.port, REQUESTS)
  const rounds: { ours: number; bare: number }[] = []
  for (let i = 0; i < ROUNDS; i++) {
    rounds.push({ ours: await cpuPerRequest(ours), bare: await cpuPerRequest(bare) })
  }
  ours.stop()
  bare.stop()
  agent.destroy()
  const ratio = median(rounds.map((round) => round.ours / round.bare))
  console.log(`${bytes.length} bytes an answer`)
  for (const round of rounds) {
    console.log(`ours ${round.ours.toFixed(0)} us, bare ${round.bare.toFixed(0)} us CPU a request`)
  }
  return {
    bench: 'graphql',
    ratio: Number(ratio.toFixed(2)),
    against: 'node:http sending the same bytes',
    bar: `<= ${BAR}`,
    pass: ratio <= BAR,
  }
}

const serve = process.env['BENCH_SERVE']
if (serve !== undefined && process.send !== undefined) {
  const port = serve === 'api' ? await serveApi() : await serveBytes(process.env['BENCH_BYTES'] ?? '')
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpu: user + system })
  })
  process.once('disconnect', () => process.exit())
  process.send({ port })
}
