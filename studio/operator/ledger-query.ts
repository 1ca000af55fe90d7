/** What the ledger page asks. */
import { gql } from '@urql/core'

export type LedgerState = 'open' | 'balanced' | 'unsaid' | 'unsure' | 'lost' | 'doubled' | 'unexplained'
export type Counts = {
  readonly accepted: number
  readonly stored: number
  readonly duplicate: number
  readonly deadLettered: number
  readonly rows: number
  readonly letters: number
  readonly lost: number
  readonly doubled: number
  readonly unexplained: number
  readonly unsaid: number
  readonly unsure: number
  readonly openMinutes: number
}
export type Step = { readonly at: number; readonly state: LedgerState; readonly counts: Counts }
export type Ledger = {
  readonly from: number
  readonly to: number
  readonly stepMs: number
  readonly repeated: number
  readonly totals: Counts & { readonly byReason: readonly { reason: string; count: number }[] }
  readonly steps: readonly Step[]
  readonly unbalanced: readonly Step[]
}

const COUNTS = `accepted stored duplicate deadLettered rows letters lost doubled unexplained unsaid unsure openMinutes`
export const LEDGER = gql<{ ledger: Ledger }, { hours: number }>(
  `query Ledger($hours: Int!) { ledger(hours: $hours) { from to stepMs repeated
    totals { ${COUNTS} byReason { reason count } }
    steps { at state counts { ${COUNTS} } }
    unbalanced { at state counts { ${COUNTS} } } } }`,
)
