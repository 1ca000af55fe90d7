/**
 * What the figures may not have seen. Two witnesses tell of a view: its player's reports, and the origin's own account of
 * what it sent. From those that both saw follows how many only one saw, with an interval.
 */
import { defineMetric } from '#metrics/define.ts'
import { type Clustered, clusteredWilson, type Share, wilson } from '#metrics/interval.ts'
import type { Period, Scope } from '#metrics/scope.ts'
import {
  type OriginCounts,
  originCounts,
  type PieceCounts,
  pieceCounts,
  type ReportedCounts,
  reportedCounts,
  sequenceGaps,
} from '#metrics/witness-sql.ts'
import type { Statement } from '#storage/warehouse/warehouse.ts'

const POPULATION =
  'views that are not previews and not automated; the origin: requests with a name, not automated'
const common = { population: POPULATION, clock: 'view start' } as const

export const witnessMetrics = [
  defineMetric({
    name: 'blockedPercent',
    about:
      'Views the origin delivered to and no report ever came of: content blockers, lost beacons. With a 95 % interval.',
    formula:
      '100 x (1 - names heard of / names sent a piece of video after play was asked for), Wilson interval; younger than 2 min left out',
    unit: 'percent',
    ...common,
    nullWhen: 'the origin sent nothing to a player with a name',
    source: 'CTA-5004-B CMCD request mode; E. B. Wilson 1927',
  }),
  defineMetric({
    name: 'estimatedViews',
    about:
      'Views there probably were, measured or not. Blocking is taken to be as frequent where the origin cannot see.',
    formula: 'views / (1 - blocked share); at least those that either witness saw',
    unit: 'count',
    ...common,
    nullWhen: 'the origin saw fewer than half of the plays reported, or none that was reported',
    source: 'Lincoln-Petersen: two independent counts of one population',
  }),
  defineMetric({
    name: 'eventLossPercent',
    about:
      "Reports that were sent and never came, from gaps in the players' own counts. With a 95 % interval.",
    formula:
      '100 x sum(max(seq) + 1 - distinct seqs) / sum(max(seq)), Wilson interval widened by how losses cluster in views',
    unit: 'percent',
    ...common,
    nullWhen: 'no player counted to more than one',
    source: 'CTA-5004-B sn; L. Kish 1965, design effect',
  }),
  defineMetric({
    name: 'flaggedViews',
    about:
      'Views that report far more content than their viewer was ever sent. They are shown, never taken out.',
    formula:
      'content watched and never delivered to the viewer > 60 s and > half of the view, and more than was delivered to nobody by name ' +
      'in those hours. A cache is believed: delivered is what any player of the same viewer ever got of the title; ' +
      'a viewer without a key is believed when their player asked for anything at all',
    unit: 'count',
    ...common,
    nullWhen: 'never; views from before the origin kept account of the title are not judged',
    source: 'ours',
  }),
  defineMetric({
    name: 'reportedOnlyPlays',
    about:
      'Plays the origin has not seen under their name: from a cache, by a player that gives no name, or made up.',
    formula: 'count(isPlay and no request under the name of the view or of its player)',
    unit: 'count',
    ...common,
    nullWhen: 'never; views from before the origin kept account of the title are left out',
    source: 'ours',
  }),
  defineMetric({
    name: 'deliveredMs',
    about:
      'Content the origin sent to players that also reported; beside it `reportedMs`, what those say was watched.',
    formula: 'sum over names of the union of content ranges of video delivered',
    unit: 'ms',
    ...common,
    nullWhen: 'never',
    source: 'ours',
  }),
  defineMetric({
    name: 'unnamedPercent',
    about: 'Pieces of video sent to players that give no name: what the origin cannot put to a view.',
    formula: '100 x video segments without sid / video segments',
    unit: 'percent',
    population: 'pieces of video delivered, not to automated clients',
    clock: 'event time',
    nullWhen: 'no video was delivered here',
    source: 'CTA-5004-B CMCD request mode',
  }),
] as const

/** `none`: no video was delivered here; `unnamed`: to nobody by name; `elsewhere`: most plays got theirs elsewhere. */
export type WitnessState = 'none' | 'unnamed' | 'elsewhere' | 'compared'
export type Estimate = Share
export type Witnesses = {
  readonly state: WitnessState
  readonly measuredViews: number
  /** In views. */
  readonly estimatedViews: Estimate | null
  /** Seen by the origin, and of those not heard of. */
  readonly originViews: number
  readonly blockedViews: number
  readonly blockedPercent: Estimate | null
  readonly lostEvents: number
  readonly eventLossPercent: Estimate | null
  readonly flaggedViews: number
  readonly reportedOnlyPlays: number
  readonly unnamedPercent: number | null
  readonly deliveredMs: number
  readonly reportedMs: number
}

/** Below this share of plays seen, the origin speaks of too few to speak for all. */
const LEAST_SEEN = 0.5

const percent = (share: Share | null): Estimate | null =>
  share === null ? null : { value: 100 * share.value, low: 100 * share.low, high: 100 * share.high }

function estimate(measured: number, blocked: number, heard: number, share: Share | null): Estimate | null {
  if (share === null || heard === 0) return null
  const seen = measured + blocked
  const of = (part: number): number => Math.max(seen, Math.round(measured / (1 - part)))
  return { value: of(share.value), low: of(share.low), high: of(share.high) }
}

function compareWitnesses(
  origin: OriginCounts,
  pieces: PieceCounts,
  reported: ReportedCounts,
  gaps: Clustered,
): Witnesses {
  const { originViews, heardViews, deliveredMs } = origin
  const { measuredViews, judgedPlays, seenPlays, reportedMs, flaggedViews } = reported
  const blockedViews = originViews - heardViews
  const share = wilson(blockedViews, originViews)
  const state =
    pieces.pieces === 0
      ? 'none'
      : pieces.namedPieces === 0
        ? 'unnamed'
        : seenPlays < LEAST_SEEN * judgedPlays
          ? 'elsewhere'
          : 'compared'
  return {
    state,
    measuredViews,
    estimatedViews: state === 'compared' ? estimate(measuredViews, blockedViews, heardViews, share) : null,
    originViews,
    blockedViews,
    blockedPercent: percent(share),
    lostEvents: gaps.hits,
    eventLossPercent: percent(clusteredWilson(gaps)),
    flaggedViews,
    reportedOnlyPlays: judgedPlays - seenPlays,
    unnamedPercent: pieces.pieces === 0 ? null : 100 * Math.max(0, 1 - pieces.namedPieces / pieces.pieces),
    deliveredMs,
    reportedMs,
  }
}

/** Asks the four counts and compares them. `one`: the only row of a statement. */
export async function readWitnesses(
  one: <T>(statement: Statement<T>) => Promise<T>,
  scope: Scope,
  period: Period,
): Promise<Witnesses> {
  const [origin, pieces, reported, gaps] = await Promise.all([
    one(originCounts(scope, period)),
    one(pieceCounts(scope, period)),
    one(reportedCounts(scope, period)),
    one(sequenceGaps(scope, period)),
  ])
  return compareWitnesses(origin, pieces, reported, gaps)
}
