/** Titles, creators, and the outbox that keeps what must still be said of them. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Title } from '#domains/catalog/title.ts'
import type { TitleStatus } from '#events/catalog.ts'
import type { OutboxTable } from '#storage/records/outbox.ts'
import type { Migration } from '#storage/records/records.ts'

export const catalogMigrations: readonly Migration[] = [
  {
    id: 'catalog-001-titles',
    sql: `
      CREATE TABLE "catalogCreators" (
        "tenantId" text NOT NULL,
        "id" text NOT NULL,
        "name" text NOT NULL,
        "avatarUrl" text NOT NULL,
        PRIMARY KEY ("tenantId", "id")
      );
      CREATE TABLE "catalogTitles" (
        "tenantId" text NOT NULL,
        "id" text NOT NULL,
        "name" text NOT NULL,
        "description" text NOT NULL,
        "creatorId" text NOT NULL,
        "genres" text[] NOT NULL,
        "status" text NOT NULL,
        "statusBefore" text,
        "durationMs" integer,
        "ageRating" text NOT NULL,
        "publishedAt" bigint,
        "simulated" boolean NOT NULL,
        "createdAt" bigint NOT NULL,
        "updatedAt" bigint NOT NULL,
        "version" integer NOT NULL,
        PRIMARY KEY ("tenantId", "id"),
        FOREIGN KEY ("tenantId", "creatorId") REFERENCES "catalogCreators" ("tenantId", "id")
      );
      CREATE INDEX "catalogTitlesByTime" ON "catalogTitles"
        ("tenantId", (coalesce("publishedAt", "createdAt")) DESC, "id" DESC);
      CREATE INDEX "catalogTitlesByCreator" ON "catalogTitles" ("tenantId", "creatorId");
      CREATE TABLE "catalogOutbox" (
        "number" bigserial PRIMARY KEY,
        "event" jsonb NOT NULL
      );`,
  },
  {
    // Trigrams make names searchable despite typing errors. A server that may not have them searches by LIKE.
    id: 'catalog-002-name-search',
    sql: `
      DO $$ BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
        CREATE INDEX "catalogTitlesByName" ON "catalogTitles" USING gin (lower("name") gin_trgm_ops);
      EXCEPTION WHEN OTHERS THEN
        RAISE NOTICE 'names are searched without trigrams: %', SQLERRM;
      END $$;`,
  },
]

export type TitleRow = {
  tenantId: string
  id: string
  name: string
  description: string
  creatorId: string
  genres: string[]
  status: TitleStatus
  statusBefore: TitleStatus | null
  durationMs: number | null
  ageRating: string
  publishedAt: string | null
  simulated: boolean
  createdAt: string
  updatedAt: string
  version: number
}
export type CreatorRecord = { readonly id: string; readonly name: string; readonly avatarUrl: string }
export type CatalogTables = {
  catalogTitles: TitleRow
  catalogCreators: { tenantId: string; id: string; name: string; avatarUrl: string }
  catalogOutbox: OutboxTable
}
export type CatalogDb = Kysely<CatalogTables>
export type CatalogTransaction = Transaction<CatalogTables>

export const CATALOG_CHANGED = 'catalog_changed'

export const titleOf = (row: TitleRow): Title => ({
  ...row,
  publishedAt: row.publishedAt === null ? null : Number(row.publishedAt),
  createdAt: Number(row.createdAt),
  updatedAt: Number(row.updatedAt),
})
export const rowOf = (title: Title): TitleRow => ({
  ...title,
  genres: [...title.genres],
  publishedAt: title.publishedAt === null ? null : String(title.publishedAt),
  createdAt: String(title.createdAt),
  updatedAt: String(title.updatedAt),
})

/** Whether names can be searched by likeness on this server. */
export async function hasTrigrams(db: CatalogDb): Promise<boolean> {
  const { rows } = await sql`SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'`.execute(db)
  return rows.length > 0
}

/** Heard when the transaction commits, never before. */
export const tellChanged = (trx: CatalogTransaction, tenantId: string) =>
  sql`SELECT pg_notify(${CATALOG_CHANGED}, ${tenantId})`.execute(trx)
