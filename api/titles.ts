/** Titles: what viewers find and creators look after. */
import type { Builder, Enums } from '#api/builder.ts'
import { type Context, demandViewer } from '#api/context.ts'
import { refusals } from '#api/errors.ts'
import { boundedFirst, definePages, type PageInfoRef, pageOfPlaces } from '#api/pages.ts'
import type { CreatorRecord, Page, TitleRecord } from '#api/ports.ts'
import { Refusal } from '#base/refusal.ts'

export const defineTitleRef = (builder: Builder) => builder.objectRef<TitleRecord>('Title')
export type TitleRef = ReturnType<typeof defineTitleRef>

export const isOwn = (title: TitleRecord, { caller }: Pick<Context, 'caller'>): boolean =>
  caller.tenantId === title.tenantId &&
  caller.roles.includes('creator') &&
  caller.creatorId === title.creatorId
export const isPublic = (title: TitleRecord): boolean =>
  title.publishedAt !== null && (title.status === 'ready' || title.status === 'simulated')

/** The title if the caller may see it, else a refusal that does not say whether it exists. */
export async function visibleTitle(context: Context, id: string): Promise<TitleRecord> {
  const title = await context.ports.title(context.caller.tenantId, id)
  if (title !== null && (isPublic(title) || isOwn(title, context))) return title
  throw new Refusal(refusals.noSuchTitle, `There is no title ${id}.`)
}

/** The title if it is the caller's own, as creator. */
export async function ownTitle(context: Context, id: string): Promise<TitleRecord> {
  const title = await context.ports.title(context.caller.tenantId, id)
  if (title !== null && isOwn(title, context)) return title
  throw new Refusal(refusals.noSuchTitle, `You have no title ${id}.`)
}

export const defineCreator = (builder: Builder) =>
  builder.objectRef<CreatorRecord>('Creator').implement({
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.exposeString('name'),
      avatarUrl: t.exposeString('avatarUrl'),
    }),
  })
export type CreatorRef = ReturnType<typeof defineCreator>

export function defineTitles(
  builder: Builder,
  enums: Enums,
  Title: TitleRef,
  Creator: CreatorRef,
  PageInfo: PageInfoRef,
) {
  const Resume = builder
    .objectRef<{ positionMs: number; completed: boolean; at: number }>('Resume')
    .implement({
      fields: (t) => ({
        positionMs: t.exposeInt('positionMs'),
        completed: t.exposeBoolean('completed'),
        at: t.expose('at', { type: 'Instant' }),
      }),
    })
  Title.implement({
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.exposeString('name'),
      description: t.exposeString('description'),
      creator: t.field({
        type: Creator,
        resolve: async (title, _, { ports }) =>
          (await ports.creator(title.tenantId, title.creatorId)) ?? {
            id: title.creatorId,
            name: 'Unknown creator',
            avatarUrl: '',
          },
      }),
      genres: t.field({ type: ['String'], resolve: (title) => [...title.genres] }),
      status: t.expose('status', { type: enums.TitleStatus }),
      playable: t.boolean({
        description: 'There is video to play. Simulated titles have none.',
        resolve: async (title, _, { ports }) =>
          title.status === 'ready' && (await ports.sources(title.tenantId, title.id)) !== null,
      }),
      simulated: t.exposeBoolean('simulated'),
      durationMs: t.exposeInt('durationMs', { nullable: true }),
      ageRating: t.exposeString('ageRating'),
      publishedAt: t.expose('publishedAt', { type: 'Instant', nullable: true }),
      createdAt: t.expose('createdAt', { type: 'Instant' }),
      posterUrl: t.string({ resolve: (title, _, { ports }) => ports.posterUrl(title) }),
      resume: t.field({
        type: Resume,
        nullable: true,
        description: 'Where the viewer left it; null when not begun.',
        resolve: async (title, _, context) => (await context.viewerState()).history.get(title.id) ?? null,
      }),
      myRating: t.int({
        nullable: true,
        resolve: async (title, _, context) =>
          (await context.viewerState()).feedback.get(title.id)?.stars ?? null,
      }),
      inMyList: t.boolean({
        resolve: async (title, _, context) =>
          (await context.viewerState()).feedback.get(title.id)?.inMyList ?? false,
      }),
      dismissed: t.boolean({
        resolve: async (title, _, context) =>
          (await context.viewerState()).feedback.get(title.id)?.dismissed ?? false,
      }),
    }),
  })
  const Connection = definePages(builder, Title, PageInfo)
  defineTitleQueries(builder, Title, Connection)
  return Connection
}
export type ConnectionRef = ReturnType<typeof defineTitles>

async function pageOfTitles(
  context: Context,
  entries: readonly (readonly [string, { readonly at: number }])[],
  args: { first?: number | null | undefined; after?: string | null | undefined },
): Promise<Page<TitleRecord>> {
  const places = entries.map(([id, { at }]) => ({ id, at }))
  const page = pageOfPlaces(places, boundedFirst(args.first, 24), args.after)
  const ids = page.entries.map(({ id }) => id)
  const titles = await context.ports.titlesById(context.caller.tenantId, ids)
  const byId = new Map(titles.filter(isPublic).map((title) => [title.id, title]))
  const edges = page.entries.flatMap(({ id, cursor }) => {
    const node = byId.get(id)
    return node === undefined ? [] : [{ cursor, node }]
  })
  return { edges, hasNextPage: page.hasNextPage, totalCount: page.totalCount }
}

function defineTitleQueries(builder: Builder, Title: TitleRef, Connection: ReturnType<typeof definePages>) {
  builder.queryFields((t) => {
    const pageArgs = {
      first: t.arg.int({ defaultValue: 24 }),
      after: t.arg.string(),
    }
    return {
      title: t.field({
        type: Title,
        nullable: true,
        args: { id: t.arg.id({ required: true }) },
        resolve: async (_, { id }, context) => {
          const title = await context.ports.title(context.caller.tenantId, id)
          return title !== null && (isPublic(title) || isOwn(title, context)) ? title : null
        },
      }),
      titles: t.field({
        type: Connection,
        description: 'Published titles, newest first. `text` searches names.',
        args: { ...pageArgs, genre: t.arg.string(), text: t.arg.string() },
        resolve: (_, args, { ports, caller }) =>
          ports.titles({
            tenantId: caller.tenantId,
            first: boundedFirst(args.first, 24),
            after: args.after ?? undefined,
            genre: args.genre ?? undefined,
            text: args.text?.slice(0, 120) || undefined,
            published: true,
          }),
      }),
      genres: t.field({
        type: ['String'],
        resolve: async (_, __, { ports, caller }) => [...(await ports.genres(caller.tenantId))],
      }),
      myList: t.field({
        type: Connection,
        args: pageArgs,
        resolve: async (_, args, context) => {
          demandViewer(context.caller)
          const { feedback } = await context.viewerState()
          const listed = [...feedback].filter(([, entry]) => entry.inMyList)
          return pageOfTitles(context, listed, args)
        },
      }),
      history: t.field({
        type: Connection,
        args: pageArgs,
        resolve: async (_, args, context) => {
          demandViewer(context.caller)
          return pageOfTitles(context, [...(await context.viewerState()).history], args)
        },
      }),
    }
  })
}
