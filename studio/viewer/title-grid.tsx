/** Titles in a grid, a page at a time; what was there stays in sight while the next answer is on its way. */
import { Button, Center } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { type AnyVariables, type DocumentInput, useQuery } from 'urql'
import { Empty, Failed } from '../shared/empty.tsx'
import { Card } from './card.tsx'
import type { CardTitle, PageData } from './queries.ts'
import { GridWaiting } from './waiting.tsx'

const PAGE = 48

type Paged = { readonly first: number; readonly after: string | null }
type TitleGridProps<Variables> = {
  readonly query: DocumentInput<PageData, AnyVariables & Variables & Paged>
  readonly variables: Variables
  /** What to show when there is nothing. */
  readonly empty: ReactNode
  readonly onCount?: (total: number) => void
}

export function TitleGrid<Variables extends object>(props: TitleGridProps<Variables>) {
  // A new question begins again at the first page.
  return <Pages key={JSON.stringify(props.variables)} {...props} />
}

function Pages<Variables extends object>(props: TitleGridProps<Variables>) {
  const { query, variables, empty, onCount } = props
  const [after, setAfter] = useState<string | null>(null)
  const [earlier, setEarlier] = useState<readonly CardTitle[]>([])
  const [{ data, error, fetching }, again] = useQuery<PageData>({
    query: query as DocumentInput<PageData>,
    variables: { ...variables, first: PAGE, after },
    requestPolicy: 'cache-and-network',
  })
  const total = data?.titles.totalCount
  const tell = useRef(onCount)
  useEffect(() => {
    tell.current = onCount
  }, [onCount])
  useEffect(() => {
    if (total !== undefined) tell.current?.(total)
  }, [total])
  const signedOut = error?.graphQLErrors[0]?.extensions['code'] === 'SV_NOT_SIGNED_IN'
  if (signedOut) {
    return (
      <Empty title="Nobody is signed in">Step into one of the people, at the top right, to have one.</Empty>
    )
  }
  if (data == null && error !== undefined) {
    return (
      <Failed message="The titles did not load." retry={() => again({ requestPolicy: 'network-only' })} />
    )
  }
  if (data == null && earlier.length === 0) return <GridWaiting />
  const shown = [...earlier, ...(data?.titles.edges.map(({ node }) => node) ?? [])]
  const titles = [...new Map(shown.map((title) => [title.id, title])).values()]
  if (titles.length === 0) return empty
  const page = data?.titles.pageInfo
  return (
    <>
      <ul className="sv-grid">
        {titles.map((title) => (
          <li key={title.id}>
            <Card title={title} place={null} />
          </li>
        ))}
      </ul>
      {(page === undefined || page.hasNextPage) && (
        <Center mt="lg">
          <Button
            variant="default"
            loading={fetching}
            onClick={() => {
              setEarlier(titles)
              setAfter(page?.endCursor ?? null)
            }}
          >
            Show more
          </Button>
        </Center>
      )}
    </>
  )
}
