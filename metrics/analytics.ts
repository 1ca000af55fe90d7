/** What the studio asks, answered from the metrics: each answer says until when everything received is in it. */
import type { Clock } from '#base/clock.ts'
import { audienceCounts, type ToldAudience, toldAudience } from '#metrics/audience.ts'
import { type ConcurrentPoint, concurrency, fillQuiet, stretchOf } from '#metrics/concurrent.ts'
import { FIGURE_NAMES, type FigureName, type Figures, figures } from '#metrics/figures.ts'
import { type KeyMoment, keyMoments } from '#metrics/key-moments.ts'
import { restatedDays } from '#metrics/late.ts'
import { createProvenance, type Provenance } from '#metrics/provenance.ts'
import { lastDays, minutePoints, realtimeCounts } from '#metrics/realtime.ts'
import type { Asked, ReportName } from '#metrics/reports.ts'
import { curveOf, type Edge, medianCurve, playCounts, retentionEdges, stretched } from '#metrics/retention.ts'
import {
  type Moment,
  type Period,
  periodBefore,
  periodOf,
  type RangeName,
  type Scope,
} from '#metrics/scope.ts'
import { fillGaps, type SeriesPoint, series, stepOf } from '#metrics/series.ts'
import { type StallPoint, stallsBySecond } from '#metrics/stalls.ts'
import { type TitleFigures, TOP_NOW, topTitles } from '#metrics/top-titles.ts'
import { readWitnesses, type Witnesses } from '#metrics/witnesses.ts'
import type { Statement, Warehouse } from '#storage/warehouse/warehouse.ts'

export type Overview = {
  readonly current: Figures
  readonly previous: Figures | null
  readonly series: readonly SeriesPoint[]
  readonly topTitles: readonly TitleFigures[]
  readonly watermarkAt: number
}
export type Realtime = {
  readonly concurrentViewers: number
  readonly viewsLastHour: number
  readonly viewsLast48Hours: number
  readonly minutes: readonly { readonly at: number; readonly views: number }[]
  readonly topTitles: readonly TitleFigures[]
  readonly watermarkAt: number
  /** The instant that was now. */
  readonly at: number
}
export type Retention = {
  readonly views: number
  readonly absolute: readonly number[]
  readonly unique: readonly number[]
  readonly typical: readonly number[]
  readonly moments: readonly KeyMoment[]
}

export type Concurrency = {
  /** The most at once in the period, and the stretch it was in; at 0 when nobody was there. */
  readonly peakViewers: number
  readonly peakAt: number
  readonly stepMs: number
  /** The most at once in each stretch. */
  readonly points: readonly ConcurrentPoint[]
}

/** `moment`: the instant that is now; left out, the clock's. */
export type Analytics = {
  /** Now, for several questions about one instant; of a scope that is known at another, that one. */
  moment(scope?: Scope): Moment
  /** Those of a period that are asked for: each one costs. */
  figures<Name extends FigureName = FigureName>(
    scope: Scope,
    range: RangeName,
    moment?: Moment,
    only?: readonly Name[],
  ): Promise<Pick<Figures, Name>>
  /** The same of the period before; null when there is none. */
  figuresBefore<Name extends FigureName = FigureName>(
    scope: Scope,
    range: RangeName,
    moment?: Moment,
    only?: readonly Name[],
  ): Promise<Pick<Figures, Name> | null>
  series(scope: Scope, range: RangeName, moment?: Moment): Promise<SeriesPoint[]>
  topTitles(scope: Scope, range: RangeName, moment?: Moment): Promise<TitleFigures[]>
  /** All of these at once. */
  overview(scope: Scope, range: RangeName, moment?: Moment): Promise<Overview>
  realtime(scope: Scope): Promise<Realtime>
  /** `scope.titleId` must be set; `typical` is over the creator's other titles. */
  retention(
    scope: Scope & { readonly titleId: string },
    range: RangeName,
    moment?: Moment,
  ): Promise<Retention>
  stalls(scope: Scope, range: RangeName, moment?: Moment): Promise<StallPoint[]>
  concurrency(scope: Scope, range: RangeName, moment?: Moment): Promise<Concurrency>
  audience(scope: Scope, moment?: Moment): Promise<ToldAudience>
  /** What the figures may not have seen: players' reports beside what the origin delivered. */
  witnesses(scope: Scope, range: RangeName, moment?: Moment): Promise<Witnesses>
  /** How a report, or `of` it the field named, came about. */
  provenance(report: ReportName, asked: Asked, of: string | null): Provenance
}

const NOBODY: ConcurrentPoint = { at: 0, viewers: 0 }
const TIMEOUT_MS = 10_000
/** Titles with fewer plays are not typical of anything. */
const MIN_TYPICAL_PLAYS = 10
/** Equal questions about now within this time share one answer. */
const SHARE_MS = 700

export function createAnalytics(ports: {
  readonly warehouse: Pick<Warehouse, 'query'>
  readonly clock: Clock
  readonly watermarkAt: () => number
}): Analytics {
  const { warehouse, clock, watermarkAt } = ports
  const ask = <T>(statement: Statement<T>): Promise<T[]> =>
    warehouse.query(statement, { timeoutMs: TIMEOUT_MS })
  const momentNow = (): Moment => {
    // The order matters: what comes in between is in the figures, though not promised.
    const until = watermarkAt()
    return { at: clock.now(), watermarkAt: until }
  }
  const one = async <T>(statement: Statement<T>): Promise<T> => (await ask(statement))[0] as T
  const figuresOf = <Name extends FigureName>(
    scope: Scope,
    period: Period,
    only: readonly Name[] = FIGURE_NAMES as readonly Name[],
  ): Promise<Pick<Figures, Name>> =>
    only.length === 0 ? Promise.resolve({} as Pick<Figures, Name>) : one(figures(scope, period, only))
  const figuresBefore: Analytics['figuresBefore'] = async (scope, range, { at } = momentNow(), only) => {
    const before = periodBefore(range, at)
    return before === null ? null : figuresOf(scope, before, only)
  }
  const readSeries: Analytics['series'] = async (scope, range, { at: now } = momentNow()) => {
    const period = periodOf(range, now)
    const stepMs = stepOf(range)
    const [points, restated] = await Promise.all([
      ask(series(scope, period, stepMs)),
      ask(restatedDays(scope, period)),
    ])
    return fillGaps(points, restated, period, stepMs)
  }
  const readRealtime = async (scope: Scope): Promise<Realtime> => {
    const { at: now, watermarkAt: until } = momentNow()
    const [counts, top] = await Promise.all([
      one(realtimeCounts(scope, now)),
      ask(topTitles(scope, lastDays(now), TOP_NOW)),
    ])
    const { concurrentViewers, viewsLastHour, viewsLast48Hours, perMinute } = counts
    const minutes = minutePoints(perMinute, now)
    const views = { concurrentViewers, viewsLastHour, viewsLast48Hours, minutes }
    return { ...views, topTitles: top, watermarkAt: until, at: now }
  }
  const provenance = createProvenance(ask)
  const shared = new Map<string, { at: number; answer: Promise<Realtime> }>()

  return {
    moment: (scope) =>
      scope?.knownAt === undefined ? momentNow() : { at: scope.knownAt, watermarkAt: scope.knownAt },
    figures: async (scope, range, { at } = momentNow(), only) => figuresOf(scope, periodOf(range, at), only),
    figuresBefore,
    series: readSeries,
    topTitles: async (scope, range, { at } = momentNow()) => ask(topTitles(scope, periodOf(range, at))),
    overview: async (scope, range, moment = momentNow()) => {
      const period = periodOf(range, moment.at)
      const [current, previous, points, top] = await Promise.all([
        figuresOf(scope, period),
        figuresBefore(scope, range, moment),
        readSeries(scope, range, moment),
        ask(topTitles(scope, period)),
      ])
      return { current, previous, series: points, topTitles: top, watermarkAt: moment.watermarkAt }
    },
    realtime: (scope) => {
      const key = JSON.stringify(scope)
      const now = clock.now()
      for (const [name, { at }] of shared) if (now - at > SHARE_MS) shared.delete(name)
      const known = shared.get(key)
      if (known !== undefined) return known.answer
      const answer = readRealtime(scope)
      shared.set(key, { at: now, answer })
      return answer
    },
    retention: async (scope, range, { at } = momentNow()) => {
      const period = periodOf(range, at)
      const { titleId, ...channel } = scope
      const [edges, counts] = await Promise.all([
        ask(retentionEdges(channel, period)),
        ask(playCounts(channel, period)),
      ])
      const byTitle = Map.groupBy(edges, (edge) => edge.titleId)
      const own = counts.find((count) => count.titleId === titleId)
      if (own === undefined) return { views: 0, absolute: [], unique: [], typical: [], moments: [] }
      const curve = curveOf(byTitle.get(titleId) ?? [], own)
      return {
        views: own.plays,
        ...curve,
        typical: typicalCurve(counts, byTitle, own.seconds, titleId),
        moments: keyMoments(curve, own.plays),
      }
    },
    stalls: (scope, range, { at } = momentNow()) => ask(stallsBySecond(scope, periodOf(range, at))),
    concurrency: async (scope, range, { at } = momentNow()) => {
      const period = periodOf(range, at)
      const stepMs = stretchOf(range)
      const found = await ask(concurrency(scope, period, stepMs))
      const peak = found.reduce((most, point) => (point.viewers > most.viewers ? point : most), NOBODY)
      return { peakViewers: peak.viewers, peakAt: peak.at, stepMs, points: fillQuiet(found, period, stepMs) }
    },
    audience: async (scope, { at } = momentNow()) => toldAudience(await one(audienceCounts(scope, at))),
    witnesses: (scope, range, { at } = momentNow()) => readWitnesses(one, scope, periodOf(range, at)),
    provenance,
  }
}

function typicalCurve(
  counts: readonly { titleId: string; plays: number; seconds: number }[],
  byTitle: ReadonlyMap<string, readonly Edge[]>,
  seconds: number,
  titleId: string,
): number[] {
  const others = counts.filter(
    (count) => count.titleId !== titleId && count.plays >= MIN_TYPICAL_PLAYS && count.seconds > 0,
  )
  const curves = others.map((count) =>
    stretched(curveOf(byTitle.get(count.titleId) ?? [], count).unique, seconds),
  )
  return medianCurve(curves, seconds)
}
