/**
 * What the collector costs: CPU per event of HTTP batches validated, stamped and durable in the log, against a bare
 * node:http server that parses the same JSON and answers. Each server runs in its own process; rounds alternate.
 */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fastify from 'fastify'
import { systemClock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import { silentLog } from '#base/log.ts'
import { streams } from '#events/registry.ts'
import { createCollector } from '#pipelines/collect.ts'
import { registerCollector } from '#pipelines/collector-routes.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'

const BATCH_EVENTS = 50
const BODIES = 500
const ROUNDS = 7
/** Until the code that runs is the code that stays. */
const WARM_UPS = 6
const REQUESTS = 150_000 / BATCH_EVENTS
const CONNECTIONS = 64
const BAR = 0.6

function createBody(view: number): Buffer {
  const at = Date.now() - 60_000
  const common = {
    sid: uuidv7(),
    playerId: uuidv7(),
    visible: true,
    deviceKind: 'desktop',
    playerName: 'streamverse',
    playerVersion: '0.1.0',
    surface: 'watch',
  }
  const events = Array.from({ length: BATCH_EVENTS }, (_, seq) => ({
    type: seq % 5 === 4 ? 'playback.state.changed' : 'playback.heartbeat.sent',
    eventId: uuidv7(),
    createdAt: at + seq * 1000,
    seq,
    state: 'playing',
    playheadMs: seq * 1000,
    rate: 1,
    bitrateKbps: 2400,
    videoHeightPx: 720,
    bufferMs: 18_000 + view,
    ...(seq % 5 === 4 ? {} : { intervalMs: 1000 }),
  }))
  return Buffer.from(JSON.stringify({ writeKey: 'key', token: 'play', sentAt: Date.now(), common, events }))
}

async function serveCollector(): Promise<number> {
  const dir = await mkdtemp(path.join(tmpdir(), 'streamverse-bench-'))
  const eventLog = await openSegmentLog({ dir, streams, clock: systemClock, log: silentLog })
  const collector = createCollector({
    eventLog,
    readGrant: async () => ({
      kind: 'play',
      tenantId: 'demo',
      playId: 'play',
      titleId: 'title',
      viewerKey: 'viewer',
      kids: false,
      recommendationId: null,
      issuedAt: Date.now() - 3_600_000,
      expiresAt: Date.now() + 3_600_000,
    }),
    findTenantByWriteKey: async () => ({ id: 'demo' }),
    clock: systemClock,
    log: silentLog,
    limits: { perPlay: Number.POSITIVE_INFINITY },
  })
  const app = fastify()
  registerCollector(app, collector)
  app.addHook('onClose', async () => {
    await eventLog.close()
    await rm(dir, { recursive: true, force: true })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  process.once('disconnect', () => void app.close().finally(() => process.exit()))
  return (app.server.address() as AddressInfo).port
}

async function serveBare(): Promise<number> {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.once('end', () => {
      const { events } = JSON.parse(Buffer.concat(chunks).toString()) as { events: unknown[] }
      outgoing.writeHead(events.length === BATCH_EVENTS ? 204 : 400).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  process.once('disconnect', () => process.exit())
  return (server.address() as AddressInfo).port
}

type Served = { port: number; cpuMicros(): Promise<number>; stop(): void }

function spawnServer(kind: 'collector' | 'bare'): Promise<Served> {
  const child = fork(import.meta.filename, [], { env: { ...process.env, BENCH_SERVE: kind } })
  const heard = <T>(): Promise<T> => new Promise((resolve) => child.once('message', (m) => resolve(m as T)))
  const cpuMicros = async (): Promise<number> => {
    const answer = heard<{ cpu: number }>()
    child.send('cpu')
    return (await answer).cpu
  }
  return heard<{ port: number }>().then(({ port }) => ({ port, cpuMicros, stop: () => child.disconnect() }))
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
function post(port: number, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    const outgoing = request(
      { port, host: '127.0.0.1', path: '/events', method: 'POST', agent, headers },
      (incoming) => {
        const right = incoming.statusCode === 202 || incoming.statusCode === 204
        incoming.resume().once('end', () => {
          if (right) resolve()
          else reject(new Error(`answered ${incoming.statusCode}`))
        })
      },
    )
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

type Round = { readonly cpuPerEvent: number; readonly eventsPerSecond: number }

const EVENT_ID = /"eventId":"[0-9a-f-]{24}/g
/** Where the last twelve characters of each event's id stand. */
const idsIn = (body: Buffer): number[] =>
  [...body.toString('latin1').matchAll(EVENT_ID)].map(({ index, 0: text }) => index + text.length)
let said = 0
/** The same body with ids nobody has seen: every event is new to the server. */
function renewed(body: Buffer, ids: readonly number[]): Buffer {
  const copy = Buffer.from(body)
  for (const at of ids) copy.write((said++).toString(16).padStart(12, '0'), at, 'latin1')
  return copy
}

let next = 0
async function round(server: Served, bodies: readonly Buffer[]): Promise<Round> {
  const places = new Map(bodies.map((body) => [body, idsIn(body)]))
  const before = await server.cpuMicros()
  const start = performance.now()
  let left = REQUESTS
  const send = async (): Promise<void> => {
    while (left-- > 0) {
      const body = bodies[next++ % bodies.length] as Buffer
      await post(server.port, renewed(body, places.get(body) ?? []))
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, send))
  const seconds = (performance.now() - start) / 1000
  const events = REQUESTS * BATCH_EVENTS
  return {
    cpuPerEvent: ((await server.cpuMicros()) - before) / events,
    eventsPerSecond: events / seconds,
  }
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number

export async function bench(): Promise<object> {
  const bodies = Array.from({ length: BODIES }, (_, view) => createBody(view))
  const ours = await spawnServer('collector')
  const bare = await spawnServer('bare')
  for (let i = 0; i < WARM_UPS; i++) {
    await round(ours, bodies)
    await round(bare, bodies)
  }
  const rounds: { ours: Round; bare: Round }[] = []
  for (let i = 0; i < ROUNDS; i++)
    rounds.push({ ours: await round(ours, bodies), bare: await round(bare, bodies) })
  ours.stop()
  bare.stop()
  agent.destroy()
  for (const one of rounds) {
    const line = ({ cpuPerEvent, eventsPerSecond }: Round): string =>
      `${cpuPerEvent.toFixed(2)} us CPU an event, ${Math.round(eventsPerSecond)} events/s`
    console.log(`ours ${line(one.ours)}; bare ${line(one.bare)}`)
  }
  const ratio = median(rounds.map((one) => one.bare.cpuPerEvent / one.ours.cpuPerEvent))
  return {
    bench: 'collector',
    ratio: Number(ratio.toFixed(2)),
    eventsPerSecond: Math.round(median(rounds.map((one) => one.ours.eventsPerSecond))),
    against: 'node:http + JSON.parse',
    bar: `>= ${BAR}`,
    pass: ratio >= BAR,
  }
}

const serve = process.env['BENCH_SERVE']
if (serve !== undefined && process.send !== undefined) {
  const port = serve === 'collector' ? await serveCollector() : await serveBare()
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpu: user + system })
  })
  process.send({ port })
} else if (import.meta.main) {
  console.log(JSON.stringify(await bench()))
}
