/** Brings the schema up to date: each step once, in its own transaction, one process at a time. */
import { type Kysely, sql } from 'kysely'
import type { Migration } from '#storage/records/records.ts'

const LOCK = 7_305_118_842

type Tables = { migrations: { id: string } }

export async function migrate(db: Kysely<unknown>, steps: readonly Migration[]): Promise<void> {
  const known = db as Kysely<Tables>
  for (const step of [...steps].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    await known.transaction().execute(async (trx) => {
      await sql`SELECT pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(trx)
      await sql`SET LOCAL client_min_messages = warning`.execute(trx)
      await sql`CREATE TABLE IF NOT EXISTS "migrations" (
        "id" text PRIMARY KEY, "ranAt" timestamptz NOT NULL DEFAULT now())`.execute(trx)
      const ran = await trx.selectFrom('migrations').select('id').where('id', '=', step.id).execute()
      if (ran.length > 0) return
      await sql.raw(step.sql).execute(trx)
      await trx.insertInto('migrations').values({ id: step.id }).execute()
    })
  }
}
