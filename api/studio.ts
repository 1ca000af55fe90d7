/** The creator's side: own titles, figures over a period, figures of now, and one title in depth. */
import type { Builder, Enums } from '#api/builder.ts'
import { type Context, demandCreator, demandRole } from '#api/context.ts'
import {
  defineFigures,
  defineOverview,
  defineRealtime,
  defineRetention,
  defineSeriesPoint,
  defineTitleFigures,
  type OverviewShape,
  type RealtimeShape,
  type TitleFiguresShape,
} from '#api/figures.ts'
import { boundedFirst } from '#api/pages.ts'
import type { RangeName, Scope, TitleAnalyticsRecord, TitleFiguresRecord } from '#api/ports.ts'
import { subscribe } from '#api/subscribe.ts'
import { type ConnectionRef, type CreatorRef, ownTitle, type TitleRef } from '#api/titles.ts'

async function withTitles(
  { ports, caller }: Context,
  figures: readonly TitleFiguresRecord[],
): Promise<TitleFiguresShape[]> {
  const titles = await ports.titlesById(
    caller.tenantId,
    figures.map((one) => one.titleId),
  )
  const byId = new Map(titles.map((title) => [title.id, title]))
  return figures.flatMap((one) => {
    const title = byId.get(one.titleId)
    return title === undefined ? [] : [{ ...one, title }]
  })
}

async function readOverview(context: Context, scope: Scope, range: RangeName): Promise<OverviewShape> {
  const overview = await context.ports.overview(scope, range)
  return { ...overview, range, topTitles: await withTitles(context, overview.topTitles) }
}

async function readRealtime(context: Context, scope: Scope): Promise<RealtimeShape> {
  const realtime = await context.ports.realtime(scope)
  return { ...realtime, topTitles: await withTitles(context, realtime.topTitles) }
}

/** Figures of one title, read at most once whichever fields ask for them. */
type TitleAnalyticsShape = { scope: Scope; range: RangeName; figures: () => Promise<TitleAnalyticsRecord> }
function titleAnalytics({ ports }: Context, scope: Scope, range: RangeName): TitleAnalyticsShape {
  let read: Promise<TitleAnalyticsRecord> | undefined
  return { scope, range, figures: () => (read ??= ports.titleFigures(scope, range)) }
}

type Refs = { Title: TitleRef; Creator: CreatorRef; Connection: ConnectionRef }

export function defineStudio(builder: Builder, enums: Enums, { Title, Creator, Connection }: Refs) {
  const parts = {
    Figures: defineFigures(builder),
    SeriesPoint: defineSeriesPoint(builder),
    TitleFigures: defineTitleFigures(builder, Title),
  }
  const Overview = defineOverview(builder, enums, parts)
  const Realtime = defineRealtime(builder, parts)
  const Studio = builder.objectRef<{ creatorId: string }>('Studio').implement({
    fields: (t) => ({
      creator: t.field({
        type: Creator,
        resolve: async ({ creatorId }, _, { ports, caller }) =>
          (await ports.creator(caller.tenantId, creatorId)) ?? { id: creatorId, name: 'You', avatarUrl: '' },
      }),
      titles: t.field({
        type: Connection,
        args: {
          first: t.arg.int({ defaultValue: 25 }),
          after: t.arg.string(),
          text: t.arg.string(),
          status: t.arg({ type: enums.TitleStatus }),
        },
        resolve: ({ creatorId }, args, { ports, caller }) =>
          ports.titles({
            tenantId: caller.tenantId,
            creatorId,
            first: boundedFirst(args.first, 25),
            after: args.after ?? undefined,
            text: args.text?.slice(0, 120) || undefined,
            status: args.status ?? undefined,
          }),
      }),
      overview: t.field({
        type: Overview,
        args: { range: t.arg({ type: enums.Range, defaultValue: 'days28' }) },
        resolve: ({ creatorId }, { range }, context) =>
          readOverview(context, { tenantId: context.caller.tenantId, creatorId }, range ?? 'days28'),
      }),
      realtime: t.field({
        type: Realtime,
        resolve: ({ creatorId }, _, context) =>
          readRealtime(context, { tenantId: context.caller.tenantId, creatorId }),
      }),
    }),
  })
  builder.queryFields((t) => ({
    studio: t.field({
      type: Studio,
      description: "The creator's side. Refused to those who are not creators.",
      resolve: (_, __, { caller }) => ({ creatorId: demandCreator(caller) }),
    }),
  }))
  builder.subscriptionFields((t) => ({
    realtime: t.field({
      type: Realtime,
      description: "Numbers of the caller's titles, or of one, as they change; at most once a second.",
      args: { titleId: t.arg.id() },
      subscribe: async (_, { titleId }, context) => {
        const creatorId = demandCreator(context.caller)
        if (titleId != null) await ownTitle(context, titleId)
        const scope = {
          tenantId: context.caller.tenantId,
          creatorId,
          ...(titleId == null ? {} : { titleId }),
        }
        const read = (): Promise<RealtimeShape> => readRealtime(context, scope)
        return subscribe({ listen: () => () => undefined, read, paceMs: 1000, everyMs: 1500 })
      },
      resolve: (realtime) => realtime as RealtimeShape,
    }),
  }))
  defineTitleAnalytics(builder, enums, Title, parts)
}

function defineTitleAnalytics(
  builder: Builder,
  enums: Enums,
  Title: TitleRef,
  parts: { Figures: ReturnType<typeof defineFigures>; SeriesPoint: ReturnType<typeof defineSeriesPoint> },
) {
  const Retention = defineRetention(builder)
  const StallPoint = builder
    .objectRef<{ second: number; stalls: number; stalledMs: number }>('StallPoint')
    .implement({
      fields: (t) => ({
        second: t.exposeInt('second'),
        stalls: t.exposeInt('stalls'),
        stalledMs: t.exposeFloat('stalledMs'),
      }),
    })
  const TitleAnalytics = builder.objectRef<TitleAnalyticsShape>('TitleAnalytics').implement({
    fields: (t) => ({
      figures: t.field({
        type: parts.Figures,
        resolve: async ({ figures }) => (await figures()).figures,
      }),
      series: t.field({
        type: [parts.SeriesPoint],
        resolve: async ({ figures }) => [...(await figures()).series],
      }),
      retention: t.field({
        type: Retention,
        resolve: ({ scope, range }, _, { ports }) => ports.retention(scope, range),
      }),
      stalls: t.field({
        type: [StallPoint],
        description: 'Rebuffering by second of the content: where viewers waited.',
        resolve: async ({ scope, range }, _, { ports }) => [...(await ports.stalls(scope, range))],
      }),
      watermarkAt: t.field({
        type: 'Instant',
        resolve: async ({ figures }) => (await figures()).watermarkAt,
      }),
    }),
  })
  builder.objectField(Title, 'analytics', (t) =>
    t.field({
      type: TitleAnalytics,
      description: 'Figures of this title; for its creator.',
      args: { range: t.arg({ type: enums.Range, defaultValue: 'days28' }) },
      resolve: async (title, { range }, context) => {
        demandRole(context.caller, 'creator')
        await ownTitle(context, title.id)
        const scope = { tenantId: title.tenantId, creatorId: title.creatorId, titleId: title.id }
        return titleAnalytics(context, scope, range ?? 'days28')
      },
    }),
  )
}
