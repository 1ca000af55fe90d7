/**
 * Every report of figures and, field by field, what it is computed from: the definitions it answers, the statements that are
 * asked, what is done with their answers, and the rows looked at. A figure that is one number is asked for by itself.
 */
import { audienceCount, audienceMetrics, inSteps } from '#metrics/audience.ts'
import { concurrency, concurrentMetrics, peakViewers, stretchOf } from '#metrics/concurrent.ts'
import { type ComputedMetric, type MetricDefinition, named, type Value } from '#metrics/define.ts'
import { engagementMetrics } from '#metrics/engagement.ts'
import { figure, figureMetrics, figures } from '#metrics/figures.ts'
import { restatedDays } from '#metrics/late.ts'
import { begun, ended, present, type Rows, rowsOf, viewsThat } from '#metrics/looked-at.ts'
import { lastDays, realtimeCount, realtimeCounts, realtimeMetrics } from '#metrics/realtime.ts'
import { playCounts, retentionEdges, retentionMetrics } from '#metrics/retention.ts'
import {
  type Moment,
  type Period,
  periodBefore,
  periodOf,
  type RangeName,
  type Scope,
} from '#metrics/scope.ts'
import { series, stepOf } from '#metrics/series.ts'
import { stallMetrics, stallsBySecond } from '#metrics/stalls.ts'
import { TOP_NOW, topTitleMetrics, topTitles } from '#metrics/top-titles.ts'
import { witnessParts } from '#metrics/witness-parts.ts'
import type { Statement } from '#storage/warehouse/warehouse.ts'

/** What was asked, for asking it again. `before`: of the period of the same length before. */
export type Asked = {
  readonly scope: Scope
  readonly range: RangeName
  readonly moment: Moment
  readonly before?: boolean
}
export type Ask = <T>(statement: Statement<T>) => Promise<T[]>

export type Part = {
  readonly metrics: readonly MetricDefinition[]
  readonly period: (asked: Asked) => Period
  readonly statements: (asked: Asked) => readonly Statement[]
  /** What is done with the answers before they are told; null: nothing. */
  readonly after: string | null
  readonly rows: Rows
  /** The figure as it is told. Left out where it is no single number. */
  readonly value?: (ask: Ask, asked: Asked) => Promise<number | null>
}
export type Report = {
  readonly parts: Readonly<Record<string, Part>>
  /** All of it; left out where that is its parts together. */
  readonly whole?: Part
}

export const periodAsked = ({ range, moment, before }: Asked): Period =>
  (before === true ? periodBefore(range, moment.at) : null) ?? periodOf(range, moment.at)

/** A statement for one number, and how that is told. */
function single(
  metric: MetricDefinition,
  statement: (asked: Asked) => Statement<Value>,
  more: Partial<Part> & { readonly told?: (value: number | null) => number | null } = {},
): Part {
  const { told = (value) => value, ...rest } = more
  return {
    metrics: [metric],
    period: periodAsked,
    statements: (asked) => [statement(asked)],
    after: null,
    rows: rowsOf(metric),
    value: async (ask, asked) => told((await ask(statement(asked)))[0]?.value ?? null),
    ...rest,
  }
}
const byName = (
  metrics: readonly ComputedMetric[],
  part: (metric: ComputedMetric) => Part,
): Report['parts'] => Object.fromEntries(metrics.map((metric) => [metric.name, part(metric)]))

const plays = named(engagementMetrics, 'plays')
const restated = named(figureMetrics, 'restatedViews')

const figureParts = byName(figureMetrics, (metric) =>
  single(metric, (asked) => figure(asked.scope, periodAsked(asked), metric), {
    after:
      (metric as MetricDefinition).of === undefined
        ? null
        : `Its interval is Wilson's, of this share and \`${(metric as MetricDefinition).of}\`.`,
  }),
)

const list = (
  metrics: readonly MetricDefinition[],
  rows: Rows,
  more: Pick<Part, 'statements' | 'after'>,
): Part => ({
  metrics,
  period: periodAsked,
  rows,
  ...more,
})
const seriesPart = list([...topTitleMetrics.slice(0, 2), restated], begun, {
  statements: (asked) => [
    series(asked.scope, periodAsked(asked), stepOf(asked.range)),
    restatedDays(asked.scope, periodAsked(asked)),
  ],
  after:
    'Stretches without views are filled with zeros, and each point is told how many views its day was restated by.',
})
const topPart = list(topTitleMetrics, begun, {
  statements: (asked) => [topTitles(asked.scope, periodAsked(asked))],
  after: 'The first of them are told, as many as were asked for.',
})
const stallPart = list(stallMetrics, ended, {
  statements: (asked) => [stallsBySecond(asked.scope, periodAsked(asked))],
  after: null,
})

const lastHour = ({ moment: { at } }: Asked): Period => ({ from: at - 3_600_000, to: at })
const ofNow = ({ moment }: Asked): Period => lastDays(moment.at)
const realtimeParts: Report['parts'] = {
  ...byName([concurrentMetrics[0], ...realtimeMetrics], (metric) =>
    single(metric, ({ scope, moment }) => realtimeCount(scope, moment.at, metric), {
      period: metric.name === 'viewsLastHour' ? lastHour : ofNow,
    }),
  ),
  minutes: {
    ...list([realtimeMetrics[0]], begun, {
      statements: ({ scope, moment }) => [realtimeCounts(scope, moment.at)],
      after: 'The last 60 of `perMinute` are shown, minutes without views as zeros.',
    }),
    period: lastHour,
  },
  topTitles: {
    ...topPart,
    period: ofNow,
    statements: ({ scope, moment }) => [topTitles(scope, lastDays(moment.at), TOP_NOW)],
  },
}

const ofTitle = ({ titleId, ...channel }: Scope) => ({ titleId, channel })
const curve = (metrics: readonly MetricDefinition[], after: string): Part =>
  list(metrics, viewsThat('begins AND isPlay'), {
    statements: (asked) => [
      retentionEdges(asked.scope, periodAsked(asked)),
      playCounts(asked.scope, periodAsked(asked)),
    ],
    after,
  })
const [unique, absolute] = retentionMetrics
const SUMMED = 'The steps are summed second by second and divided by the plays'
const retentionParts: Report['parts'] = {
  views: single(plays, (asked) => figure(asked.scope, periodAsked(asked), plays), {
    rows: viewsThat('begins AND isPlay'),
  }),
  unique: curve([unique], `${SUMMED}.`),
  absolute: curve([absolute], `${SUMMED}.`),
  moments: curve([unique, absolute], `${SUMMED}; moments are where the curve moves more than chance would.`),
  typical: {
    ...curve([unique], ''),
    statements: (asked) => {
      const { channel } = ofTitle(asked.scope)
      return [retentionEdges(channel, periodAsked(asked)), playCounts(channel, periodAsked(asked))]
    },
    after: `${SUMMED}, title by title; of the other titles with 10 plays or more, stretched to this length, the median.`,
  },
}

const peak = concurrentMetrics[1]
const stretches = ({ scope, range, moment }: Asked): Statement =>
  concurrency(scope, periodOf(range, moment.at), stretchOf(range))
const pointsPart = list([peak], present, {
  statements: (asked) => [stretches(asked)],
  after:
    'Stretches in which nobody was there are filled with zeros; the peak is in the first of the highest.',
})
const concurrencyParts: Report['parts'] = {
  peakViewers: single(
    peak,
    ({ scope, range, moment }) => peakViewers(scope, periodOf(range, moment.at), stretchOf(range)),
    { rows: present },
  ),
  peakAt: pointsPart,
  points: pointsPart,
}

const audienceParts = byName(audienceMetrics, (metric) => {
  const exact = metric.name === 'monthlyViewers'
  return single(metric, ({ scope, moment }) => audienceCount(scope, moment.at, metric), {
    period: ({ moment }) => ({ from: 0, to: moment.at }),
    rows: viewsThat('begins AND isPlay AND viewerKey IS NOT NULL'),
    after: exact ? null : 'Fewer than 5 are not told, more go down to a multiple of 5.',
    told: (value) => (exact || value === null ? value : inSteps(value)),
  })
})

export const reports = {
  figures: {
    parts: figureParts,
    whole: list(figureMetrics, begun, {
      statements: (asked) => [figures(asked.scope, periodAsked(asked))],
      after: 'Figures by view end look at the views that end in the period.',
    }),
  },
  overview: { parts: { series: seriesPart, topTitles: topPart } },
  title: { parts: { series: seriesPart, stalls: stallPart } },
  realtime: { parts: realtimeParts },
  retention: { parts: retentionParts },
  concurrency: { parts: concurrencyParts },
  audience: { parts: audienceParts },
  witnesses: { parts: witnessParts },
} as const satisfies Record<string, Report>
export type ReportName = keyof typeof reports
