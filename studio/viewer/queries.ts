/** What the viewer's pages ask for. */
import { gql } from '@urql/core'

export type CardTitle = {
  readonly id: string
  readonly name: string
  readonly posterUrl: string
  readonly durationMs: number | null
  readonly playable: boolean
  readonly simulated: boolean
  readonly genres: readonly string[]
  readonly ageRating: string
  readonly creator: { readonly name: string }
  readonly resume: { readonly positionMs: number; readonly completed: boolean } | null
}
export type Slot = { readonly position: number; readonly source: string; readonly title: CardTitle }
export type Row = { readonly key: string; readonly name: string; readonly slots: readonly Slot[] }
export type Slate = { readonly id: string; readonly modelName: string; readonly rows: readonly Row[] }
export type FullTitle = CardTitle & {
  readonly description: string
  readonly publishedAt: number | null
  readonly inMyList: boolean
  readonly dismissed: boolean
  readonly myRating: number | null
}
type Page = {
  readonly edges: readonly { readonly node: CardTitle }[]
  readonly totalCount: number
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
}

const CARD = `id name posterUrl durationMs playable simulated genres ageRating creator { name }
  resume { positionMs completed }`
const SLATE = `id modelName rows { key name slots { position source title { ${CARD} } } }`
const FULL = `${CARD} description publishedAt inMyList dismissed myRating`
const PAGE = `totalCount edges { node { ${CARD} } } pageInfo { endCursor hasNextPage }`

export const ME = gql<
  {
    me: {
      writeKey: string
      viewerToken: string | null
      person: { id: string; name: string; kids: boolean } | null
    }
  },
  Record<string, never>
>(`query Me { me { writeKey viewerToken person { id name kids } } }`)

export const HOME = gql<{ home: Slate }, Record<string, never>>(`query Home { home { ${SLATE} } }`)

/** What the title up front adds to its card. */
export const ABOUT = gql<{ title: { id: string; description: string } | null }, { id: string }>(
  `query About($id: ID!) { title(id: $id) { id description } }`,
)
export const RESUME = gql<{ title: { id: string; resume: { at: number } | null } | null }, { id: string }>(
  `query Resume($id: ID!) { title(id: $id) { id resume { at } } }`,
)

export const TITLE = gql<{ title: FullTitle | null; recommendations: Slate }, { id: string }>(
  `query Title($id: ID!) { title(id: $id) { ${FULL} } recommendations(titleId: $id, first: 12) { ${SLATE} } }`,
)

export const GENRES = gql<{ genres: readonly string[] }, Record<string, never>>(`query Genres { genres }`)

/** One page of titles; `after` is the cursor of the page before it. */
export type PageData = { readonly titles: Page }
export const SEARCH = gql<
  PageData,
  { text: string | null; genre: string | null; first: number; after: string | null }
>(
  `query Search($text: String, $genre: String, $first: Int, $after: String) {
    titles(text: $text, genre: $genre, first: $first, after: $after) { ${PAGE} } }`,
)
export const MY_LIST = gql<PageData, { first: number; after: string | null }>(
  `query MyList($first: Int, $after: String) { titles: myList(first: $first, after: $after) { ${PAGE} } }`,
)
export const HISTORY = gql<PageData, { first: number; after: string | null }>(
  `query History($first: Int, $after: String) { titles: history(first: $first, after: $after) { ${PAGE} } }`,
)

export type PlaySession = {
  readonly id: string
  readonly token: string
  readonly writeKey: string
  readonly hlsUrl: string
  readonly dashUrl: string
  readonly eventsUrl: string
  readonly posterUrl: string
  readonly storyboardUrl: string | null
  readonly captions: readonly { readonly language: string; readonly label: string; readonly url: string }[]
  readonly resumeMs: number
}
export const PLAY = gql<
  { createPlaySession: PlaySession },
  { titleId: string; recommendationId: string | null }
>(
  `mutation Play($titleId: ID!, $recommendationId: ID) {
    createPlaySession(titleId: $titleId, recommendationId: $recommendationId) {
      id token writeKey hlsUrl dashUrl eventsUrl posterUrl storyboardUrl captions { language label url } resumeMs } }`,
)

const SAID = 'id inMyList dismissed myRating'
export const SET_IN_MY_LIST = gql<unknown, { id: string; inMyList: boolean }>(
  `mutation SetInMyList($id: ID!, $inMyList: Boolean!) { setInMyList(titleId: $id, inMyList: $inMyList) { ${SAID} } }`,
)
export const SET_DISMISSED = gql<unknown, { id: string; dismissed: boolean }>(
  `mutation SetDismissed($id: ID!, $dismissed: Boolean!) { setDismissed(titleId: $id, dismissed: $dismissed) { ${SAID} } }`,
)
export const RATE = gql<unknown, { id: string; stars: number }>(
  `mutation Rate($id: ID!, $stars: Int!) { rateTitle(titleId: $id, stars: $stars) { ${SAID} } }`,
)
