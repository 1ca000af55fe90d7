/** Figures from rows of views: sums over sums, percentiles of views. Of a tenant or one of its titles, over a period. */
import { scoresOf } from '#metrics/reference/scores.ts'
import type { ReferenceView } from '#metrics/reference/view.ts'

export type ReferenceScope = {
  readonly period: { readonly from: number; readonly to: number }
  readonly include: readonly string[]
  /** Length of the content in ms; 0 where unknown. */
  readonly lengthOf: (titleId: string) => number
}

/** The first kind that fits. */
export const kindOf = ({ bot, own, staff }: ReferenceView): string =>
  bot ? 'bots' : own ? 'own' : staff ? 'staff' : ''

const ratio = (part: number, whole: number, factor = 1): number | null =>
  whole > 0 ? (factor * part) / whole : null
const sumOf = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((sum, item) => sum + value(item), 0)
/** Each score in whole millionths. */
const meanOf = (scores: readonly (number | null)[]): number | null => {
  const known = scores.filter((score) => score !== null)
  const millionths = sumOf(known, (score) => Math.round(score * 1_000_000))
  return ratio(millionths / 1_000_000, known.length)
}
/** By rank, from 0: floor(level x n). */
function quantileOf(level: number, values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(level * sorted.length))] ?? null
}

export function figuresOf(rows: readonly ReferenceView[], { period, include, lengthOf }: ReferenceScope) {
  const lies = (at: number): boolean => at >= period.from && at < period.to
  const counts = (row: ReferenceView): boolean => kindOf(row) === '' || include.includes(kindOf(row))
  const begun = rows.filter(({ startedAt }) => lies(startedAt))
  const started = begun.filter(counts)
  const ended = rows.filter((row) => counts(row) && lies(row.endedAt))
  const leftOut = (kind: string): number => begun.filter((row) => !counts(row) && kindOf(row) === kind).length
  return {
    ...engagementOf(started, lengthOf),
    ...qualityOf(ended),
    excludedBots: leftOut('bots'),
    excludedOwn: leftOut('own'),
    excludedStaff: leftOut('staff'),
  }
}

function engagementOf(rows: readonly ReferenceView[], lengthOf: (titleId: string) => number) {
  const plays = rows.filter(({ isPlay }) => isPlay)
  const isWhole = ({ titleId, contentMs, endReason }: ReferenceView): boolean => {
    const length = lengthOf(titleId)
    return length > 0 ? contentMs >= (length * 99) / 100 : endReason === 'completed'
  }
  const watchTimeMs = sumOf(rows, ({ watchMs }) => watchMs)
  return {
    views: rows.length,
    plays: plays.length,
    uniqueViewers: new Set(rows.flatMap(({ viewerKey }) => (viewerKey === null ? [] : [viewerKey]))).size,
    watchTimeMs,
    playingTimeMs: sumOf(rows, ({ playingMs }) => playingMs),
    visiblePercent: ratio(
      sumOf(rows, ({ visibleMs }) => visibleMs),
      watchTimeMs,
      100,
    ),
    averageViewMs: ratio(watchTimeMs, plays.length),
    validPlays: rows.filter(
      (row) => row.playingMs >= 30_000 || (row.isPlay && lengthOf(row.titleId) < 30_000 && isWhole(row)),
    ).length,
    completePercent: ratio(plays.filter(isWhole).length, plays.length, 100),
  }
}

/** Each view is exactly one of five. */
const outcomesOf = (row: ReferenceView): number =>
  [
    row.isPlay,
    row.startFailure,
    row.exitBeforeStart,
    row.droppedBeforeStart,
    row.businessFailure && !row.isPlay && !row.startFailure,
  ].filter(Boolean).length

function qualityOf(rows: readonly ReferenceView[]) {
  const plays = rows.filter(({ isPlay }) => isPlay)
  const share = (fits: (row: ReferenceView) => boolean): number | null =>
    ratio(rows.filter(fits).length, rows.length, 100)
  const sum = (value: (row: ReferenceView) => number): number => sumOf(rows, value)
  const watched = sum(({ watchMs }) => watchMs)
  const scaled = sum(({ scaledMs }) => scaledMs)
  const startups = rows.map(({ startupMs }) => startupMs)
  const contentStartups = rows.map(({ contentStartupMs }) => contentStartupMs)
  const scores = rows.map(scoresOf)
  return {
    viewsEnded: rows.length,
    playsEnded: plays.length,
    startFailurePercent: share(({ startFailure }) => startFailure),
    playbackFailurePercent: share(({ playbackFailure }) => playbackFailure),
    businessFailurePercent: share(({ businessFailure }) => businessFailure),
    exitBeforeStartPercent: share(({ exitBeforeStart }) => exitBeforeStart),
    exitAfterWaitPercent: share(({ exitWaitMs }) => exitWaitMs !== null && exitWaitMs >= 1000),
    droppedPercent: share(({ endReason }) => endReason === 'dropped'),
    unaccountedViews: rows.filter((row) => outcomesOf(row) !== 1).length,
    startupP50Ms: quantileOf(0.5, startups),
    startupP95Ms: quantileOf(0.95, startups),
    startupP99Ms: quantileOf(0.99, startups),
    contentStartupP50Ms: quantileOf(0.5, contentStartups),
    contentStartupP95Ms: quantileOf(0.95, contentStartups),
    rebufferPercent: ratio(
      sum(({ rebufferMs }) => rebufferMs),
      watched,
      100,
    ),
    rebuffersPerMinute: ratio(
      sum(({ rebufferCount }) => rebufferCount),
      watched / 60_000,
    ),
    bufferFreePercent: ratio(
      plays.filter(({ rebufferCount }) => rebufferCount === 0).length,
      plays.length,
      100,
    ),
    adRebufferPercent: ratio(
      sum(({ adRebufferMs }) => adRebufferMs),
      sum(({ adMs, adRebufferMs }) => adMs + adRebufferMs),
      100,
    ),
    seekLatencyMs: ratio(
      sum(({ seekMs }) => seekMs),
      sum(({ seekCount }) => seekCount),
    ),
    upscalePercent: ratio(sum(({ upscaleTime }) => upscaleTime) / 1_000_000, scaled, 100),
    downscalePercent: ratio(sum(({ downscaleTime }) => downscaleTime) / 1_000_000, scaled, 100),
    bitrateKbps: ratio(
      sum(({ bitrateTime }) => bitrateTime),
      sum(({ bitrateMs }) => bitrateMs),
    ),
    liveLatencyMs: ratio(
      sum(({ liveLatencyTime }) => liveLatencyTime),
      sum(({ liveMs }) => liveMs),
    ),
    successScore: meanOf(scores.map(({ success }) => success)),
    startupScore: meanOf(scores.map(({ startup }) => startup)),
    smoothnessScore: meanOf(scores.map(({ smoothness }) => smoothness)),
    qualityScore: meanOf(scores.map(({ picture }) => picture)),
    svx1Score: meanOf(scores.map((one) => one.svx1)),
  }
}

/** The most views there at once in each stretch: by looking at every instant at which it changes. */
export function concurrencyOf(rows: readonly ReferenceView[], stepMs: number): Map<number, number> {
  const changes = new Map<number, number>()
  const change = (at: number, by: number): void => void changes.set(at, (changes.get(at) ?? 0) + by)
  for (const { activeFrom, activeTo } of rows) {
    activeFrom.forEach((from, i) => {
      change(from, 1)
      change(activeTo[i] as number, -1)
    })
  }
  const peaks = new Map<number, number>()
  const raise = (stretch: number, level: number): void => {
    if (level > (peaks.get(stretch) ?? 0)) peaks.set(stretch, level)
  }
  let level = 0
  let since = 0
  for (const at of [...changes.keys()].sort((a, b) => a - b)) {
    // The level held from the last change up to, not including, this one.
    if (level > 0) for (let s = Math.floor(since / stepMs); s * stepMs < at; s++) raise(s, level)
    level += changes.get(at) as number
    since = at
  }
  return peaks
}
