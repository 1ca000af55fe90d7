/**
 * Events that change with records: written in the same transaction, said afterwards, in order, until they are said.
 * A crash in between says an event twice, never not at all: ids make that harmless.
 */
import type { Generated, JSONColumnType, Kysely } from 'kysely'
import type { Log } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import type { Records } from '#storage/records/records.ts'

/** Columns of an outbox: `"number" bigserial PRIMARY KEY, "event" jsonb NOT NULL`. */
export type OutboxTable = { number: Generated<string>; event: JSONColumnType<StoredEvent> }
/** Resolves when the events are durable. */
export type Say = (events: StoredEvent[]) => Promise<unknown>

export type Relay = {
  /** There may be something to say. */
  wake(): void
  /** Resolves when the outbox is empty; rejects when it could not be emptied now. */
  drained(): Promise<void>
  close(): Promise<void>
}

const RETRY_MS = 2000
const BATCH = 500

/** Adds within a transaction of whatever tables its owner knows. */
export async function addToOutbox(
  within: { readonly isTransaction: true },
  table: string,
  events: readonly StoredEvent[],
): Promise<void> {
  if (events.length === 0) return
  const rows = events.map((event) => ({ event: JSON.stringify(event) }))
  await (within as unknown as Kysely<{ outbox: OutboxTable }>)
    .insertInto(table as unknown as 'outbox')
    .values(rows)
    .execute()
}

/** Says what the outbox holds: at the start, when woken, and again a while after a failure. */
export function startRelay(records: Records, table: string, say: Say, log?: Log): Relay {
  const db = records.tables<{ outbox: OutboxTable }>()
  const outbox = table as 'outbox'
  const sayNext = (): Promise<number> =>
    db.transaction().execute(async (trx) => {
      const waiting = await trx
        .selectFrom(outbox)
        .selectAll()
        .orderBy('number')
        .limit(BATCH)
        .forUpdate()
        .skipLocked()
        .execute()
      if (waiting.length === 0) return 0
      await say(waiting.map((row) => row.event))
      const numbers = waiting.map((row) => row.number)
      await trx.deleteFrom(outbox).where('number', 'in', numbers).execute()
      return waiting.length
    })

  let running: Promise<void> | null = null
  let again = false
  let closed = false
  let retry: NodeJS.Timeout | undefined
  const drain = async (): Promise<void> => {
    do {
      again = false
      while (!closed && (await sayNext()) > 0);
    } while (again && !closed)
  }
  const run = (): Promise<void> => {
    again = true
    clearTimeout(retry)
    running ??= drain().finally(() => {
      running = null
    })
    return running
  }
  const wake = (): void => {
    if (closed) return
    run().catch((err: unknown) => {
      if (closed) return
      log?.warn({ err, table }, 'events could not be said yet; they stay in the outbox')
      retry = setTimeout(wake, RETRY_MS).unref()
    })
  }
  wake()
  return {
    wake,
    drained: run,
    close: async () => {
      closed = true
      clearTimeout(retry)
      await running?.catch(() => {})
    },
  }
}
