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

export type OnlineStore = {
  get(key: RowKey): Promise<Row | null>
  getMany(keys: readonly RowKey[]): Promise<(Row | null)[]>
  /** All items of an entity, sorted by item. */
  list(space: string, tenantId: string, entity: string, options?: { readonly limit?: number }): Promise<Row[]>
  /** Resolves when durable. Order of rows with one key does not matter: the newest `at` wins, ties by larger JSON text. */
  put(rows: readonly Row[]): Promise<void>
  /** Leaves a tombstone so that an older write that comes late stays dead. */
  delete(keys: readonly (RowKey & { readonly at: number })[]): Promise<void>
  close(): Promise<void>
}
