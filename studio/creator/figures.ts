/** Figures as the API gives them, and how each is called, written and judged. */
import { formatCount, formatDuration, formatPercent, formatWatchTime } from '../shared/format.ts'

export type Figures = {
  readonly views: number
  readonly plays: number
  readonly uniqueViewers: number
  readonly watchTimeMs: number
  readonly averageViewMs: number | null
  readonly completePercent: number | null
  readonly startupP50Ms: number | null
  readonly startupP95Ms: number | null
  readonly rebufferPercent: number | null
  readonly bufferFreePercent: number | null
  readonly startFailurePercent: number | null
  readonly playbackFailurePercent: number | null
  readonly exitBeforeStartPercent: number | null
  readonly impressions: number
  readonly clickThroughPercent: number | null
  readonly restatedViews: number
}
export const FIGURES = `views plays uniqueViewers watchTimeMs averageViewMs completePercent startupP50Ms startupP95Ms
  rebufferPercent bufferFreePercent startFailurePercent playbackFailurePercent exitBeforeStartPercent
  impressions clickThroughPercent restatedViews`

export const RANGES = [
  { value: 'hours24', label: '24 hours' },
  { value: 'days7', label: '7 days' },
  { value: 'days28', label: '28 days' },
  { value: 'all', label: 'All time' },
] as const
export type Range = (typeof RANGES)[number]['value']

export type Kpi = {
  readonly label: string
  /** Its name in the API. */
  readonly metric: keyof Figures
  readonly of: (figures: Figures) => number | null
  readonly write: (value: number | null) => string
}
export const ENGAGEMENT: readonly Kpi[] = [
  { label: 'Views', metric: 'views', of: (f) => f.views, write: formatCount },
  { label: 'Unique viewers', metric: 'uniqueViewers', of: (f) => f.uniqueViewers, write: formatCount },
  {
    label: 'Watch time',
    metric: 'watchTimeMs',
    of: (f) => f.watchTimeMs,
    write: (ms) => formatWatchTime(ms ?? 0),
  },
  { label: 'Average view', metric: 'averageViewMs', of: (f) => f.averageViewMs, write: formatDuration },
  {
    label: 'Watched to the end',
    metric: 'completePercent',
    of: (f) => f.completePercent,
    write: formatPercent,
  },
  { label: 'Impressions', metric: 'impressions', of: (f) => f.impressions, write: formatCount },
  {
    label: 'Click-through',
    metric: 'clickThroughPercent',
    of: (f) => f.clickThroughPercent,
    write: formatPercent,
  },
]

const ms = (value: number | null): string =>
  value === null ? '–' : value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`

type Quality = Kpi & {
  /** Up to here it is good; up to the second it is fair. */
  readonly good: number
  readonly fair: number
  readonly lowIsGood: boolean
}
export const QUALITY: readonly Quality[] = [
  {
    label: 'Startup, half of views',
    metric: 'startupP50Ms',
    of: (f) => f.startupP50Ms,
    write: ms,
    good: 1000,
    fair: 2500,
    lowIsGood: true,
  },
  {
    label: 'Startup, 95 of 100 views',
    metric: 'startupP95Ms',
    of: (f) => f.startupP95Ms,
    write: ms,
    good: 2500,
    fair: 6000,
    lowIsGood: true,
  },
  {
    label: 'Time spent waiting',
    metric: 'rebufferPercent',
    of: (f) => f.rebufferPercent,
    write: (v) => formatPercent(v, 2),
    good: 0.4,
    fair: 1,
    lowIsGood: true,
  },
  {
    label: 'Plays that never waited',
    metric: 'bufferFreePercent',
    of: (f) => f.bufferFreePercent,
    write: formatPercent,
    good: 97,
    fair: 90,
    lowIsGood: false,
  },
  {
    label: 'Failed to start',
    metric: 'startFailurePercent',
    of: (f) => f.startFailurePercent,
    write: (v) => formatPercent(v, 2),
    good: 0.5,
    fair: 2,
    lowIsGood: true,
  },
  {
    label: 'Left before it started',
    metric: 'exitBeforeStartPercent',
    of: (f) => f.exitBeforeStartPercent,
    write: (v) => formatPercent(v, 2),
    good: 2,
    fair: 5,
    lowIsGood: true,
  },
]

export type Verdict = 'good' | 'fair' | 'poor' | 'unknown'
export function verdictOf(quality: Quality, figures: Figures): Verdict {
  const value = quality.of(figures)
  if (value === null) return 'unknown'
  const within = (limit: number): boolean => (quality.lowIsGood ? value <= limit : value >= limit)
  return within(quality.good) ? 'good' : within(quality.fair) ? 'fair' : 'poor'
}

/** Change against the period before, in percent; null where there is nothing to compare with. */
export function changeOf(kpi: Kpi, now: Figures, before: Figures | null): number | null {
  const [a, b] = [kpi.of(now), before === null ? null : kpi.of(before)]
  if (a === null || b === null || b === 0 || (before?.views ?? 0) === 0) return null
  return (100 * (a - b)) / b
}
