/**
 * The online store: small values read by key in microseconds while a page is made. lmdb embedded, ScyllaDB at size.
 * Rows live in a space, under a partition (tenant + entity), sorted by item. Last write by `at` wins, on every driver.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export type RowKey = {
  readonly space: string
  readonly tenantId: string
  /** What the row is about, e.g. a viewer key. */
  readonly entity: string
  /** Names the row within the entity, e.g. a title id. Sorted by bytes. Empty string for single-row entities. */
  readonly item: string
}
export type Row = RowKey & {
  readonly value: Json
  /** Event time in epoch ms: a write with an older `at` than what is stored changes nothing. Deletes too. */
  readonly at: number
}

/** Rows of one entity a listing gives at most when nothing is said. */
export const LIST_LIMIT = 10_000

export type OnlineStore = {
  get(key: RowKey): Promise<Row | null>
  getMany(keys: readonly RowKey[]): Promise<(Row | null)[]>
  /** Items of an entity, sorted by item: the first `limit`, deleted ones not counted. */
  list(space: string, tenantId: string, entity: string, options?: { readonly limit?: number }): Promise<Row[]>
  /**
   * Resolves when durable. Order of rows with one key does not matter: the newest `at` wins, at one time the larger JSON
   * text, by its bytes in UTF-8.
   */
  put(rows: readonly Row[]): Promise<void>
  /** Leaves a tombstone so that an older write that comes late stays dead; one of the same time lives. */
  delete(keys: readonly (RowKey & { readonly at: number })[]): Promise<void>
  close(): Promise<void>
}
