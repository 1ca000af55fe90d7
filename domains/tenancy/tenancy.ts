/** Tenants in the records. Few and seldom changed: asked for by key on every batch, so what was found is kept a while. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#domains/tenancy/errors.ts'
import { type TenancyTables, tenancyMigrations } from '#domains/tenancy/records.ts'
import { checkedTenant, type KeyedTenant, type Tenant, writeKeyFrom } from '#domains/tenancy/tenant.ts'
import type { Records } from '#storage/records/records.ts'

export type Tenancy = {
  find(tenantId: string): Promise<Tenant | null>
  list(): Promise<Tenant[]>
  /** Null for unknown and revoked keys. A revocation is seen within 10 s. */
  findByWriteKey(key: string): Promise<KeyedTenant | null>
  /** Makes the tenant and its first write key once; a new name replaces the old. */
  ensure(tenant: Tenant): Promise<Tenant & { readonly writeKey: string }>
  /** The tenant's newest write key that is not revoked. Rejects when there is none. */
  writeKeyOf(tenantId: string): Promise<string>
  /** A new key beside the old ones. */
  addWriteKey(tenantId: string): Promise<string>
  revokeWriteKey(tenantId: string, key: string): Promise<void>
}

const REMEMBER_MS = 10_000
const MAX_REMEMBERED = 1000

export async function openTenancy(options: {
  readonly records: Records
  readonly clock: Clock
}): Promise<Tenancy> {
  const { records, clock } = options
  await records.migrate(tenancyMigrations)
  const db = records.tables<TenancyTables>()
  const byKey = new Map<string, { tenant: KeyedTenant; foundAt: number }>()

  const newestKey = async (tenantId: string): Promise<string | null> => {
    const row = await db
      .selectFrom('tenantWriteKeys')
      .select('key')
      .where('tenantId', '=', tenantId)
      .where('revokedAt', 'is', null)
      .orderBy('createdAt', 'desc')
      .orderBy('key')
      .executeTakeFirst()
    return row?.key ?? null
  }
  const addKey = async (tenantId: string): Promise<string> => {
    const key = writeKeyFrom(tenantId, randomBytes(16))
    const createdAt = String(clock.now())
    await db
      .insertInto('tenantWriteKeys')
      .values({ key, tenantId, scope: 'events', createdAt, revokedAt: null })
      .execute()
    return key
  }
  const lookUp = async (key: string): Promise<KeyedTenant | null> => {
    const row = await db
      .selectFrom('tenantWriteKeys')
      .innerJoin('tenants', 'tenants.id', 'tenantWriteKeys.tenantId')
      .select(['tenants.id', 'tenants.name'])
      .where('tenantWriteKeys.key', '=', key)
      .where('tenantWriteKeys.revokedAt', 'is', null)
      .executeTakeFirst()
    return row === undefined ? null : { ...row, scope: 'events' }
  }
  const find = async (tenantId: string): Promise<Tenant | null> =>
    (await db.selectFrom('tenants').select(['id', 'name']).where('id', '=', tenantId).executeTakeFirst()) ??
    null

  return {
    find,
    list: () => db.selectFrom('tenants').select(['id', 'name']).orderBy('id').execute(),
    findByWriteKey: async (key) => {
      if (key.length > 200) return null
      const known = byKey.get(key)
      if (known !== undefined && clock.now() - known.foundAt < REMEMBER_MS) return known.tenant
      byKey.delete(key)
      const tenant = await lookUp(key)
      if (tenant === null) return null
      if (byKey.size >= MAX_REMEMBERED) byKey.clear()
      byKey.set(key, { tenant, foundAt: clock.now() })
      return tenant
    },
    ensure: async (given) => {
      const tenant = checkedTenant(given)
      await db
        .insertInto('tenants')
        .values({ ...tenant, createdAt: String(clock.now()) })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ name: tenant.name }))
        .execute()
      return { ...tenant, writeKey: (await newestKey(tenant.id)) ?? (await addKey(tenant.id)) }
    },
    writeKeyOf: async (tenantId) => {
      const key = await newestKey(tenantId)
      if (key === null) throw new Refusal(refusals.noSuchTenant, `${tenantId} has no write key.`)
      return key
    },
    addWriteKey: async (tenantId) => {
      if ((await find(tenantId)) === null) {
        throw new Refusal(refusals.noSuchTenant, `There is no tenant ${tenantId}.`)
      }
      return addKey(tenantId)
    },
    revokeWriteKey: async (tenantId, key) => {
      byKey.delete(key)
      await db
        .updateTable('tenantWriteKeys')
        .set({ revokedAt: String(clock.now()) })
        .where('tenantId', '=', tenantId)
        .where('key', '=', key)
        .where('revokedAt', 'is', null)
        .execute()
    },
  }
}
