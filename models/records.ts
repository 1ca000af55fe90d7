/** The registry's tables: versions, the stack of promotions, and lifecycle events waiting to be said. */
import { type Generated, type JSONColumnType, type Kysely, sql, type Transaction } from 'kysely'
import type { StoredVersion } from '#models/version.ts'
import type { OutboxTable } from '#storage/records/outbox.ts'
import type { Migration } from '#storage/records/records.ts'

export const modelMigrations: readonly Migration[] = [
  {
    id: 'models-001-registry',
    sql: `
      CREATE TABLE "modelVersions" (
        "tenantId" text NOT NULL,
        "id" text NOT NULL,
        "name" text NOT NULL,
        "version" text NOT NULL,
        "trainedAt" bigint NOT NULL,
        "facts" jsonb NOT NULL,
        PRIMARY KEY ("tenantId", "id")
      );
      CREATE TABLE "modelPromotions" (
        "number" bigserial PRIMARY KEY,
        "tenantId" text NOT NULL,
        "modelId" text NOT NULL,
        "promotedAt" bigint NOT NULL,
        "promotedBy" text NOT NULL,
        "takenBackAt" bigint,
        "takenBackBy" text,
        FOREIGN KEY ("tenantId", "modelId") REFERENCES "modelVersions" ("tenantId", "id")
      );
      CREATE INDEX "modelPromotionsByTenant" ON "modelPromotions" ("tenantId", "number" DESC);
      CREATE TABLE "modelOutbox" (
        "number" bigserial PRIMARY KEY,
        "event" jsonb NOT NULL
      );`,
  },
  {
    id: 'models-002-canaries',
    sql: `
      CREATE TABLE "modelCanaries" (
        "number" bigserial PRIMARY KEY,
        "tenantId" text NOT NULL,
        "modelId" text NOT NULL,
        "share" double precision NOT NULL,
        "startedAt" bigint NOT NULL,
        "startedBy" text NOT NULL,
        "endedAt" bigint,
        "endedBy" text,
        FOREIGN KEY ("tenantId", "modelId") REFERENCES "modelVersions" ("tenantId", "id")
      );
      CREATE UNIQUE INDEX "modelCanaryRunning" ON "modelCanaries" ("tenantId") WHERE "endedAt" IS NULL;`,
  },
]

export type ModelTables = {
  modelVersions: {
    tenantId: string
    id: string
    name: string
    version: string
    trainedAt: string
    facts: JSONColumnType<Omit<StoredVersion, 'tenantId' | 'id' | 'name' | 'version' | 'trainedAt'>>
  }
  modelPromotions: {
    number: Generated<string>
    tenantId: string
    modelId: string
    promotedAt: string
    promotedBy: string
    takenBackAt: string | null
    takenBackBy: string | null
  }
  modelCanaries: {
    number: Generated<string>
    tenantId: string
    modelId: string
    share: number
    startedAt: string
    startedBy: string
    endedAt: string | null
    endedBy: string | null
  }
  modelOutbox: OutboxTable
}

export type ModelsDb = Kysely<ModelTables>
export type ModelsTransaction = Transaction<ModelTables>

/** Told on every change, with the tenant as payload; heard by every process that serves. */
export const MODELS_CHANGED = 'models_changed'

/** One change at a time a tenant: promotions must not interleave. */
export async function lockTenant(trx: ModelsTransaction, tenantId: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtext('models'), hashtext(${tenantId}))`.execute(trx)
}

/** Heard when the transaction commits, never before. */
export async function tellChanged(trx: ModelsTransaction, tenantId: string): Promise<void> {
  await sql`SELECT pg_notify(${MODELS_CHANGED}, ${tenantId})`.execute(trx)
}
