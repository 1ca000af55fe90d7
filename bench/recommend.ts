/**
 * Time to a home page through HTTP: 10,000 titles, a NeuMF graph of 2,000 viewers, histories in the embedded online
 * store. The server runs in its own process; asked one at a time, then by four at once. p99 is of the worse of the two.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import fastify from 'fastify'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { createRandom, type Random } from '#base/random.ts'
import type { ViewerHistoryState } from '#features/viewer-history.ts'
import { writeIndex } from '#models/artifact.ts'
import { exportNcf } from '#models/ncf/export.ts'
import { NCF_DEFAULTS } from '#models/ncf/fit.ts'
import type { ModelVersion } from '#models/version.ts'
import type { ServedTitle, ServingPorts } from '#serving/ports.ts'
import { openServing } from '#serving/recommend.ts'
import { openLmdb } from '#storage/online-store/lmdb.ts'
import type { OnlineStore, Row } from '#storage/online-store/online-store.ts'

const TITLES = 10_000
const VIEWERS = 2000
const HISTORY = 40
const NEIGHBOURS = 50
const REQUESTS = 3000
const WARM_UP = 500
const TENANT = 'bench'
const GENRES = [
  'Drama',
  'Comedy',
  'Documentary',
  'Animation',
  'Thriller',
  'Travel',
  'Music',
  'Science',
  'Sport',
  'Kids',
]
const DAY = 86_400_000

const pad = (n: number): string => String(n).padStart(5, '0')
const titleId = (n: number): string => `title-${pad(n)}`
const viewerKey = (n: number): string => `viewer-${pad(n)}`

function makeTitles(now: number): ServedTitle[] {
  return Array.from({ length: TITLES }, (_, n) => ({
    id: titleId(n),
    name: `Title ${n}`,
    genres: [GENRES[n % 10] as string, GENRES[(n * 7 + 3) % 10] as string],
    status: n % 20 === 0 ? 'ready' : 'simulated',
    durationMs: 3_600_000,
    ageRating: n % 4 === 0 ? '16' : 'all',
    publishedAt: now - n * 60_000,
  }))
}

/** A graph and an index of the right sizes with weights of chance: what is measured is time, not taste. */
function makeArtifact(now: number): { onnx: Uint8Array; index: Uint8Array } {
  const random = createRandom(1)
  const { width, layers } = NCF_DEFAULTS
  const [h1, h2, h3] = layers
  const floats = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => 0.3 * random.normal())
  const dense = 2 * width * h1 + h1 + h1 * h2 + h2 + h2 * h3 + h3 + width + h3 + 4
  const weights = {
    viewerRows: floats(VIEWERS * 2 * width),
    titleRows: floats(TITLES * 2 * width),
    dense: floats(dense),
  }
  const index = writeIndex({
    viewers: Array.from({ length: VIEWERS }, (_, n) => viewerKey(n)),
    titles: Array.from({ length: TITLES }, (_, n) => titleId(n)),
    knowsUntil: now - DAY,
    neighbours: {
      perTitle: NEIGHBOURS,
      titles: Int32Array.from({ length: TITLES * NEIGHBOURS }, () => random.below(TITLES)),
      weights: Float32Array.from({ length: TITLES * NEIGHBOURS }, () => random.next()),
    },
  })
  return { onnx: exportNcf(weights, NCF_DEFAULTS), index }
}

function historyOf(random: Random, k: number, now: number): ViewerHistoryState {
  const playheadMs = random.below(3_600_000)
  const completed = random.next() < 0.4
  const at = now - random.below(2 * DAY)
  const positionMs = completed ? 0 : playheadMs
  return {
    positionMs,
    contentMs: playheadMs,
    completed,
    lastSid: `sid-${k}`,
    at,
    playheadMs,
    covered: [0, playheadMs],
  }
}

/** Half of each history is newer than the model; a tenth of the viewers is new to it. */
async function fillHistories(online: OnlineStore, now: number): Promise<void> {
  const random = createRandom(2)
  for (let n = 0; n < VIEWERS * 1.1; n++) {
    const rows: Row[] = Array.from({ length: HISTORY }, (_, k) => ({
      space: 'history',
      tenantId: TENANT,
      entity: viewerKey(n),
      item: titleId(random.below(TITLES)),
      value: historyOf(random, k, now),
      at: now - random.below(2 * DAY),
    }))
    await online.put(rows)
  }
}

async function serve(dir: string): Promise<void> {
  const now = Date.now()
  const online = openLmdb({ dir })
  await fillHistories(online, now)
  const artifact = makeArtifact(now)
  const version = { tenantId: TENANT, id: 'ncf-bench', name: 'ncf', version: 'bench' } as ModelVersion
  const titles = makeTitles(now)
  const ports: ServingPorts = {
    online,
    registry: {
      active: async () => version,
      canary: async () => null,
      get: async () => version,
      artifact: async () => artifact,
      onChange: () => () => {},
    },
    clock: systemClock,
    log: silentLog,
    listTitles: async () => titles,
    popularity: async () => titles.map((title, n) => ({ titleId: title.id, score: TITLES / (n + 1) })),
    say: async () => {},
  }
  const serving = openServing(ports)
  await serving.warm(TENANT)
  const server = fastify()
  server.get<{ Querystring: { viewer?: string } }>('/home', ({ query }) =>
    serving.home({ tenantId: TENANT, viewerKey: query.viewer ?? null }),
  )
  await server.listen({ host: '127.0.0.1', port: 0 })
  process.once('disconnect', () => process.exit())
  process.send?.((server.server.address() as AddressInfo).port)
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 })

/** Known viewers mostly, one in ten new to the model, one in ten a visitor. */
const pathOf = (n: number): string => {
  if (n % 10 === 0) return '/home'
  return `/home?viewer=${viewerKey(n % 10 === 1 ? VIEWERS + (n % (VIEWERS / 10)) : (n * 7919) % VIEWERS)}`
}

function ask(port: number, n: number): Promise<number> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: pathOf(n), agent }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - began)
        else reject(new Error(`answered ${response.statusCode}`))
      })
    }).on('error', reject)
  })
}

async function load(port: number, count: number, atOnce: number): Promise<{ p50Ms: number; p99Ms: number }> {
  const times: number[] = []
  let next = 0
  const asker = async (): Promise<void> => {
    while (next < count) times.push(await ask(port, next++))
  }
  await Promise.all(Array.from({ length: atOnce }, asker))
  times.sort((a, b) => a - b)
  const at = (share: number): number => Number((times[Math.floor(times.length * share)] as number).toFixed(2))
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}

const BAR_MS = 20

export async function bench(): Promise<Record<string, unknown>> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'bench-recommend-'))
  const server: ChildProcess = fork(import.meta.filename, ['serve', dir])
  try {
    const [port] = (await once(server, 'message')) as [number]
    await load(port, WARM_UP, 4)
    const alone = await load(port, REQUESTS, 1)
    const together = await load(port, REQUESTS, 4)
    const p99Ms = Math.max(alone.p99Ms, together.p99Ms)
    return {
      bench: 'recommend',
      p50Ms: together.p50Ms,
      p99Ms,
      aloneP50Ms: alone.p50Ms,
      aloneP99Ms: alone.p99Ms,
      against: `a bar of ${BAR_MS} ms: ${TITLES} titles, ${VIEWERS} viewers, four asking at once`,
      bar: `p99 < ${BAR_MS} ms`,
      pass: p99Ms < BAR_MS,
      ratio: Number((p99Ms / BAR_MS).toFixed(3)),
    }
  } finally {
    agent.destroy()
    server.kill()
    await once(server, 'exit')
    await rm(dir, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  if (process.argv[2] === 'serve') await serve(process.argv[3] as string)
  else console.log(JSON.stringify(await bench()))
}
