/** The figures creators are shown, as API types: nothing is computed here. */
import type { Builder, Enums } from '#api/builder.ts'
import type {
  FiguresRecord,
  OverviewRecord,
  PointRecord,
  RangeName,
  RealtimeRecord,
  RetentionRecord,
  TitleFiguresRecord,
  TitleRecord,
} from '#api/ports.ts'
import type { TitleRef } from '#api/titles.ts'

export const defineFigures = (builder: Builder) =>
  builder.objectRef<FiguresRecord>('Figures').implement({
    description: 'Null where nothing was counted. Engagement by view start, quality by view end.',
    fields: (t) => ({
      views: t.exposeInt('views'),
      plays: t.exposeInt('plays'),
      uniqueViewers: t.exposeInt('uniqueViewers'),
      watchTimeMs: t.exposeFloat('watchTimeMs'),
      impressions: t.exposeInt('impressions'),
      completePercent: t.exposeFloat('completePercent', { nullable: true }),
      startupP50Ms: t.exposeFloat('startupP50Ms', { nullable: true }),
      startupP95Ms: t.exposeFloat('startupP95Ms', { nullable: true }),
      rebufferPercent: t.exposeFloat('rebufferPercent', { nullable: true }),
      bufferFreePercent: t.exposeFloat('bufferFreePercent', { nullable: true }),
      startFailurePercent: t.exposeFloat('startFailurePercent', { nullable: true }),
      playbackFailurePercent: t.exposeFloat('playbackFailurePercent', { nullable: true }),
      exitBeforeStartPercent: t.exposeFloat('exitBeforeStartPercent', { nullable: true }),
      clickThroughPercent: t.exposeFloat('clickThroughPercent', { nullable: true }),
      averageViewMs: t.exposeFloat('averageViewMs', { nullable: true }),
    }),
  })

export const defineSeriesPoint = (builder: Builder) =>
  builder.objectRef<PointRecord>('SeriesPoint').implement({
    fields: (t) => ({
      at: t.expose('at', { type: 'Instant' }),
      views: t.exposeInt('views'),
      watchTimeMs: t.exposeFloat('watchTimeMs'),
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
type Parts = {
  Figures: ReturnType<typeof defineFigures>
  SeriesPoint: ReturnType<typeof defineSeriesPoint>
  TitleFigures: ReturnType<typeof defineTitleFigures>
}

export type OverviewShape = Omit<OverviewRecord, 'topTitles'> & {
  readonly range: RangeName
  readonly topTitles: readonly TitleFiguresShape[]
}
export const defineOverview = (
  builder: Builder,
  enums: Enums,
  { Figures, SeriesPoint, TitleFigures }: Parts,
) =>
  builder.objectRef<OverviewShape>('Overview').implement({
    description: 'Figures over a period beside the period before it.',
    fields: (t) => ({
      range: t.expose('range', { type: enums.Range }),
      current: t.expose('current', { type: Figures }),
      previous: t.expose('previous', { type: Figures, nullable: true }),
      series: t.field({ type: [SeriesPoint], resolve: (overview) => [...overview.series] }),
      topTitles: t.field({
        type: [TitleFigures],
        args: { first: t.arg.int({ defaultValue: 5 }) },
        resolve: (overview, { first }) => overview.topTitles.slice(0, first ?? 5),
      }),
      watermarkAt: t.expose('watermarkAt', {
        type: 'Instant',
        description: 'Everything received before this instant is in the figures.',
      }),
    }),
  })

export type RealtimeShape = Omit<RealtimeRecord, 'topTitles'> & {
  readonly topTitles: readonly TitleFiguresShape[]
}
export function defineRealtime(builder: Builder, { TitleFigures }: Parts) {
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
  return builder.objectRef<RetentionRecord>('Retention').implement({
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
