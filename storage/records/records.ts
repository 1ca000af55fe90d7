/**
 * Records: what must be exact and related (titles, people, jobs, model registry). PostgreSQL, embedded or by URL.
 * Each domain brings its tables as migrations and sees `db` typed by its own row types.
 */
import type { Kysely } from 'kysely'

/** One step of the schema. Ids sort by name; a step that ran is never edited. */
export type Migration = { readonly id: string; readonly sql: string }

export type Records = {
  /** Kysely over the pool. Narrow it: `records.db as Kysely<CatalogTables>` through `records.tables<CatalogTables>()`. */
  tables<T>(): Kysely<T>
  /** Runs what has not run yet, in one transaction each, under an advisory lock. */
  migrate(steps: readonly Migration[]): Promise<void>
  /** Calls `heard` for each NOTIFY on the channel, and once after a reconnect with ''. Returns the way to stop. */
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>
  notify(channel: string, payload: string): Promise<void>
  /** A URL another process on this machine can connect with, e.g. for the command line. */
  readonly url: string
  close(): Promise<void>
}
