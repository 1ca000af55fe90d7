/** Now: who watches, and the views of the last minutes and hours. */
import { defineMetric, POPULATION } from '#metrics/define.ts'
import { type Scope, scopedViews, scopeParams } from '#metrics/scope.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** A silent player is believed to be there for three reports, at least this long. */
const SILENCE_MS = 30_000

export const realtimeMetrics = [
  defineMetric({
    name: 'concurrentViewers',
    about: 'Views joining, playing, seeking or waiting now: open, and heard of within three reports.',
    formula:
      "count(endReason = 'open' and lastState in (joining, playing, rebuffering, seeking, ad) and silence <= max(3 x interval, 30 s))",
    unit: 'count',
    population: POPULATION,
    clock: 'now',
    nullWhen: 'never',
    source: 'CTA-5004 CMCD v2 states; interval sweep over open views',
  }),
  defineMetric({
    name: 'viewsLastHour',
    about: 'Views begun in the last 60 minutes, also minute by minute.',
    formula: 'count(startedAt > now - 1 h)',
    unit: 'count',
    population: POPULATION,
    clock: 'view start',
    nullWhen: 'never',
    source: 'YouTube Analytics real-time report',
  }),
] as const

type Counts = {
  readonly concurrentViewers: number
  readonly viewsLastHour: number
  readonly viewsLast48Hours: number
  /** Minutes since 1970, and views begun in each. */
  readonly perMinute: readonly [minutes: readonly number[], counts: readonly number[]]
}

export const realtimeCounts = (scope: Scope, now: number): Statement<Counts> => ({
  sql: sql`SELECT
      toUInt32(countIf(endReason = 'open' AND lastState IN ('joining', 'playing', 'rebuffering', 'seeking', 'ad')
        AND endMs >= {to:Int64} - greatest(3 * intervalMs, ${String(SILENCE_MS)}))) AS concurrentViewers,
      toUInt32(countIf(startMs >= {to:Int64} - ${String(HOUR_MS)})) AS viewsLastHour,
      toUInt32(countIf(inStart)) AS viewsLast48Hours,
      sumMap([toUInt32(intDiv(startMs, ${String(MINUTE_MS)}))], [toUInt32(1)]) AS perMinute
    FROM ${scopedViews(scope)} WHERE startMs < {to:Int64}`,
  params: scopeParams(scope, { from: now - 48 * HOUR_MS, to: now }),
})

/** Sixty points, oldest first. */
export function minutePoints(
  [minutes, counts]: Counts['perMinute'],
  now: number,
): { at: number; views: number }[] {
  const views = new Map(minutes.map((minute, i) => [minute, counts[i] ?? 0]))
  const last = Math.floor(now / MINUTE_MS)
  return Array.from({ length: 60 }, (_, i) => {
    const minute = last - 59 + i
    return { at: minute * MINUTE_MS, views: views.get(minute) ?? 0 }
  })
}
