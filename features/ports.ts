/** What the commands of features work on. */
import type { Shell } from '#base/command.ts'
import type { OnlineStore } from '#storage/online-store/online-store.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type FeatureCommandPorts = Shell & {
  /** The tenant when --tenant does not say. */
  readonly tenantId: string
  /** Epoch ms. */
  now(): number
  wait(ms: number): Promise<void>
  readonly warehouse: Warehouse
  readonly online: OnlineStore
  /** Runs `ask` on the warehouse as it was known at an instant: tables may be made in it, none of it is kept. */
  knownAt<T>(tenantId: string, at: number, ask: (known: Warehouse) => Promise<T>): Promise<T>
}

const MINUTE_MS = 60_000

/** The newest instant at which everything received before it is surely in the tables. */
export const settledAt = (now: number): number => Math.floor((now - MINUTE_MS) / MINUTE_MS) * MINUTE_MS
