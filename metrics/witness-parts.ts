/** What each field of the comparison of the two witnesses is computed from. */
import { named } from '#metrics/define.ts'
import { engagementMetrics } from '#metrics/engagement.ts'
import { begun, pieces, type Rows } from '#metrics/looked-at.ts'
import type { Ask, Part } from '#metrics/reports.ts'
import { type Period, periodOf, type Scope } from '#metrics/scope.ts'
import { originCounts, pieceCounts, reportedCounts, sequenceGaps } from '#metrics/witness-sql.ts'
import { type Estimate, readWitnesses, type Witnesses, witnessMetrics } from '#metrics/witnesses.ts'
import type { Statement } from '#storage/warehouse/warehouse.ts'

type Figure = Exclude<keyof Witnesses, 'state'>
type Metric = (typeof witnessMetrics)[number]['name']
type Count = (scope: Scope, period: Period) => Statement

const toldOf = (figure: number | Estimate | null): number | null =>
  typeof figure === 'object' && figure !== null ? figure.value : figure

const part = (
  field: Figure,
  metric: Metric | 'views',
  counts: readonly Count[],
  rows: Rows,
  after: string | null,
): readonly [Figure, Part] => [
  field,
  {
    metrics: [metric === 'views' ? named(engagementMetrics, 'views') : named(witnessMetrics, metric)],
    period: ({ range, moment }) => periodOf(range, moment.at),
    statements: ({ scope, range, moment }) => counts.map((count) => count(scope, periodOf(range, moment.at))),
    after,
    rows,
    value: async (ask: Ask, { scope, range, moment }) => {
      const one = async <T>(statement: Statement<T>): Promise<T> => (await ask(statement))[0] as T
      return toldOf((await readWitnesses(one, scope, periodOf(range, moment.at)))[field])
    },
  },
]

const all = [originCounts, pieceCounts, reportedCounts]

export const witnessParts: Readonly<Record<string, Part>> = Object.fromEntries([
  part('measuredViews', 'views', [reportedCounts], begun, null),
  part(
    'estimatedViews',
    'estimatedViews',
    all,
    begun,
    'The views reported are divided by the share of names that were heard of; its interval is that of the share.',
  ),
  part('originViews', 'blockedPercent', [originCounts], pieces, null),
  part('blockedViews', 'blockedPercent', [originCounts], pieces, 'Names seen less those heard of.'),
  part(
    'blockedPercent',
    'blockedPercent',
    [originCounts],
    pieces,
    "Names not heard of as a share of those seen, with Wilson's interval.",
  ),
  part('lostEvents', 'eventLossPercent', [sequenceGaps], begun, null),
  part(
    'eventLossPercent',
    'eventLossPercent',
    [sequenceGaps],
    begun,
    "The hits as a share of the tries, with Wilson's interval, widened by how they cluster in views.",
  ),
  part('flaggedViews', 'flaggedViews', [reportedCounts], begun, null),
  part(
    'reportedOnlyPlays',
    'reportedOnlyPlays',
    [reportedCounts],
    begun,
    'Plays judged less those the origin has seen.',
  ),
  part(
    'unnamedPercent',
    'unnamedPercent',
    [pieceCounts],
    pieces,
    'Pieces without a name as a share of all pieces.',
  ),
  part('deliveredMs', 'deliveredMs', [originCounts], pieces, null),
  part('reportedMs', 'deliveredMs', [reportedCounts], begun, null),
])
