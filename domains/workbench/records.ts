/** Keys to a tenant's rows. What is kept is a hash: a key is seen once, when it is made. */
import type { Kysely } from 'kysely'
import type { Migration } from '#storage/records/records.ts'

export const workbenchMigrations: readonly Migration[] = [
  {
    id: 'workbench-001-keys',
    sql: `
      CREATE TABLE "sqlKeys" (
        "id" text PRIMARY KEY,
        "tenantId" text NOT NULL,
        "name" text NOT NULL,
        "hash" text NOT NULL UNIQUE,
        "createdAt" bigint NOT NULL,
        "createdBy" text NOT NULL,
        "revokedAt" bigint
      );
      CREATE INDEX "sqlKeysByTenant" ON "sqlKeys" ("tenantId", "createdAt");`,
  },
]

export type WorkbenchTables = {
  sqlKeys: {
    id: string
    tenantId: string
    name: string
    hash: string
    createdAt: string
    createdBy: string
    revokedAt: string | null
  }
}
export type WorkbenchDb = Kysely<WorkbenchTables>
