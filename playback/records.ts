/** Jobs in PostgreSQL: each change and the event that tells of it are kept in one transaction. */
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { StoredEvent } from '#events/define.ts'
import type { Job } from '#playback/job.ts'
import { addToOutbox, type OutboxTable } from '#storage/records/outbox.ts'
import type { Migration, Records } from '#storage/records/records.ts'

export const migrations: readonly Migration[] = [
  {
    id: 'playback-001-jobs',
    sql: `
      CREATE TABLE "mediaJobs" (
        "id" text PRIMARY KEY,
        "tenantId" text NOT NULL,
        "titleId" text NOT NULL,
        "state" text NOT NULL,
        "tokenHash" text,
        "createdAt" bigint NOT NULL,
        "receivedAt" bigint,
        "publishedAt" bigint,
        "expiresAt" bigint NOT NULL,
        "job" jsonb NOT NULL
      );
      CREATE INDEX "mediaJobsByTitle" ON "mediaJobs" ("tenantId", "titleId", "createdAt" DESC);
      CREATE INDEX "mediaJobsUnfinished" ON "mediaJobs" ("state") WHERE "state" NOT IN ('done', 'failed');
      CREATE UNIQUE INDEX "mediaJobsByToken" ON "mediaJobs" ("tokenHash") WHERE "tokenHash" IS NOT NULL;
      CREATE TABLE "mediaOutbox" ("position" bigserial PRIMARY KEY, "event" jsonb NOT NULL);
      CREATE TABLE "mediaCaptions" (
        "tenantId" text NOT NULL,
        "titleId" text NOT NULL,
        "language" text NOT NULL,
        "label" text NOT NULL,
        "path" text NOT NULL,
        PRIMARY KEY ("tenantId", "titleId", "language")
      );`,
  },
  {
    id: 'playback-002-outbox',
    sql: 'ALTER TABLE "mediaOutbox" RENAME COLUMN "position" TO "number"',
  },
]

type JobsTable = {
  id: string
  tenantId: string
  titleId: string
  state: string
  tokenHash: string | null
  createdAt: number
  receivedAt: number | null
  publishedAt: number | null
  expiresAt: number
  job: string
}
type Tables = {
  mediaJobs: JobsTable
  mediaOutbox: OutboxTable
  mediaCaptions: { tenantId: string; titleId: string; language: string; label: string; path: string }
}
type SidecarRow = Selectable<Tables['mediaCaptions']>

export const OUTBOX = 'mediaOutbox'

export type JobStore = {
  create(job: Job, tokenHash: string | null, events: readonly StoredEvent[]): Promise<void>
  /** The job as it now is, and what happened, together or not at all. */
  save(job: Job, events?: readonly StoredEvent[]): Promise<void>
  find(id: string): Promise<Job | null>
  findByToken(tokenHash: string): Promise<Job | null>
  latest(tenantId: string, titleId: string): Promise<Job | null>
  /** The newest job of the title that is playable. */
  playable(tenantId: string, titleId: string): Promise<Job | null>
  unfinished(): Promise<Job[]>
  ofTitle(tenantId: string, titleId: string): Promise<Job[]>
  /** Finished jobs from before `createdBefore` whose title has a newer finished one. */
  superseded(createdBefore: number): Promise<Job[]>
  remove(id: string): Promise<void>
  putCaption(row: SidecarRow): Promise<void>
  removeCaption(tenantId: string, titleId: string, language: string): Promise<void>
  captions(tenantId: string, titleId: string): Promise<SidecarRow[]>
}

const parse = (row: { job: unknown } | undefined): Job | null => (row === undefined ? null : (row.job as Job))

const rowOf = (job: Job): Updateable<JobsTable> => ({
  state: job.state,
  receivedAt: job.receivedAt,
  publishedAt: job.publishedAt,
  expiresAt: job.expiresAt,
  job: JSON.stringify(job),
})

export async function openJobStore(records: Records): Promise<JobStore> {
  await records.migrate(migrations)
  const db = records.tables<Tables>()
  const jobs = () => db.selectFrom('mediaJobs').select('job')
  return {
    create: (job, tokenHash, events) =>
      db.transaction().execute(async (trx) => {
        const { id, tenantId, titleId, createdAt } = job
        const row = { ...rowOf(job), id, tenantId, titleId, createdAt, tokenHash } as Insertable<JobsTable>
        await trx.insertInto('mediaJobs').values(row).execute()
        await addToOutbox(trx, OUTBOX, events)
      }),
    save: (job, events = []) =>
      db.transaction().execute(async (trx) => {
        await trx
          .updateTable('mediaJobs')
          .set(rowOf(job))
          .where('tenantId', '=', job.tenantId)
          .where('id', '=', job.id)
          .execute()
        await addToOutbox(trx, OUTBOX, events)
      }),
    find: async (id) => parse(await jobs().where('id', '=', id).executeTakeFirst()),
    findByToken: async (hash) => parse(await jobs().where('tokenHash', '=', hash).executeTakeFirst()),
    latest: async (tenantId, titleId) =>
      parse(
        await jobs()
          .where('tenantId', '=', tenantId)
          .where('titleId', '=', titleId)
          .orderBy('createdAt', 'desc')
          .executeTakeFirst(),
      ),
    playable: async (tenantId, titleId) =>
      parse(
        await jobs()
          .where('tenantId', '=', tenantId)
          .where('titleId', '=', titleId)
          .where('publishedAt', 'is not', null)
          .orderBy('createdAt', 'desc')
          .executeTakeFirst(),
      ),
    unfinished: async () => {
      const rows = await jobs().where('state', 'not in', ['done', 'failed']).orderBy('createdAt').execute()
      return rows.map((row) => parse(row) as Job)
    },
    ofTitle: async (tenantId, titleId) => {
      const rows = await jobs()
        .where('tenantId', '=', tenantId)
        .where('titleId', '=', titleId)
        .orderBy('createdAt')
        .execute()
      return rows.map((row) => parse(row) as Job)
    },
    superseded: async (createdBefore) => {
      const rows = await db
        .selectFrom('mediaJobs as old')
        .select('old.job')
        .where('old.state', 'in', ['done', 'failed'])
        .where('old.createdAt', '<', createdBefore)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('mediaJobs as newer')
              .select('newer.id')
              .whereRef('newer.tenantId', '=', 'old.tenantId')
              .whereRef('newer.titleId', '=', 'old.titleId')
              .whereRef('newer.createdAt', '>', 'old.createdAt')
              .where('newer.state', '=', 'done'),
          ),
        )
        .execute()
      return rows.map((row) => parse(row) as Job)
    },
    remove: async (id) => {
      await db.deleteFrom('mediaJobs').where('id', '=', id).execute()
    },
    putCaption: async (row) => {
      await db
        .insertInto('mediaCaptions')
        .values(row)
        .onConflict((conflict) =>
          conflict
            .columns(['tenantId', 'titleId', 'language'])
            .doUpdateSet({ label: row.label, path: row.path }),
        )
        .execute()
    },
    removeCaption: async (tenantId, titleId, language) => {
      await db
        .deleteFrom('mediaCaptions')
        .where('tenantId', '=', tenantId)
        .where('titleId', '=', titleId)
        .where('language', '=', language)
        .execute()
    },
    captions: (tenantId, titleId) =>
      db
        .selectFrom('mediaCaptions')
        .selectAll()
        .where('tenantId', '=', tenantId)
        .where('titleId', '=', titleId)
        .orderBy('language')
        .execute(),
  }
}
