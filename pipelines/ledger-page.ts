/** Minutes of the ledger summed: by steps, in all, and which of them do not balance. */
import type { LedgerMinute, LedgerState } from '#pipelines/ledger-judgement.ts'

export type LedgerTotals = {
  readonly accepted: number
  readonly stored: number
  readonly duplicate: number
  readonly reusedId: number
  readonly deadLettered: number
  readonly deadLetteredBy: Readonly<Record<string, number>>
  readonly rows: number
  readonly letters: number
  /** Over minutes that are not open: said and not there; there and not said, explained or not. */
  readonly lost: number
  readonly doubled: number
  readonly unexplained: number
  readonly unsaid: number
  readonly unsure: number
  readonly openMinutes: number
}
export type LedgerStep = LedgerTotals & {
  readonly at: number
  /** That of its worst minute. */
  readonly state: LedgerState
}
export type LedgerPage = {
  /** Oldest first; steps in which nothing was said and nothing is there are left out. */
  readonly steps: readonly LedgerStep[]
  readonly totals: LedgerTotals
  /** Minutes that are neither balanced nor open, newest first, at most `MAX_UNBALANCED`. */
  readonly unbalanced: readonly LedgerStep[]
}

const MAX_UNBALANCED = 100
/** From best to worst. */
const BY_WEIGHT: readonly LedgerState[] = [
  'balanced',
  'open',
  'unsaid',
  'unsure',
  'unexplained',
  'doubled',
  'lost',
]

const worstOf = (minutes: readonly LedgerMinute[]): LedgerState =>
  BY_WEIGHT[Math.max(...minutes.map(({ state }) => BY_WEIGHT.indexOf(state)))] ?? 'balanced'

const stepOf = (at: number, minutes: readonly LedgerMinute[]): LedgerStep => ({
  at,
  state: worstOf(minutes),
  ...totalsOf(minutes),
})

export function pageOf(minutes: readonly LedgerMinute[], stepMs: number): LedgerPage {
  const bySteps = Map.groupBy(minutes, ({ at }) => at - (at % stepMs))
  const unbalanced = minutes.filter(({ state }) => state !== 'balanced' && state !== 'open')
  return {
    steps: [...bySteps].map(([at, own]) => stepOf(at, own)).sort((a, b) => a.at - b.at),
    totals: totalsOf(minutes),
    unbalanced: unbalanced
      .slice(-MAX_UNBALANCED)
      .reverse()
      .map((minute) => stepOf(minute.at, [minute])),
  }
}

/** Sums over minutes; what is in open ones is not judged. */
export function totalsOf(minutes: readonly LedgerMinute[]): LedgerTotals {
  const sum = (of: (minute: LedgerMinute) => number): number => minutes.reduce((all, one) => all + of(one), 0)
  const deadLetteredBy: Record<string, number> = {}
  for (const { reasons, reasonCounts } of minutes) {
    for (const [i, reason] of reasons.entries()) {
      deadLetteredBy[reason] = (deadLetteredBy[reason] ?? 0) + (reasonCounts[i] ?? 0)
    }
  }
  const surplusIn = (state: LedgerMinute['state']): number =>
    sum((one) => (one.state === state ? one.surplus : 0))
  return {
    accepted: sum((one) => one.accepted),
    stored: sum((one) => one.stored),
    duplicate: sum((one) => one.duplicate),
    reusedId: sum((one) => one.reusedId),
    deadLettered: sum((one) => one.deadLettered),
    deadLetteredBy,
    rows: sum((one) => one.rows),
    letters: sum((one) => one.letters),
    lost: sum((one) => (one.state === 'open' ? 0 : one.lost)),
    doubled: sum((one) => (one.state === 'open' ? 0 : one.doubled)),
    unexplained: surplusIn('unexplained'),
    unsaid: surplusIn('unsaid'),
    unsure: surplusIn('unsure'),
    openMinutes: minutes.filter(({ state }) => state === 'open').length,
  }
}
