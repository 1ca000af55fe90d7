/** The balance in words: what it is, and what each way of not balancing means. */
import type { Counts, LedgerState, Step } from './ledger-query.ts'

const count = (n: number): string => n.toLocaleString('en')
const events = (n: number): string => `${count(n)} ${n === 1 ? 'event' : 'events'}`
const are = (n: number): string => (n === 1 ? 'is' : 'are')

export const STATE_NAMES: Record<LedgerState, string> = {
  open: 'Open',
  balanced: 'Balanced',
  unsaid: 'Ended without a word',
  unsure: 'Refused while written',
  lost: 'Lost',
  doubled: 'Doubled',
  unexplained: 'Unexplained',
}
export const isAlarm = (state: LedgerState): boolean =>
  state === 'lost' || state === 'doubled' || state === 'unexplained'

/** The equation of the range. */
export const equationOf = ({ accepted, stored, duplicate, deadLettered }: Counts): string =>
  `${count(accepted)} accepted = ${count(stored)} stored + ${count(duplicate)} duplicate + ${count(deadLettered)} dead-lettered`

/** What is wrong, or that nothing is. */
export function verdictOf(counts: Counts): {
  readonly title: string
  readonly alarm: boolean
  readonly text: string
} {
  const { lost, doubled, unexplained, accepted, openMinutes } = counts
  const wrong = [
    lost > 0 && `${events(lost)} that the collector took ${are(lost)} not in the warehouse.`,
    doubled > 0 && `${count(doubled)} ${doubled === 1 ? 'row is' : 'rows are'} in the warehouse twice.`,
    unexplained > 0 && `${events(unexplained)} in the warehouse ${are(unexplained)} in nobody’s account.`,
  ].filter((one) => one !== false)
  if (wrong.length > 0) return { title: 'Does not balance', alarm: true, text: wrong.join(' ') }
  const open =
    openMinutes === 0
      ? ''
      : ` ${openMinutes === 1 ? 'One minute is' : `${openMinutes} minutes are`} still open: what came just now is on its way.`
  return accepted === 0
    ? { title: 'Balanced', alarm: false, text: `Nothing was taken in.${open}` }
    : { title: 'Balanced', alarm: false, text: `All of it is in the warehouse, once.${open}` }
}

/** What a minute that does not balance means. */
export function meaningOf({ state, counts }: Step): string {
  const { lost, doubled, unexplained, unsaid, unsure } = counts
  switch (state) {
    case 'lost':
      return `${events(lost)} said to be stored ${are(lost)} not there. Replay the log into the warehouse.`
    case 'doubled':
      return `${count(doubled)} of its rows stand for a place of the log that another row has.`
    case 'unsaid':
      return `A collector was killed before it could say its last second: ${events(unsaid)} more ${are(unsaid)} there.`
    case 'unsure':
      return `${events(unsure)} ${are(unsure)} there of batches that were refused while the log wrote them.`
    case 'unexplained':
      return `${events(unexplained)} more ${are(unexplained)} there than anybody said.`
    default:
      return ''
  }
}
