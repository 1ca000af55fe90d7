/** How far the demo world has been made, so that it is made once and goes on where it was cut short. */
import type { JSONColumnType } from 'kysely'
import type { WorldState } from '#demo/open.ts'
import type { Migration, Records } from '#storage/records/records.ts'

const migrations: readonly Migration[] = [
  {
    id: 'demo-001-world',
    sql: 'CREATE TABLE "demoWorlds" ("tenantId" text PRIMARY KEY, "state" jsonb NOT NULL);',
  },
]

type Tables = { demoWorlds: { tenantId: string; state: JSONColumnType<WorldState> } }

export type WorldRecords = {
  read(tenantId: string): Promise<WorldState | null>
  write(tenantId: string, state: WorldState): Promise<void>
}

export async function openWorldRecords(records: Records): Promise<WorldRecords> {
  await records.migrate(migrations)
  const db = records.tables<Tables>()
  return {
    read: async (tenantId) => {
      const row = await db
        .selectFrom('demoWorlds')
        .select('state')
        .where('tenantId', '=', tenantId)
        .executeTakeFirst()
      return row?.state ?? null
    },
    write: async (tenantId, world) => {
      const state = JSON.stringify(world)
      await db
        .insertInto('demoWorlds')
        .values({ tenantId, state })
        .onConflict((conflict) => conflict.column('tenantId').doUpdateSet({ state }))
        .execute()
    },
  }
}
