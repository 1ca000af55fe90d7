/**
 * SQL by tenant: each gets a sandbox over a snapshot of its own rows, made when it is first asked for, made anew on demand
 * and at most once a minute, and put away when nobody asks any more.
 */
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Readable } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#pipelines/errors.ts'
import { type SnapshotLimits, type TakenTable, takeSnapshot } from '#pipelines/snapshot.ts'
import { openSandbox, type Sandbox } from '#storage/sandbox/sandbox.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

/** What an answer is an answer about. */
export type SnapshotNote = {
  readonly id: string
  readonly takenAt: number
  readonly tables: readonly TakenTable[]
}
export type SqlAnswer = {
  readonly bytes: number
  /** Counts as being worked on until it is read or destroyed, five minutes at most. */
  readonly body: Readable
  readonly snapshot: SnapshotNote
}

/** Formats by the name they are asked for. */
export const SQL_FORMATS = {
  arrow: 'ArrowStream',
  parquet: 'Parquet',
  csv: 'CSVWithNames',
  json: 'JSON',
} as const
export type SqlFormat = keyof typeof SQL_FORMATS

export type Sandboxes = {
  /** Refuses with `SV_SQL_...`. */
  ask(tenantId: string, statement: string, format: SqlFormat): Promise<SqlAnswer>
  /** A new snapshot, or the one there is when it is not a minute old. Statements under way end on the old one. */
  refresh(tenantId: string): Promise<SnapshotNote>
  close(): Promise<void>
}
export type SandboxesOptions = {
  readonly warehouse: Warehouse
  /** Of its own: what is there is removed. */
  readonly dir: string
  readonly clock: Clock
  readonly log: Log
  readonly limits?: SnapshotLimits
}

const FRESH_MS = 60_000
const IDLE_MS = 10 * 60_000
/** What reading an answer may take. */
const READ_MS = 5 * 60_000
/** Snapshots that are kept at the same time; the one not asked for longest makes room. */
const MOST = 4
/** Statements of a tenant at the same time: two run, the others wait. */
const MOST_ASKED = 6

type House = { readonly sandbox: Sandbox; readonly note: SnapshotNote; asking: number; retired: boolean }
type Tenant = { house: Promise<House>; refreshing: Promise<House> | null; asked: number; usedAt: number }

export function openSandboxes(options: SandboxesOptions): Sandboxes {
  const { warehouse, dir, clock, log, limits } = options
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const tenants = new Map<string, Tenant>()
  const closing = new Set<Promise<void>>()
  let made = 0
  const stopping = new AbortController()

  const build = async (tenantId: string): Promise<House> => {
    const own = path.join(dir, String(made++))
    try {
      const { statements, ...note } = await takeSnapshot({
        warehouse,
        tenantId,
        dir: own,
        clock,
        signal: stopping.signal,
        ...(limits === undefined ? {} : { limits }),
      })
      const sandbox = await openSandbox({ dir: own, statements, signal: stopping.signal })
      return { sandbox, note, asking: 0, retired: false }
    } catch (error) {
      rmSync(own, { recursive: true, force: true })
      throw error
    }
  }
  /** Closes a house when the last of its statements has been answered. */
  const retire = (house: House): void => {
    house.retired = true
    if (house.asking > 0) return
    const done = house.sandbox
      .close()
      .catch((error: unknown) => log.error({ err: error }, 'a sandbox could not be closed'))
      .finally(() => closing.delete(done))
    closing.add(done)
  }
  const forget = (tenantId: string, tenant: Tenant): void => {
    tenants.delete(tenantId)
    tenant.house.then(retire, () => undefined)
  }
  const makeRoom = (): void => {
    const idle = [...tenants]
      .filter(([, { asked }]) => asked === 0)
      .sort(([, a], [, b]) => a.usedAt - b.usedAt)
    const [oldest] = idle
    if (tenants.size < MOST) return
    if (oldest === undefined) throw new Refusal(refusals.sqlBusy, 'Too many tenants ask at the same time.')
    forget(...oldest)
  }
  const tenantOf = (tenantId: string): Tenant => {
    if (stopping.signal.aborted) throw new Refusal(refusals.sqlBusy, 'The platform is stopping.')
    const known = tenants.get(tenantId)
    if (known !== undefined) return known
    makeRoom()
    const tenant: Tenant = { house: build(tenantId), refreshing: null, asked: 0, usedAt: clock.now() }
    tenants.set(tenantId, tenant)
    tenant.house.catch(() => {
      if (tenants.get(tenantId) === tenant) tenants.delete(tenantId)
    })
    return tenant
  }
  const timer = setInterval(() => {
    for (const [tenantId, tenant] of tenants) {
      if (tenant.asked === 0 && clock.now() - tenant.usedAt > IDLE_MS) forget(tenantId, tenant)
    }
  }, 30_000)
  timer.unref()

  return {
    ask: async (tenantId, statement, format) => {
      const tenant = tenantOf(tenantId)
      if (tenant.asked >= MOST_ASKED)
        throw new Refusal(refusals.sqlBusy, `${MOST_ASKED} statements are being worked on already.`)
      tenant.asked++
      let house: House | undefined
      const over = (): void => {
        tenant.asked--
        tenant.usedAt = clock.now()
        if (house === undefined) return
        house.asking--
        if (house.retired) retire(house)
      }
      try {
        const asked = await tenant.house
        asked.asking++
        house = asked
        const { bytes, body } = await asked.sandbox.ask(statement, SQL_FORMATS[format])
        const late = setTimeout(() => body.destroy(), READ_MS)
        body.once('close', () => {
          clearTimeout(late)
          over()
        })
        return { bytes, body, snapshot: asked.note }
      } catch (error) {
        over()
        throw error
      }
    },
    refresh: async (tenantId) => {
      const tenant = tenantOf(tenantId)
      tenant.usedAt = clock.now()
      // At work: it is not let go to make room for another.
      tenant.asked++
      try {
        const old = await tenant.house
        if (clock.now() - old.note.takenAt < FRESH_MS) return old.note
        tenant.refreshing ??= build(tenantId).finally(() => {
          tenant.refreshing = null
        })
        const house = await tenant.refreshing
        // The first of those who waited puts it in place.
        if ((await tenant.house) === old) {
          tenant.house = Promise.resolve(house)
          if (tenants.get(tenantId) !== tenant) retire(house)
          retire(old)
        }
        return house.note
      } finally {
        tenant.asked--
      }
    },
    close: async () => {
      stopping.abort()
      clearInterval(timer)
      const all = [...tenants.values()].flatMap(({ house, refreshing }) =>
        refreshing === null ? [house] : [house, refreshing],
      )
      for (const house of await Promise.allSettled(all)) {
        if (house.status === 'fulfilled') await house.value.sandbox.close()
      }
      await Promise.all(closing)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
