/**
 * From the collector's door to the views in one process, as on the platform, with the warehouse in its own: what benches
 * of the whole path load. Run by itself it is the server; `startPath` starts it and asks it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fastify from 'fastify'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { streams } from '#events/registry.ts'
import { createCollector } from '#pipelines/collect.ts'
import { registerCollector } from '#pipelines/collector-routes.ts'
import { openProjection } from '#pipelines/projection.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'

const HOUR_MS = 3_600_000
export const TENANT = 'demo'

/** What the path says of itself. */
export type PathState = {
  readonly rssMb: number
  readonly warehouseRssMb: number
  readonly accepted: number
  readonly stored: number
  readonly duplicate: number
  readonly deadLettered: number
}
export type Path = {
  readonly port: number
  readonly dir: string
  /** How it is; `settled` waits until everything received before is in the views. */
  ask(what: 'state' | 'settled'): Promise<PathState>
  close(): Promise<void>
}
type Said = { readonly port: number; readonly dir: string } | { readonly state: PathState }

export async function startPath(): Promise<Path> {
  const child = fork(import.meta.filename)
  const { port, dir } = (await next(child)) as { port: number; dir: string }
  return {
    port,
    dir,
    ask: async (what) => {
      child.send(what)
      return ((await next(child)) as { state: PathState }).state
    },
    close: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      await gone
    },
  }
}

const next = (child: ChildProcess): Promise<Said> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the path ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (said) => {
      child.off('exit', ended)
      resolve(said as Said)
    })
  })

async function serve(): Promise<void> {
  const dir = await mkdtemp(path.join(tmpdir(), 'streamverse-bench-'))
  const ports = { clock: systemClock, log: silentLog }
  const warehouse = await openChdb({ ...ports, dir: path.join(dir, 'warehouse') })
  await ensureStreamTables(warehouse)
  const eventLog = await openSegmentLog({ ...ports, dir: path.join(dir, 'log'), streams })
  const projection = await openProjection({ ...ports, eventLog, warehouse, streams })
  const collector = createCollector({
    ...ports,
    eventLog,
    // Every play has a viewer of its own.
    readGrant: async (token) => ({
      kind: 'play',
      tenantId: TENANT,
      playId: token,
      titleId: 'title',
      viewerKey: token,
      kids: false,
      recommendationId: null,
      issuedAt: Date.now() - HOUR_MS,
      expiresAt: Date.now() + HOUR_MS,
    }),
    findTenantByWriteKey: async () => ({ id: TENANT }),
    limits: { perPlay: Number.POSITIVE_INFINITY },
  })
  const app = fastify()
  registerCollector(app, collector)
  await app.listen({ port: 0, host: '127.0.0.1' })

  const stateOf = (): PathState => {
    const counts = collector.snapshot().tenants[TENANT]
    const letters = Object.values(counts?.deadLettered ?? {}).reduce((sum, one) => sum + one, 0)
    return {
      rssMb: memoryOf(process.pid),
      warehouseRssMb: memoryOf(warehouse.pid() ?? process.pid),
      accepted: counts?.accepted ?? 0,
      stored: counts?.stored ?? 0,
      duplicate: counts?.duplicate ?? 0,
      deadLettered: letters,
    }
  }
  process.on('message', (what) => {
    void (async () => {
      if (what === 'settled') await projection.caughtUp()
      process.send?.({ state: stateOf() })
    })()
  })
  process.once('disconnect', () => {
    void (async () => {
      await app.close()
      await projection.close()
      await eventLog.close()
      await warehouse.close()
      await rm(dir, { recursive: true, force: true })
      process.exit()
    })()
  })
  process.send?.({ port: (app.server.address() as AddressInfo).port, dir })
}

/** Resident memory, MiB. */
const memoryOf = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)

if (import.meta.main) await serve()
