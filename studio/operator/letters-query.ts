/** What the page of dead letters asks and does. */
import { gql } from '@urql/core'

export type LetterState = 'waiting' | 'stored' | 'present'
export type Letter = {
  readonly id: string
  readonly receivedAt: number
  readonly reason: string
  readonly detail: string
  readonly firstReason: string
  readonly claimedType: string | null
  readonly schema: string | null
  readonly stream: string | null
  readonly partition: number
  readonly offset: number
  readonly body: string
  readonly bodyEncoding: 'text' | 'base64'
  readonly bodyBytes: number
  readonly isCut: boolean
  readonly state: LetterState
  readonly replays: number
  readonly replayedAt: number | null
}
export type Filter = { readonly reason?: string; readonly state?: LetterState }
type Page = {
  readonly edges: readonly { readonly node: Letter }[]
  readonly counts: readonly { readonly reason: string; readonly count: number }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}
export type Replayed = {
  readonly id: string
  readonly outcome: 'stored' | 'present' | 'failed'
  readonly reason: string | null
  readonly detail: string | null
}

const LETTER = `id receivedAt reason detail firstReason claimedType schema stream partition offset
  body bodyEncoding bodyBytes isCut state replays replayedAt`
export const LETTERS = gql<{ deadLetters: Page }, { filter: Filter; after: string | null }>(
  `query DeadLetters($filter: DeadLetterFilter, $after: String) {
    deadLetters(filter: $filter, first: 25, after: $after) {
      edges { node { ${LETTER} } } counts { reason count } pageInfo { hasNextPage endCursor } } }`,
)
export const REPLAY = gql<
  { replayDeadLetters: { replayed: readonly Replayed[] } },
  { ids: readonly string[] }
>(
  `mutation ReplayDeadLetters($ids: [ID!]) {
    replayDeadLetters(ids: $ids) { replayed { id outcome reason detail } } }`,
)
