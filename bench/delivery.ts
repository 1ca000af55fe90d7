/**
 * What the origin's own account costs: CPU per segment served over HTTP, with every request noted, read as CMCD, said to a
 * log on disk, against the same routes that note nothing. Each server runs in its own process; rounds alternate.
 */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fastify from 'fastify'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { streams } from '#events/registry.ts'
import { isProgram } from '#pipelines/bots.ts'
import { createCollector } from '#pipelines/collect.ts'
import { openDeliveryLog } from '#playback/delivery/delivery-log.ts'
import { createTimelineBook } from '#playback/delivery/timeline.ts'
import type { Job } from '#playback/job.ts'
import { registerMedia } from '#playback/media-routes.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { openDiskMedia } from '#storage/media/disk.ts'

/** Two seconds at 2 Mbit/s. */
const SEGMENT_BYTES = 500_000
const SEGMENTS = 100
const REQUESTS = 200
const CONNECTIONS = 16
/** Many short ones, beside each other: what else runs on the machine falls on both. */
const ROUNDS = 60
const WARM_UPS = 15
/** Serving may cost this much more. */
const BAR = 1.1
const FOLDER = 'r0123456789'

type Serving = { readonly port: number; readonly said: () => Promise<void> }

async function serve(withWitness: boolean): Promise<Serving> {
  const dir = await mkdtemp(path.join(tmpdir(), 'streamverse-bench-'))
  const media = openDiskMedia({ dir })
  for (let i = 1; i <= SEGMENTS; i++)
    await media.put(`titles/demo/title/${FOLDER}/v720/${i}.m4s`, Buffer.alloc(SEGMENT_BYTES, i))
  const app = fastify()
  const eventLog = await openSegmentLog({
    dir: path.join(dir, 'log'),
    streams,
    clock: systemClock,
    log: silentLog,
  })
  const { say } = createCollector({
    eventLog,
    readGrant: async () => null,
    findTenantByWriteKey: async () => null,
    clock: systemClock,
    log: silentLog,
  })
  const segmentTemplate = `<SegmentTemplate timescale="1"><SegmentTimeline><S t="0" d="2" r="${SEGMENTS - 1}"/>`
  const track = { name: 'v720', kind: 'video', heightPx: 720, segmentTemplate }
  const timelines = createTimelineBook(async () => [{ id: '0123456789', tracks: [track] } as unknown as Job])
  const deliveries = openDeliveryLog({ say, timelines, clock: systemClock, log: silentLog })
  registerMedia(
    app,
    media,
    withWitness ? { note: deliveries.note, isProgram, clock: systemClock } : undefined,
  )
  app.addHook('onClose', async () => {
    await deliveries.close()
    await eventLog.close()
    await rm(dir, { recursive: true, force: true })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  process.once('disconnect', () => void app.close().finally(() => process.exit()))
  return { port: (app.server.address() as AddressInfo).port, said: deliveries.flush }
}

type Served = { readonly port: number; cpuMicros(): Promise<number>; stop(): void }

function spawnServer(kind: 'witness' | 'bare'): Promise<Served> {
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
/** What our own player says of itself with each request. */
const headersOf = (view: number, i: number) => ({
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0',
  'cmcd-session': `sf=h,sid="0192f7b0-0000-7000-8000-${String(view).padStart(12, '0')}",st=v,v=2`,
  'cmcd-request': `bl=(${i * 100}),dl=${i * 100},mtp=(25000),sta=p`,
  'cmcd-object': 'br=(2400),d=2000,ot=v,tb=(5200)',
  'cmcd-status': 'rtp=12000',
})

function fetchOne(port: number, i: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const file = `/media/demo/title/${FOLDER}/v720/${(i % SEGMENTS) + 1}.m4s`
    get({ port, host: '127.0.0.1', path: file, agent, headers: headersOf(i % 300, i) }, (incoming) => {
      if (incoming.statusCode !== 200) reject(new Error(`answered ${incoming.statusCode}`))
      incoming.resume().once('end', resolve)
    }).once('error', reject)
  })
}

/** CPU microseconds per request, until its account is in the log. */
async function round(server: Served): Promise<number> {
  const before = await server.cpuMicros()
  let left = REQUESTS
  const ask = async (): Promise<void> => {
    while (left-- > 0) await fetchOne(server.port, left)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, ask))
  return ((await server.cpuMicros()) - before) / REQUESTS
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number

export async function bench(): Promise<object> {
  const ours = await spawnServer('witness')
  const bare = await spawnServer('bare')
  for (let i = 0; i < WARM_UPS; i++) {
    await round(ours)
    await round(bare)
  }
  const rounds: { ours: number; bare: number }[] = []
  for (let i = 0; i < ROUNDS; i++) rounds.push({ ours: await round(ours), bare: await round(bare) })
  ours.stop()
  bare.stop()
  agent.destroy()
  const [withIt, without] = [median(rounds.map((one) => one.ours)), median(rounds.map((one) => one.bare))]
  console.log(`${withIt.toFixed(0)} us CPU a segment with the account, ${without.toFixed(0)} without`)
  const ratio = median(rounds.map((one) => one.ours / one.bare))
  return {
    bench: 'delivery',
    ratio: Number(ratio.toFixed(3)),
    microsMore: Number(median(rounds.map((one) => one.ours - one.bare)).toFixed(1)),
    against: 'the same routes without the account',
    bar: `<= ${BAR}`,
    pass: ratio <= BAR,
  }
}

const kind = process.env['BENCH_SERVE']
if (kind !== undefined && process.send !== undefined) {
  const { port, said } = await serve(kind === 'witness')
  process.on('message', () => {
    void said().then(() => {
      const { user, system } = process.cpuUsage()
      process.send?.({ cpu: user + system })
    })
  })
  process.send({ port })
} else if (import.meta.main) {
  console.log(JSON.stringify(await bench()))
}
