/** Records in PostgreSQL: our own server in the data directory, or one given by URL. */
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Clock, systemClock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { openListener } from '#storage/records/listener.ts'
import { migrate } from '#storage/records/migrate.ts'
import { openPool } from '#storage/records/pool.ts'
import type { Records } from '#storage/records/records.ts'
import { openServer } from '#storage/records/server.ts'

export type EmbeddedRecords = Records & {
  /** Process id of the server, which changes when it is started again. */
  serverPid(): number
}

/** Starts the server kept in `dir`, making it the first time. It goes down with us, and comes back if it dies alone. */
export async function openEmbeddedPostgres(options: {
  readonly dir: string
  readonly log: Log
  readonly clock?: Clock
}): Promise<EmbeddedRecords> {
  const server = await openServer(options)
  try {
    const records = await openPostgresUrl({ ...options, url: server.url })
    return {
      ...records,
      serverPid: server.pid,
      close: async () => {
        await records.close()
        await server.close()
      },
    }
  } catch (error) {
    await server.close()
    throw error
  }
}

/** Connects to a server that somebody else keeps. */
export async function openPostgresUrl(options: {
  readonly url: string
  readonly log: Log
  readonly clock?: Clock
}): Promise<Records> {
  const { url, log, clock = systemClock } = options
  const pool = openPool(url, clock)
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  const listener = openListener(url, log)
  const close = async (): Promise<void> => {
    await listener.close()
    await db.destroy()
    await pool.end()
  }
  try {
    const first = await pool.connect()
    first.release()
  } catch (error) {
    await close()
    throw error
  }
  let closing: Promise<void> | undefined
  return {
    url,
    tables: <T>() => db as unknown as Kysely<T>,
    migrate: (steps) => migrate(db, steps),
    listen: listener.listen,
    notify: async (channel, payload) => {
      await sql`SELECT pg_notify(${channel}, ${payload})`.execute(db)
    },
    close: () => (closing ??= close()),
  }
}
