/** Whether a minute of the ledger balances, and if not, what that means. Pure: all that is known comes in. */

import { MINUTE_MS } from '#pipelines/ledger-book.ts'
import type { MinuteRow } from '#pipelines/ledger-sql.ts'

/**
 * - `open`: not over, or not yet in the warehouse: nothing can be said.
 * - `balanced`: accepted = stored + duplicate + dead-lettered, and all of it is there.
 * - `unsaid`: more is there than was said, of a run that ended without a word: killed, it could not say its last second.
 * - `unsure`: more is there, of batches that were refused while the log wrote them; their senders send them again.
 * - `lost`: less is there than was said. Alarm.
 * - `doubled`: places of the log are there twice. Alarm.
 * - `unexplained`: more is there than was said and nobody knows why. Alarm.
 */
export type LedgerState = 'open' | 'balanced' | 'unsaid' | 'unsure' | 'lost' | 'doubled' | 'unexplained'

export type LedgerMinute = MinuteRow & {
  /** Said and not there. */
  readonly lost: number
  /** There and not said. */
  readonly surplus: number
  /** Part of what is there: rows whose place in the log another row has. */
  readonly doubled: number
  readonly state: LedgerState
}

/** A run that ended without a word: all it said, it said before `lastWordAt`; the next began at `until`. */
export type SilentEnd = { readonly lastWordAt: number; readonly until: number }

export const lostOf = ({ stored, rows, deadLettered, letters }: MinuteRow): number =>
  Math.max(0, stored - rows) + Math.max(0, deadLettered - letters)
export const surplusOf = ({ stored, rows, deadLettered, letters }: MinuteRow): number =>
  Math.max(0, rows - stored) + Math.max(0, letters - deadLettered)

/** A minute that was over before the run's last word had been said whole. */
const mayBeUnsaid = (row: MinuteRow, ends: readonly SilentEnd[]): boolean =>
  ends.some(
    ({ lastWordAt, until }) =>
      // An importer says itself when its events were received, a letter taken again keeps its time: any minute may be theirs.
      row.imported > 0 || row.letters > 0 || (row.at > lastWordAt - 2 * MINUTE_MS && row.at <= until),
  )

export function judge(
  row: MinuteRow,
  known: {
    readonly isOpen: boolean
    readonly doubled: number
    readonly silentEnds: readonly SilentEnd[]
  },
): LedgerMinute {
  const lost = lostOf(row)
  const surplus = surplusOf(row)
  const { isOpen, doubled, silentEnds } = known
  const addsUp = row.accepted === row.stored + row.duplicate + row.deadLettered
  const stateOf = (): LedgerState => {
    if (isOpen) return 'open'
    if (lost > 0) return 'lost'
    if (doubled > 0) return 'doubled'
    if (!addsUp) return 'unexplained'
    if (surplus === 0) return 'balanced'
    if (surplus <= row.unsure) return 'unsure'
    return mayBeUnsaid(row, silentEnds) ? 'unsaid' : 'unexplained'
  }
  return { ...row, lost, surplus, doubled, state: stateOf() }
}
