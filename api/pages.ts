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

/** A page of an ordered list of ids, by cursor = id. */
export function pageOfIds(ids: readonly string[], first: number, after: string | null | undefined) {
  const start = after ? ids.indexOf(after) + 1 : 0
  const slice = ids.slice(start, start + first)
  return { ids: slice, hasNextPage: start + first < ids.length, totalCount: ids.length }
}

export const definePages = (builder: Builder, Title: TitleRef) => {
  type Edge = Page<TitleRecord>['edges'][number]
  const PageInfo = builder
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
