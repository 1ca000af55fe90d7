/** What serving is handed, and what it answers. */
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import type { CoWatched } from '#features/co-watch.ts'
import type { Registry } from '#models/registry.ts'
import type { OnlineStore } from '#storage/online-store/online-store.ts'

export type ServedTitle = {
  readonly id: string
  readonly name: string
  readonly genres: readonly string[]
  readonly status: string
  readonly durationMs: number | null
  readonly ageRating: string
  readonly publishedAt: number | null
}
export type TitleScore = { readonly titleId: string; readonly score: number }

export type ServingPorts = {
  readonly online: OnlineStore
  readonly registry: Pick<Registry, 'active' | 'artifact' | 'canary' | 'get' | 'onChange'>
  readonly clock: Clock
  readonly log: Log
  readonly listTitles: (tenantId: string) => Promise<readonly ServedTitle[]>
  /** Hears of tenants whose titles changed. */
  readonly onTitlesChanged?: (heard: (tenantId: string) => void) => () => void
  /** Recent popularity, from the warehouse. Called in the background only. */
  readonly popularity: (tenantId: string) => Promise<readonly TitleScore[]>
  /** Titles watched together, from the warehouse, for tenants without a model. Called in the background only. */
  readonly coWatched?: (tenantId: string) => Promise<readonly CoWatched[]>
  /** Keeps the receipt of each slate. Called in the background only. */
  readonly say?: (events: StoredEvent[]) => Promise<unknown>
}

export type Asker = {
  readonly tenantId: string
  /** Null for visitors and kids: nothing personal is read. */
  readonly viewerKey: string | null
  readonly kids?: boolean
  /** `experiment:arm` pairs, for the receipt. */
  readonly experiments?: readonly string[]
}
/** Where a slot's title came from. */
export type Source = 'history' | 'ncf' | 'fold-in' | 'co-watch' | 'genre' | 'popular' | 'new'
export type Slot = {
  readonly position: number
  readonly titleId: string
  readonly source: Source
  readonly score: number
}
export type Row = { readonly key: string; readonly name: string; readonly slots: readonly Slot[] }
export type Slate = {
  readonly id: string
  readonly modelName: string
  readonly modelVersion: string
  readonly rows: readonly Row[]
}
