/** Ten questions the studio asks, each as it asks and as by hand, and the numbers both must agree on. */
import {
  type Asked,
  audienceByHand,
  concurrencyByHand,
  FIGURE_NAMES,
  figuresByHand,
  type HandFigures,
  realtimeByHand,
  retentionByHand,
  seriesByHand,
  stallsByHand,
  topTitlesByHand,
} from '#bench/questions/by-hand.ts'
import { CREATOR, DAY_MS, TENANT, TITLE } from '#bench/questions/world.ts'
import { audienceCounts } from '#metrics/audience.ts'
import { concurrency } from '#metrics/concurrent.ts'
import { figures } from '#metrics/figures.ts'
import { realtimeCounts } from '#metrics/realtime.ts'
import { curveOf, playCounts, retentionEdges } from '#metrics/retention.ts'
import { series } from '#metrics/series.ts'
import { stallsBySecond } from '#metrics/stalls.ts'
import { topTitles } from '#metrics/top-titles.ts'
import type { Statement, Warehouse } from '#storage/warehouse/warehouse.ts'

export type Question = {
  readonly name: string
  /** Both answer with what they have in common. */
  readonly ours: () => Promise<unknown>
  readonly byHand: () => Promise<unknown>
}

const QUARTER_MS = 900_000
const channel = { tenantId: TENANT, creatorId: CREATOR }
const title = { ...channel, titleId: TITLE }

/** To nine digits: sums of ratios may be added up in another order. */
const common = (row: HandFigures) => FIGURE_NAMES.map((name) => Number(row[name]?.toPrecision(9)))
const point = ({ at, views, watchTimeMs }: { at: number; views: number; watchTimeMs: number }) => [
  at,
  views,
  watchTimeMs,
]
const titleRow = (row: { titleId: string; views: number; watchTimeMs: number }) => [
  row.titleId,
  row.views,
  row.watchTimeMs,
]
const peakOf = (points: readonly { viewers: number }[]): number =>
  points.reduce((most, { viewers }) => Math.max(most, viewers), 0)

/** As of `now`, over the last 28 days. */
export function questionsOf(warehouse: Warehouse, now: number): readonly Question[] {
  const ask = <T>(statement: Statement<T>): Promise<T[]> => warehouse.query(statement, { timeoutMs: 120_000 })
  const one = async <T>(statement: Statement<T>): Promise<T> => (await ask(statement))[0] as T
  const period = { from: now - 28 * DAY_MS, to: now }
  const before = { from: now - 56 * DAY_MS, to: now - 28 * DAY_MS }
  const twoDays = { from: now - 2 * DAY_MS, to: now }
  const hand = (of: { from: number; to: number }, isTitle = false): Asked => ({ ...of, title: isTitle })
  const byAt = (a: { at: number }, b: { at: number }): number => a.at - b.at
  const ourSeries = async (scope: typeof channel) =>
    (await ask(series(scope, period, DAY_MS))).toSorted(byAt).map(point)
  const handSeries = async (isTitle: boolean) => (await ask(seriesByHand(hand(period, isTitle)))).map(point)
  return [
    {
      name: 'figures',
      ours: async () => common(await one(figures(channel, period, FIGURE_NAMES))),
      byHand: async () => common(await one(figuresByHand(hand(period)))),
    },
    {
      name: 'figures of the period before',
      ours: async () => common(await one(figures(channel, before, FIGURE_NAMES))),
      byHand: async () => common(await one(figuresByHand(hand(before)))),
    },
    { name: 'series', ours: () => ourSeries(channel), byHand: () => handSeries(false) },
    {
      name: 'top titles',
      ours: async () => (await ask(topTitles(channel, period))).map(titleRow),
      byHand: async () => (await ask(topTitlesByHand(hand(period), 20))).map(titleRow),
    },
    {
      name: 'realtime',
      ours: async () => {
        const { concurrentViewers, viewsLastHour, viewsLast48Hours } = await one(realtimeCounts(channel, now))
        const top = await ask(topTitles(channel, twoDays, 5))
        return [concurrentViewers, viewsLastHour, viewsLast48Hours, top.map(titleRow)]
      },
      byHand: async () => {
        const counts = await one(realtimeByHand(hand(twoDays)))
        const top = await ask(topTitlesByHand(hand(twoDays), 5))
        return [counts.concurrentViewers, counts.viewsLastHour, counts.viewsLast48Hours, top.map(titleRow)]
      },
    },
    {
      name: 'title',
      ours: async () => [common(await one(figures(title, period, FIGURE_NAMES))), await ourSeries(title)],
      byHand: async () => [common(await one(figuresByHand(hand(period, true)))), await handSeries(true)],
    },
    {
      name: 'retention',
      ours: async () => {
        const [edges, counts] = [
          await ask(retentionEdges(channel, period)),
          await ask(playCounts(channel, period)),
        ]
        const own = counts.find(({ titleId }) => titleId === TITLE)
        if (own === undefined) return []
        const curve = curveOf(
          edges.filter(({ titleId }) => titleId === TITLE),
          own,
        )
        const viewers = curve.unique.map((share) => Math.round(share * own.plays))
        return viewers.slice(0, viewers.findLastIndex((n) => n > 0) + 1)
      },
      byHand: async () => {
        const rows = await ask(retentionByHand(hand(period)))
        return rows.filter(({ titleId }) => titleId === TITLE).map(({ viewers }) => viewers)
      },
    },
    {
      name: 'stalls',
      ours: async () =>
        (await ask(stallsBySecond(title, period))).map((row) => [row.second, row.stalls, row.stalledMs]),
      byHand: async () =>
        (await ask(stallsByHand(hand(period, true)))).map((row) => [row.second, row.stalls, row.stalledMs]),
    },
    {
      name: 'concurrency',
      ours: async () => peakOf(await ask(concurrency(channel, period, QUARTER_MS))),
      byHand: async () => peakOf(await ask(concurrencyByHand(hand(period), QUARTER_MS))),
    },
    {
      name: 'audience',
      ours: async () => {
        const { monthlyViewers, newViewers, regularViewers } = await one(audienceCounts(channel, now))
        return [monthlyViewers, newViewers, regularViewers]
      },
      byHand: async () => {
        const all = await one(audienceByHand(hand({ from: now - 400 * DAY_MS, to: now })))
        return [all.monthlyViewers, all.newViewers, all.regularViewers]
      },
    },
  ]
}
