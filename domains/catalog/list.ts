/** Lists of titles with cursors that stay right while titles come and go: a cursor names the place, not a number. */
import { type ExpressionBuilder, type RawBuilder, sql } from 'kysely'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#domains/catalog/errors.ts'
import { type CatalogDb, type CatalogTables, titleOf } from '#domains/catalog/records.ts'
import type { Title } from '#domains/catalog/title.ts'
import type { TitleStatus } from '#events/catalog.ts'

export type TitleFilter = {
  readonly tenantId: string
  readonly first: number
  readonly after?: string | undefined
  readonly genre?: string | undefined
  /** Part of a name, typing errors allowed. */
  readonly text?: string | undefined
  readonly creatorId?: string | undefined
  readonly status?: TitleStatus | undefined
  /** Only what viewers may see at `now`. */
  readonly published?: boolean | undefined
}
export type Page<T> = {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[]
  readonly hasNextPage: boolean
  readonly totalCount: number
}

const MAX_PAGE = 500
type Place = readonly [rank: number, at: number, id: string]

const cursorOf = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url')
function placeOf(cursor: string): Place {
  try {
    const place = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (
      place.length === 3 &&
      Number.isSafeInteger(place[0]) &&
      Number.isSafeInteger(place[1]) &&
      typeof place[2] === 'string'
    ) {
      return place as unknown as Place
    }
  } catch {
    // Said below, like every other cursor that is not ours.
  }
  throw new Refusal(refusals.badCursor, `${cursor.slice(0, 80)} is not a cursor of this list.`)
}

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, (char) => `\\${char}`)

/** How well a name fits the text, in thousandths; 0 for all when nothing is looked for. */
function rankOf(text: string, trigrams: boolean): RawBuilder<number> {
  if (text === '') return sql<number>`0`
  const begins = sql`(lower("name") LIKE ${`${escapeLike(text)}%`})::int * 1000`
  const holds = sql`(lower("name") LIKE ${`%${escapeLike(text)}%`})::int * 500`
  return trigrams
    ? sql<number>`(${begins} + ${holds} + (word_similarity(${text}, lower("name")) * 400)::int)`
    : sql<number>`(${begins} + ${holds})`
}

const fits = (text: string, trigrams: boolean): RawBuilder<boolean> =>
  trigrams
    ? sql<boolean>`(lower("name") LIKE ${`%${escapeLike(text)}%`} OR word_similarity(${text}, lower("name")) >= 0.45)`
    : sql<boolean>`lower("name") LIKE ${`%${escapeLike(text)}%`}`

type Where = ExpressionBuilder<CatalogTables, 'catalogTitles'>
function conditions(eb: Where, filter: TitleFilter, text: string, now: number, trigrams: boolean) {
  return eb.and([
    eb('tenantId', '=', filter.tenantId),
    filter.status === undefined ? eb('status', '!=', 'removed') : eb('status', '=', filter.status),
    ...(filter.creatorId === undefined ? [] : [eb('creatorId', '=', filter.creatorId)]),
    ...(filter.genre === undefined ? [] : [sql<boolean>`${filter.genre} = ANY("genres")`]),
    ...(filter.published === true
      ? [eb('status', 'in', ['ready', 'simulated']), eb('publishedAt', '<=', String(now))]
      : []),
    ...(text === '' ? [] : [fits(text, trigrams)]),
  ])
}

/** By relevance when there is text, else newest first. */
export async function listTitles(
  db: CatalogDb,
  filter: TitleFilter,
  now: number,
  trigrams: boolean,
): Promise<Page<Title>> {
  const text = (filter.text ?? '').trim().toLowerCase().slice(0, 120)
  const first = Math.max(0, Math.min(filter.first, MAX_PAGE))
  const after = filter.after === undefined ? null : placeOf(filter.after)
  const rank = rankOf(text, trigrams)
  const at = sql<string>`coalesce("publishedAt", "createdAt")`
  const matching = db.selectFrom('catalogTitles').where((eb) => conditions(eb, filter, text, now, trigrams))
  let query = matching.selectAll().select([rank.as('rank'), at.as('at')])
  if (after !== null) {
    const [afterRank, afterAt, afterId] = after
    query = query.where(
      sql<boolean>`(${rank}, ${at}, "id") < (${afterRank}::int, ${afterAt}::bigint, ${afterId}::text)`,
    )
  }
  const [rows, counted] = await Promise.all([
    query
      .orderBy('rank', 'desc')
      .orderBy('at', 'desc')
      .orderBy('id', 'desc')
      .limit(first + 1)
      .execute(),
    matching.select((eb) => eb.fn.countAll<string>().as('count')).executeTakeFirstOrThrow(),
  ])
  return {
    edges: rows.slice(0, first).map(({ rank: found, at: when, ...row }) => ({
      cursor: cursorOf([found, Number(when), row.id]),
      node: titleOf(row),
    })),
    hasNextPage: rows.length > first,
    totalCount: Number(counted.count),
  }
}
