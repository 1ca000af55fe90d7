/** What the studio asks, answered from the metrics: each answer says until when everything received is in it. */
import type { Clock } from '#base/clock.ts'
import { type Figures, figures } from '#metrics/figures.ts'
import { type KeyMoment, keyMoments } from '#metrics/key-moments.ts'
import { minutePoints, realtimeCounts } from '#metrics/realtime.ts'
import { curveOf, type Edge, medianCurve, playCounts, retentionEdges, stretched } from '#metrics/retention.ts'
import { periodBefore, periodOf, type RangeName, type Scope } from '#metrics/scope.ts'
import { fillGaps, type SeriesPoint, series, stepOf } from '#metrics/series.ts'
import { type StallPoint, stallsBySecond } from '#metrics/stalls.ts'
import { type TitleFigures, topTitles } from '#metrics/top-titles.ts'
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
}
export type Retention = {
  readonly views: number
  readonly absolute: readonly number[]
  readonly unique: readonly number[]
  readonly typical: readonly number[]
  readonly moments: readonly KeyMoment[]
}
export type TitleAnalytics = {
  readonly figures: Figures
  readonly series: readonly SeriesPoint[]
  readonly watermarkAt: number
}

export type Analytics = {
  overview(scope: Scope, range: RangeName): Promise<Overview>
  realtime(scope: Scope): Promise<Realtime>
  title(scope: Scope, range: RangeName): Promise<TitleAnalytics>
  /** `scope.titleId` must be set; `typical` is over the creator's other titles. */
  retention(scope: Scope & { readonly titleId: string }, range: RangeName): Promise<Retention>
  stalls(scope: Scope, range: RangeName): Promise<StallPoint[]>
}

const HOUR_MS = 3_600_000
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
  const one = async <T>(statement: Statement<T>): Promise<T> => (await ask(statement))[0] as T
  const seriesOf = async (scope: Scope, range: RangeName, now: number): Promise<SeriesPoint[]> => {
    const period = periodOf(range, now)
    const stepMs = stepOf(range)
    return fillGaps(await ask(series(scope, period, stepMs)), period, stepMs)
  }
  const readRealtime = async (scope: Scope): Promise<Realtime> => {
    const until = watermarkAt()
    const now = clock.now()
    const period = { from: now - 48 * HOUR_MS, to: now }
    const [counts, top] = await Promise.all([
      one(realtimeCounts(scope, now)),
      ask(topTitles(scope, period, 5)),
    ])
    const { concurrentViewers, viewsLastHour, viewsLast48Hours, perMinute } = counts
    const minutes = minutePoints(perMinute, now)
    return { concurrentViewers, viewsLastHour, viewsLast48Hours, minutes, topTitles: top, watermarkAt: until }
  }
  const shared = new Map<string, { at: number; answer: Promise<Realtime> }>()

  return {
    overview: async (scope, range) => {
      const until = watermarkAt()
      const now = clock.now()
      const before = periodBefore(range, now)
      const [current, previous, points, top] = await Promise.all([
        one(figures(scope, periodOf(range, now))),
        before === null ? null : one(figures(scope, before)),
        seriesOf(scope, range, now),
        ask(topTitles(scope, periodOf(range, now))),
      ])
      return { current, previous, series: points, topTitles: top, watermarkAt: until }
    },
    realtime: (scope) => {
      const key = JSON.stringify([scope.tenantId, scope.creatorId, scope.titleId])
      const now = clock.now()
      for (const [name, { at }] of shared) if (now - at > SHARE_MS) shared.delete(name)
      const known = shared.get(key)
      if (known !== undefined) return known.answer
      const answer = readRealtime(scope)
      shared.set(key, { at: now, answer })
      return answer
    },
    title: async (scope, range) => {
      const until = watermarkAt()
      const now = clock.now()
      const [own, points] = await Promise.all([
        one(figures(scope, periodOf(range, now))),
        seriesOf(scope, range, now),
      ])
      return { figures: own, series: points, watermarkAt: until }
    },
    retention: async (scope, range) => {
      const period = periodOf(range, clock.now())
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
    stalls: (scope, range) => ask(stallsBySecond(scope, periodOf(range, clock.now()))),
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
