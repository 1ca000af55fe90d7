/** Relay-style pages: arguments with bounds, edges, cursors. */
import type { Builder } from '#api/builder.ts'
import { refusals } from '#api/errors.ts'
import type { Page, TitleRecord } from '#api/ports.ts'
import type { TitleRef } from '#api/titles.ts'
import { Refusal } from '#base/refusal.ts'

const MAX_PAGE = 100

export function boundedFirst(first: number | null | undefined, fallback: number): number {
  const n = first ?? fallback
  if (n < 1 || n > MAX_PAGE) {
    throw new Refusal(refusals.badInput, `first is ${n}; it must be from 1 to ${MAX_PAGE}.`)
  }
  return n
}

/** Where an entry stands in a list that is newest first; right also after the entry has left it. */
export type Place = { readonly at: number; readonly id: string }

const isAfter = (a: Place, b: Place): boolean => a.at < b.at || (a.at === b.at && a.id > b.id)
export const cursorOf = ({ at, id }: Place): string =>
  Buffer.from(JSON.stringify([at, id])).toString('base64url')

export function placeOf(cursor: string): Place {
  try {
    const [at, id, ...more] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (typeof at === 'number' && typeof id === 'string' && more.length === 0) return { at, id }
  } catch {
    // Said below, like every other cursor that is not ours.
  }
  throw new Refusal(refusals.badInput, `${cursor.slice(0, 80)} is not a cursor of this list.`)
}

/** A page of a list, newest first. */
export function pageOfPlaces(places: readonly Place[], first: number, after: string | null | undefined) {
  const sorted = places.toSorted((a, b) => (isAfter(a, b) ? 1 : -1))
  const last = after ? placeOf(after) : null
  const rest = last === null ? sorted : sorted.filter((place) => isAfter(place, last))
  return {
    entries: rest.slice(0, first).map((place) => ({ id: place.id, cursor: cursorOf(place) })),
    hasNextPage: rest.length > first,
    totalCount: sorted.length,
  }
}

export const definePageInfo = (builder: Builder) =>
  builder
    .objectRef<{
      hasNextPage: boolean
      hasPreviousPage: boolean
      startCursor: string | null
      endCursor: string | null
    }>('PageInfo')
    .implement({
      fields: (t) => ({
        hasNextPage: t.exposeBoolean('hasNextPage'),
        hasPreviousPage: t.exposeBoolean('hasPreviousPage'),
        startCursor: t.exposeString('startCursor', { nullable: true }),
        endCursor: t.exposeString('endCursor', { nullable: true }),
      }),
    })
export type PageInfoRef = ReturnType<typeof definePageInfo>

export const definePages = (builder: Builder, Title: TitleRef, PageInfo: PageInfoRef) => {
  type Edge = Page<TitleRecord>['edges'][number]
  const Edge = builder.objectRef<Edge>('TitleEdge').implement({
    fields: (t) => ({
      cursor: t.exposeString('cursor'),
      node: t.field({ type: Title, resolve: (edge) => edge.node }),
    }),
  })
  return builder.objectRef<Page<TitleRecord> & { hasPreviousPage?: boolean }>('TitleConnection').implement({
    fields: (t) => ({
      edges: t.field({ type: [Edge], resolve: (page) => [...page.edges] }),
      pageInfo: t.field({
        type: PageInfo,
        resolve: (page) => ({
          hasNextPage: page.hasNextPage,
          hasPreviousPage: page.hasPreviousPage ?? false,
          startCursor: page.edges[0]?.cursor ?? null,
          endCursor: page.edges.at(-1)?.cursor ?? null,
        }),
      }),
      totalCount: t.exposeInt('totalCount'),
    }),
  })
}
