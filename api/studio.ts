/** The creator's side: own titles, figures over a period, figures of now, and one title in depth. */
import type { Builder, Enums } from '#api/builder.ts'
import type { ChartDelayRef } from '#api/chart-delay.ts'
import { type Context, demandCreator, demandRole } from '#api/context.ts'
import {
  defineAudience,
  defineConcurrency,
  defineFigures,
  defineOverview,
  defineRealtime,
  defineRetention,
  defineSeriesPoint,
  defineTitleFigures,
  type RealtimeShape,
  readFigures,
  readSeries,
  withTitles,
} from '#api/figures.ts'
import { boundedFirst } from '#api/pages.ts'
import type { Asked, RangeName, Scope } from '#api/ports.ts'
import { addProvenance, defineProvenance, type WithAsked } from '#api/provenance.ts'
import { subscribe } from '#api/subscribe.ts'
import { type ConnectionRef, type CreatorRef, ownTitle, type TitleRef } from '#api/titles.ts'
import { defineWitnesses } from '#api/witnesses.ts'
import type { StallPoint } from '#metrics/stalls.ts'

async function readRealtime(context: Context, scope: Scope): Promise<RealtimeShape> {
  const realtime = await context.ports.realtime(scope)
  const { at, watermarkAt } = realtime
  const asked: Asked = { scope, range: 'all', moment: { at, watermarkAt } }
  return { ...realtime, asked, topTitles: await withTitles(context, realtime.topTitles) }
}

type StudioShape = { readonly creatorId: string; readonly knownAt: number | undefined }
const KNOWN_AT =
  'Answers as they were known at this instant, from what had been received before; periods end there. Now without it.'
const channelOf = ({ creatorId, knownAt }: StudioShape, { caller }: Context): Scope => ({
  tenantId: caller.tenantId,
  creatorId,
  ...(knownAt === undefined ? {} : { knownAt }),
})

/** A report, and what was asked for it. */
const withAsked = async <Report>(
  asked: Asked,
  read: (scope: Scope, range: RangeName, moment: Asked['moment']) => Promise<Report>,
): Promise<Report & WithAsked> => ({ ...(await read(asked.scope, asked.range, asked.moment)), asked })

/** What is asked of one instant: now, or the one it is known at. */
const asking = ({ ports }: Context, scope: Scope, range: RangeName | null | undefined): WithAsked => ({
  asked: { scope, range: range ?? 'days28', moment: ports.moment(scope) },
})
const ofChannel = (studio: StudioShape, range: RangeName | null | undefined, context: Context): Asked =>
  asking(context, channelOf(studio, context), range).asked

type Refs = { Title: TitleRef; Creator: CreatorRef; Connection: ConnectionRef; ChartDelay: ChartDelayRef }

export function defineStudio(
  builder: Builder,
  enums: Enums,
  { Title, Creator, Connection, ChartDelay }: Refs,
) {
  const TitleFigures = defineTitleFigures(builder, Title)
  const parts = {
    Figures: defineFigures(builder),
    SeriesPoint: defineSeriesPoint(builder),
    Concurrency: defineConcurrency(builder),
    Witnesses: defineWitnesses(builder),
    Realtime: defineRealtime(builder, TitleFigures, ChartDelay),
    Retention: defineRetention(builder),
  }
  const { Realtime } = parts
  const Audience = defineAudience(builder)
  const Overview = defineOverview(builder, enums, { ...parts, TitleFigures })
  const Studio = builder.objectRef<StudioShape>('Studio').implement({
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
        args: {
          range: t.arg({ type: enums.Range, defaultValue: 'days28' }),
          include: t.arg({ type: [enums.LeftOut] }),
        },
        resolve: (studio, { range, include }, context) =>
          asking(context, { ...channelOf(studio, context), include: include ?? [] }, range),
      }),
      concurrency: t.field({
        type: parts.Concurrency,
        args: { range: t.arg({ type: enums.Range, defaultValue: 'days28' }) },
        resolve: (studio, { range }, context) =>
          withAsked(ofChannel(studio, range, context), context.ports.concurrency),
      }),
      audience: t.field({
        type: Audience,
        resolve: (studio, _, context) =>
          withAsked(ofChannel(studio, 'all', context), (scope, _range, moment) =>
            context.ports.audience(scope, moment),
          ),
      }),
      witnesses: t.field({
        type: parts.Witnesses,
        description: 'What the figures of the channel may not have seen.',
        args: { range: t.arg({ type: enums.Range, defaultValue: 'days28' }) },
        resolve: (studio, { range }, context) =>
          withAsked(ofChannel(studio, range, context), context.ports.witnesses),
      }),
      realtime: t.field({
        type: Realtime,
        resolve: (studio, _, context) => readRealtime(context, channelOf(studio, context)),
      }),
    }),
  })
  builder.queryFields((t) => ({
    studio: t.field({
      type: Studio,
      description: "The creator's side. Refused to those who are not creators.",
      args: { knownAt: t.arg({ type: 'Instant', description: KNOWN_AT }) },
      resolve: (_, { knownAt }, { caller }) => ({
        creatorId: demandCreator(caller),
        knownAt: knownAt ?? undefined,
      }),
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
  addProvenance(builder, defineProvenance(builder, enums), {
    figures: parts.Figures,
    overview: Overview,
    title: defineTitleAnalytics(builder, enums, Title, parts),
    realtime: Realtime,
    retention: parts.Retention,
    concurrency: parts.Concurrency,
    audience: Audience,
    witnesses: parts.Witnesses,
  })
}

function defineTitleAnalytics(
  builder: Builder,
  enums: Enums,
  Title: TitleRef,
  parts: {
    Figures: ReturnType<typeof defineFigures>
    SeriesPoint: ReturnType<typeof defineSeriesPoint>
    Concurrency: ReturnType<typeof defineConcurrency>
    Witnesses: ReturnType<typeof defineWitnesses>
    Realtime: ReturnType<typeof defineRealtime>
    Retention: ReturnType<typeof defineRetention>
  },
) {
  const StallPoint = builder.objectRef<StallPoint>('StallPoint').implement({
    fields: (t) => ({
      second: t.exposeInt('second'),
      stalls: t.exposeInt('stalls'),
      stalledMs: t.exposeFloat('stalledMs'),
      heightPx: t.exposeInt('heightPx', {
        nullable: true,
        description: 'Height of the rendition most of the waiting was for.',
      }),
      heightShare: t.exposeFloat('heightShare', { nullable: true, description: 'Its share of the waiting.' }),
    }),
  })
  const TitleAnalytics = builder.objectRef<WithAsked>('TitleAnalytics').implement({
    fields: (t) => ({
      figures: t.field({
        type: parts.Figures,
        resolve: ({ asked }, _, context, info) => readFigures(asked, context, info),
      }),
      series: t.field({
        type: [parts.SeriesPoint],
        resolve: ({ asked }, _, { ports }) => readSeries(asked, ports),
      }),
      retention: t.field({
        type: parts.Retention,
        resolve: ({ asked }, _, { ports }) => withAsked(asked, ports.retention),
      }),
      stalls: t.field({
        type: [StallPoint],
        description: 'Rebuffering by second of the content: where viewers waited.',
        resolve: async ({ asked: { scope, range, moment } }, _, { ports }) => [
          ...(await ports.stalls(scope, range, moment)),
        ],
      }),
      concurrency: t.field({
        type: parts.Concurrency,
        resolve: ({ asked }, _, { ports }) => withAsked(asked, ports.concurrency),
      }),
      witnesses: t.field({
        type: parts.Witnesses,
        description: 'What the figures may not have seen.',
        resolve: ({ asked }, _, { ports }) => withAsked(asked, ports.witnesses),
      }),
      realtime: t.field({
        type: parts.Realtime,
        description: 'What is now, whatever the range.',
        resolve: ({ asked: { scope } }, _, context) => {
          const { include: _include, ...all } = scope
          return readRealtime(context, all)
        },
      }),
      watermarkAt: t.field({
        type: 'Instant',
        resolve: ({ asked }) => asked.moment.watermarkAt,
      }),
    }),
  })
  builder.objectField(Title, 'analytics', (t) =>
    t.field({
      type: TitleAnalytics,
      description: 'Figures of this title; for its creator.',
      args: {
        range: t.arg({ type: enums.Range, defaultValue: 'days28' }),
        include: t.arg({ type: [enums.LeftOut] }),
        knownAt: t.arg({ type: 'Instant', description: KNOWN_AT }),
      },
      resolve: async (title, { range, include, knownAt }, context) => {
        demandRole(context.caller, 'creator')
        await ownTitle(context, title.id)
        const scope = {
          tenantId: title.tenantId,
          creatorId: title.creatorId,
          titleId: title.id,
          include: include ?? [],
          ...(knownAt == null ? {} : { knownAt }),
        }
        return asking(context, scope, range)
      },
    }),
  )
  return TitleAnalytics
}
