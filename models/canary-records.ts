/** The registry's canaries: at most one runs a tenant; those that ended stay, with who ended them. */
import type { Canary } from '#models/canary.ts'
import type { ModelsDb, ModelsTransaction } from '#models/records.ts'

type Db = ModelsDb | ModelsTransaction

export async function findCanary(db: Db, tenantId: string): Promise<Canary | null> {
  const row = await db
    .selectFrom('modelCanaries')
    .select(['modelId', 'share', 'startedAt', 'startedBy'])
    .where('tenantId', '=', tenantId)
    .where('endedAt', 'is', null)
    .executeTakeFirst()
  return row === undefined ? null : { ...row, startedAt: Number(row.startedAt) }
}

export async function findTenantsWithCanary(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('modelCanaries').select('tenantId').where('endedAt', 'is', null).execute()
  return rows.map(({ tenantId }) => tenantId)
}

export async function insertCanary(
  trx: ModelsTransaction,
  tenantId: string,
  { modelId, share, startedAt, startedBy }: Canary,
): Promise<void> {
  await trx
    .insertInto('modelCanaries')
    .values({ tenantId, modelId, share, startedAt: String(startedAt), startedBy })
    .execute()
}

export async function closeCanary(
  trx: ModelsTransaction,
  tenantId: string,
  by: string,
  at: number,
): Promise<void> {
  await trx
    .updateTable('modelCanaries')
    .set({ endedAt: String(at), endedBy: by })
    .where('tenantId', '=', tenantId)
    .where('endedAt', 'is', null)
    .execute()
}
