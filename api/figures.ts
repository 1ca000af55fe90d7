/** The figures creators are shown, as API types: nothing is computed here. */
import type { Builder, Enums } from '#api/builder.ts'
import type { ChartDelayRef } from '#api/chart-delay.ts'
import type { Context } from '#api/context.ts'
import type {
  Asked,
  FiguresRecord,
  PointRecord,
  Ports,
  RealtimeRecord,
  RetentionRecord,
  TitleFiguresRecord,
  TitleRecord,
} from '#api/ports.ts'
import type { WithAsked } from '#api/provenance.ts'
import { type SelectionInfo, selectedFields } from '#api/selected.ts'
import type { TitleRef } from '#api/titles.ts'
import type { Concurrency } from '#metrics/analytics.ts'
import type { ToldAudience } from '#metrics/audience.ts'
import { FIGURE_NAMES, type FigureName, figureMetrics } from '#metrics/figures.ts'
import { INTERVAL_FIGURES, type Interval, intervalsOf } from '#metrics/intervals.ts'

export type FiguresShape = FiguresRecord & WithAsked
/** A field for each metric, described by its definition: what the API says is what is computed. */
export function defineFigures(builder: Builder) {
  const Interval = builder.objectRef<Interval>('Interval').implement({
    description: 'How sure a percentage is: 95 of 100 such intervals hold the true one (Wilson).',
    fields: (t) => ({
      metric: t.exposeString('metric'),
      n: t.exposeInt('n', { description: 'Of how many things it is a share.' }),
      low: t.exposeFloat('low'),
      high: t.exposeFloat('high'),
    }),
  })
  return builder.objectRef<FiguresShape>('Figures').implement({
    description: 'Null where nothing was counted. Engagement by view start, quality by view end.',
    fields: (t) => ({
      ...Object.fromEntries(
        figureMetrics.map(({ name, unit, about: description, nullWhen }) => {
          if (unit === 'count') return [name, t.exposeInt(name, { description })] as const
          return nullWhen === 'never'
            ? ([name, t.exposeFloat(name, { description })] as const)
            : ([name, t.exposeFloat(name, { description, nullable: true })] as const)
        }),
      ),
      intervals: t.field({ type: [Interval], resolve: (figures) => intervalsOf(figures) }),
    }),
  })
}

/** The metrics that are asked for of an object of Figures. */
function figuresIn(info: SelectionInfo): FigureName[] {
  const fields = selectedFields(info)
  const names = fields.has('intervals') ? [...INTERVAL_FIGURES] : []
  return FIGURE_NAMES.filter((name) => fields.has(name) || names.includes(name))
}
export async function readFigures(
  asked: Asked,
  { ports }: Context,
  info: SelectionInfo,
): Promise<FiguresShape> {
  const { scope, range, moment } = asked
  return { ...(await ports.figures(scope, range, moment, figuresIn(info))), asked }
}
export const readSeries = async ({ scope, range, moment }: Asked, ports: Ports): Promise<PointRecord[]> => [
  ...(await ports.series(scope, range, moment)),
]

export const defineSeriesPoint = (builder: Builder) =>
  builder.objectRef<PointRecord>('SeriesPoint').implement({
    fields: (t) => ({
      at: t.expose('at', { type: 'Instant' }),
      views: t.exposeInt('views'),
      watchTimeMs: t.exposeFloat('watchTimeMs'),
      restatedViews: t.exposeInt('restatedViews', {
        description:
          'Views of which something came when the day of the point, in UTC, was settled; its figures have changed since.',
      }),
    }),
  })

export type TitleFiguresShape = TitleFiguresRecord & { readonly title: TitleRecord }
export const defineTitleFigures = (builder: Builder, Title: TitleRef) =>
  builder.objectRef<TitleFiguresShape>('TitleFigures').implement({
    fields: (t) => ({
      title: t.expose('title', { type: Title }),
      views: t.exposeInt('views'),
      watchTimeMs: t.exposeFloat('watchTimeMs'),
      averageViewMs: t.exposeFloat('averageViewMs', { nullable: true }),
    }),
  })
export async function withTitles(
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
type Parts = {
  Figures: ReturnType<typeof defineFigures>
  SeriesPoint: ReturnType<typeof defineSeriesPoint>
  TitleFigures: ReturnType<typeof defineTitleFigures>
}

export const defineOverview = (
  builder: Builder,
  enums: Enums,
  { Figures, SeriesPoint, TitleFigures }: Parts,
) =>
  builder.objectRef<WithAsked>('Overview').implement({
    description: 'Figures over a period beside the period before it.',
    fields: (t) => ({
      range: t.field({ type: enums.Range, resolve: ({ asked }) => asked.range }),
      current: t.field({
        type: Figures,
        resolve: ({ asked }, _, context, info) => readFigures(asked, context, info),
      }),
      previous: t.field({
        type: Figures,
        nullable: true,
        resolve: async ({ asked }, _, { ports }, info) => {
          const { scope, range, moment } = asked
          const figures = await ports.figuresBefore(scope, range, moment, figuresIn(info))
          return figures === null ? null : { ...figures, asked: { ...asked, before: true } }
        },
      }),
      series: t.field({
        type: [SeriesPoint],
        resolve: ({ asked }, _, { ports }) => readSeries(asked, ports),
      }),
      topTitles: t.field({
        type: [TitleFigures],
        args: { first: t.arg.int({ defaultValue: 5 }) },
        resolve: async ({ asked: { scope, range, moment } }, { first }, context) =>
          withTitles(context, (await context.ports.topTitles(scope, range, moment)).slice(0, first ?? 5)),
      }),
      watermarkAt: t.field({
        type: 'Instant',
        resolve: ({ asked }) => asked.moment.watermarkAt,
        description: 'Everything received before this instant is in the figures.',
      }),
    }),
  })

export type RealtimeShape = Omit<RealtimeRecord, 'topTitles'> &
  WithAsked & { readonly topTitles: readonly TitleFiguresShape[] }
export function defineRealtime(
  builder: Builder,
  TitleFigures: ReturnType<typeof defineTitleFigures>,
  ChartDelay: ChartDelayRef,
) {
  const MinutePoint = builder.objectRef<{ at: number; views: number }>('MinutePoint').implement({
    fields: (t) => ({ at: t.expose('at', { type: 'Instant' }), views: t.exposeInt('views') }),
  })
  return builder.objectRef<RealtimeShape>('Realtime').implement({
    fields: (t) => ({
      concurrentViewers: t.exposeInt('concurrentViewers', {
        description: 'Views playing or trying to, now.',
      }),
      viewsLastHour: t.exposeInt('viewsLastHour'),
      viewsLast48Hours: t.exposeInt('viewsLast48Hours'),
      minutes: t.field({
        type: [MinutePoint],
        description: 'Views begun in each of the last 60 minutes, oldest first.',
        resolve: (realtime) => [...realtime.minutes],
      }),
      topTitles: t.field({ type: [TitleFigures], resolve: (realtime) => [...realtime.topTitles] }),
      watermarkAt: t.expose('watermarkAt', { type: 'Instant' }),
      chartDelay: t.field({ type: ChartDelay, resolve: (_, __, { ports }) => ports.chartDelay() }),
    }),
  })
}

export function defineRetention(builder: Builder) {
  const KeyMoment = builder.objectRef<RetentionRecord['moments'][number]>('KeyMoment').implement({
    fields: (t) => ({
      kind: t.exposeString('kind'),
      startSecond: t.exposeInt('startSecond'),
      endSecond: t.exposeInt('endSecond'),
      unique: t.exposeFloat('unique'),
    }),
  })
  return builder.objectRef<RetentionRecord & WithAsked>('Retention').implement({
    description:
      'Shares of views, one entry a second from 0. `absolute` may exceed 1 where seconds are watched again.',
    fields: (t) => ({
      views: t.exposeInt('views'),
      absolute: t.field({ type: ['Float'], resolve: (retention) => [...retention.absolute] }),
      unique: t.field({ type: ['Float'], resolve: (retention) => [...retention.unique] }),
      typical: t.field({
        type: ['Float'],
        description:
          "Median `unique` of the creator's other titles, stretched to this length; empty when none.",
        resolve: (retention) => [...retention.typical],
      }),
      moments: t.field({ type: [KeyMoment], resolve: (retention) => [...retention.moments] }),
    }),
  })
}

export function defineConcurrency(builder: Builder) {
  const Point = builder.objectRef<Concurrency['points'][number]>('ConcurrentPoint').implement({
    fields: (t) => ({ at: t.expose('at', { type: 'Instant' }), viewers: t.exposeInt('viewers') }),
  })
  return builder.objectRef<Concurrency & WithAsked>('Concurrency').implement({
    description: 'How many were there at once: the most in each stretch, exact.',
    fields: (t) => ({
      peakViewers: t.exposeInt('peakViewers'),
      peakAt: t.expose('peakAt', {
        type: 'Instant',
        description: 'Begin of the stretch of the peak; 0 for none.',
      }),
      stepMs: t.exposeInt('stepMs'),
      points: t.field({ type: [Point], resolve: ({ points }) => [...points] }),
    }),
  })
}

export const defineAudience = (builder: Builder) =>
  builder.objectRef<ToldAudience & WithAsked>('Audience').implement({
    description: 'The viewers of the last 28 days. Groups under 5 are not told, larger ones in steps of 5.',
    fields: (t) => ({
      monthlyViewers: t.exposeInt('monthlyViewers'),
      newViewers: t.exposeInt('newViewers', { nullable: true }),
      casualViewers: t.exposeInt('casualViewers', { nullable: true }),
      regularViewers: t.exposeInt('regularViewers', { nullable: true }),
    }),
  })
