/** The pool of connections: waits through a restart of the server instead of failing at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Clock } from '#base/clock.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/records/errors.ts'

/** How long a connection is waited for while the server is away. */
const PATIENCE_MS = 10_000
const AWAY =
  /ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|57P0[123]|terminated|Connection ended|timeout exceeded/

export type Pool = { connect(): Promise<pg.PoolClient>; end(): Promise<void> }

const isAway = (error: unknown): boolean => {
  const { code, message } = error as { code?: string; message?: string }
  return AWAY.test(`${code ?? ''} ${message ?? ''}`)
}

/** Runs `connect` until it works, the server says no for good, or patience ends. */
export async function withPatience<T>(
  connect: () => Promise<T>,
  clock: Clock,
  give: () => boolean,
): Promise<T> {
  const until = clock.now() + PATIENCE_MS
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 500)) {
    try {
      return await connect()
    } catch (cause) {
      if (!isAway(cause) || clock.now() + pauseMs > until || give()) {
        throw new Refusal(
          refusals.unavailable,
          `PostgreSQL cannot be reached: ${(cause as Error).message || String(cause)}.`,
          { cause },
        )
      }
      await sleep(pauseMs)
    }
  }
}

export function openPool(url: string, clock: Clock): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'streamverse',
  })
  // A connection that breaks rejects the query it carried; the pool drops it and makes another.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  let ended: Promise<void> | undefined
  return {
    connect: () =>
      withPatience(
        () => pool.connect(),
        clock,
        () => ended !== undefined,
      ),
    end: () => (ended ??= pool.end()),
  }
}
