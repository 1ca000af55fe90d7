/** Reading titles and creators: every question names its tenant. */
import { sql } from 'kysely'
import type { Clock } from '#base/clock.ts'
import { listTitles, type Page, type TitleFilter } from '#domains/catalog/list.ts'
import { type CatalogDb, type CreatorRecord, titleOf } from '#domains/catalog/records.ts'
import type { Title } from '#domains/catalog/title.ts'

export type CatalogReading = {
  get(tenantId: string, titleId: string): Promise<Title | null>
  /** In the order asked for, without those that are not there. */
  getMany(tenantId: string, titleIds: readonly string[]): Promise<Title[]>
  list(filter: TitleFilter): Promise<Page<Title>>
  /** Everything viewers may see now. For serving, which keeps it in memory. */
  published(tenantId: string): Promise<Title[]>
  /** Titles of all tenants that were removed before the instant. */
  removedBefore(at: number): Promise<{ readonly tenantId: string; readonly id: string }[]>
  /** Genres of what viewers may see, by name. */
  genres(tenantId: string): Promise<string[]>
  creator(tenantId: string, creatorId: string): Promise<CreatorRecord | null>
  creators(tenantId: string): Promise<CreatorRecord[]>
}

export function createReading(db: CatalogDb, clock: Clock, trigrams: boolean): CatalogReading {
  const visible = (tenantId: string) =>
    db
      .selectFrom('catalogTitles')
      .where('tenantId', '=', tenantId)
      .where('status', 'in', ['ready', 'simulated'])
      .where('publishedAt', '<=', String(clock.now()))
  const creators = (tenantId: string) =>
    db.selectFrom('catalogCreators').select(['id', 'name', 'avatarUrl']).where('tenantId', '=', tenantId)

  return {
    get: async (tenantId, titleId) => {
      const row = await db
        .selectFrom('catalogTitles')
        .selectAll()
        .where('tenantId', '=', tenantId)
        .where('id', '=', titleId)
        .executeTakeFirst()
      return row === undefined ? null : titleOf(row)
    },
    getMany: async (tenantId, titleIds) => {
      if (titleIds.length === 0) return []
      const rows = await db
        .selectFrom('catalogTitles')
        .selectAll()
        .where('tenantId', '=', tenantId)
        .where(sql<boolean>`"id" = ANY(${[...titleIds]}::text[])`)
        .execute()
      const byId = new Map(rows.map((row) => [row.id, titleOf(row)]))
      return titleIds.flatMap((id) => byId.get(id) ?? [])
    },
    list: (filter) => listTitles(db, filter, clock.now(), trigrams),
    published: async (tenantId) => (await visible(tenantId).selectAll().orderBy('id').execute()).map(titleOf),
    removedBefore: (at) =>
      db
        .selectFrom('catalogTitles')
        .select(['tenantId', 'id'])
        .where('status', '=', 'removed')
        .where('updatedAt', '<', String(at))
        .execute(),
    genres: async (tenantId) => {
      const rows = await visible(tenantId)
        .select(sql<string>`unnest("genres")`.as('genre'))
        .distinct()
        .orderBy('genre')
        .execute()
      return rows.map(({ genre }) => genre)
    },
    creator: async (tenantId, creatorId) =>
      (await creators(tenantId).where('id', '=', creatorId).executeTakeFirst()) ?? null,
    creators: (tenantId) => creators(tenantId).orderBy('name').execute(),
  }
}
