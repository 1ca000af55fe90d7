/** Tenants and the keys that name them at the collector. */
import type { Kysely } from 'kysely'
import type { Migration } from '#storage/records/records.ts'

export const tenancyMigrations: readonly Migration[] = [
  {
    id: 'tenancy-001-tenants',
    sql: `
      CREATE TABLE "tenants" (
        "id" text PRIMARY KEY,
        "name" text NOT NULL,
        "createdAt" bigint NOT NULL
      );
      CREATE TABLE "tenantWriteKeys" (
        "key" text PRIMARY KEY,
        "tenantId" text NOT NULL REFERENCES "tenants" ("id"),
        "scope" text NOT NULL,
        "createdAt" bigint NOT NULL,
        "revokedAt" bigint
      );
      CREATE INDEX "tenantWriteKeysByTenant" ON "tenantWriteKeys" ("tenantId", "createdAt");`,
  },
]

export type TenancyTables = {
  tenants: { id: string; name: string; createdAt: string }
  tenantWriteKeys: {
    key: string
    tenantId: string
    scope: string
    createdAt: string
    revokedAt: string | null
  }
}
export type TenancyDb = Kysely<TenancyTables>
