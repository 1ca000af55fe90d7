/**
 * The victim of the torture: a real collector over HTTP with the embedded log, the sink and the warehouse, in a process
 * of its own. `node victim.ts <folder> <durable>`; orders come over the channel to its parent.
 */

import path from 'node:path'
import fastify from 'fastify'
import { uuidv7 } from '#base/ids.ts'
import { silentLog } from '#base/log.ts'
import { catalogEvents, titleUpserted } from '#events/catalog.ts'
import { deadLetterEvents } from '#events/dead-letters.ts'
import { discoveryEvents } from '#events/discovery.ts'
import type { Grant } from '#events/grants.ts'
import { playbackEvents } from '#events/playback.ts'
import { serverEvent, streams } from '#events/registry.ts'
import { type Collector, createCollector } from '#pipelines/collect.ts'
import { registerCollector } from '#pipelines/collector-routes.ts'
import { recallEvents } from '#pipelines/recall-events.ts'
import { openWarehouseSink } from '#pipelines/warehouse-sink.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'
import { findOut } from '#tests/torture/findings.ts'
import type { Findings, InsertFault, Order, Said } from '#tests/torture/orders.ts'
import { armWrites, setWriteFault } from '#tests/torture/write-faults.ts'

const [dir = '', durable = 'true'] = process.argv.slice(2)
const YEAR_MS = 365 * 24 * 3_600_000
const TITLES = 20
const SUNK = [playbackEvents, discoveryEvents, deadLetterEvents]

let jumped = 0
const clock = { now: () => Date.now() + jumped }
const log =
  process.env['TORTURE_LOG'] === undefined
    ? silentLog
    : { ...silentLog, error: console.error, warn: console.error }

const valid = { issuedAt: Date.now() - YEAR_MS, expiresAt: Date.now() + YEAR_MS }
const play: Grant = {
  ...valid,
  kind: 'play',
  tenantId: 'acme',
  playId: 'play-1',
  titleId: 'title-1',
  viewerKey: 'viewer-1',
  kids: false,
  recommendationId: null,
}
const viewer: Grant = { ...valid, kind: 'viewer', tenantId: 'acme', viewerKey: 'viewer-1' }
const grants: Readonly<Record<string, Grant>> = { play, viewer, 'other play': { ...play, tenantId: 'other' } }
const tenants: Readonly<Record<string, string>> = { 'key-acme': 'acme', 'key-other': 'other' }

const say = (said: Said): void => {
  process.send?.(said)
}

/** The warehouse, and what may happen to an insert after it is there. */
function unsafe(warehouse: Warehouse & { pid(): number | undefined }) {
  let fault: InsertFault | null = null
  let inserts = 0
  const insertNative: Warehouse['insertNative'] = async (...of) => {
    await warehouse.insertNative(...of)
    if (fault === null || ++inserts !== fault.at) return
    const { what } = fault
    if (what === 'kill everything') process.kill(process.pid, 'SIGKILL')
    const pid = warehouse.pid()
    if (what === 'kill warehouse' && pid !== undefined) process.kill(pid, 'SIGKILL')
    throw new Error('the answer was lost')
  }
  return {
    warehouse: { ...warehouse, insertNative },
    failInsert: (next: InsertFault) => {
      fault = next
      inserts = 0
    },
  }
}

/** Says new snapshots of a few titles without end; what is acknowledged is told to the parent. */
async function keepSayingTitles(collector: Collector, stopped: () => boolean): Promise<void> {
  let acknowledged: Record<string, number> = {}
  let toldAt = 0
  while (!stopped()) {
    const revision = performance.timeOrigin + performance.now()
    const titleId = `t${Math.floor(revision) % TITLES}`
    const event = serverEvent(titleUpserted as never, clock.now(), uuidv7(), {
      tenantId: 'acme',
      titleId,
      name: String(revision),
      description: '',
      creatorId: 'mads',
      genres: [],
      status: 'ready',
      ageRating: 'all',
      simulated: true,
    })
    await collector.say([event]).then(
      () => (acknowledged[titleId] = revision),
      () => undefined,
    )
    if (performance.now() - toldAt > 50) {
      toldAt = performance.now()
      say({ say: 'titles', titles: acknowledged })
      acknowledged = {}
    }
    await new Promise((resolve) => setTimeout(resolve, 4))
  }
}

await armWrites(durable === 'true')
const eventLog = await openSegmentLog({
  dir: path.join(dir, 'log'),
  streams,
  clock,
  log,
  segmentBytes: 256 * 1024,
  waiting: { events: 5000, bytes: 4 * 1024 * 1024 },
})
const opened = await openChdb({ dir: path.join(dir, 'warehouse'), log })
const { warehouse, failInsert } = unsafe(opened)
await ensureStreamTables(warehouse, SUNK)
const collector = createCollector({
  eventLog,
  readGrant: async (token) => grants[token] ?? null,
  findTenantByWriteKey: async (key) => (tenants[key] === undefined ? null : { id: tenants[key] }),
  clock,
  log,
  limits: { perPlay: 1e9, perViewerHour: 1e9 },
})
await recallEvents(eventLog, collector)
const sink = await openWarehouseSink({ eventLog, warehouse, streams: SUNK, clock, log })
const app = fastify({ forceCloseConnections: true })
registerCollector(app, collector)
await app.listen({ port: 0, host: '127.0.0.1' })

let stopped = false
const saying = keepSayingTitles(collector, () => stopped)
const sweeping = (async () => {
  while (!stopped) {
    await eventLog.sweep()
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
})()

async function obey(order: Order): Promise<Findings | undefined> {
  if (order.do === 'fail writes') setWriteFault(order.fault)
  if (order.do === 'fail insert') failInsert(order.fault)
  if (order.do === 'jump') jumped += order.ms
  if (order.do === 'check') {
    await sink.caughtUp()
    return findOut({ eventLog, warehouse, collector, streams: SUNK, titles: catalogEvents }, order)
  }
  if (order.do === 'stop') {
    stopped = true
    await Promise.all([app.close(), saying, sweeping])
    await sink.close()
    await eventLog.close()
    await opened.close()
  }
  return undefined
}

process.on('message', ({ number, order }: { number: number; order: Order }) => {
  void obey(order).then((findings) =>
    say({ say: 'done', number, ...(findings === undefined ? {} : { findings }) }),
  )
})
process.once('disconnect', () => process.exit(1))
const address = app.server.address()
say({ say: 'ready', port: typeof address === 'object' && address !== null ? address.port : 0 })
