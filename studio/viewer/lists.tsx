/** What the viewer keeps: the list they made, and what they watched, newest first. */
import { Container, Stack, Title } from '@mantine/core'
import { type DocumentInput, useQuery } from 'urql'
import { Empty, Failed, Loading } from '../shared/empty.tsx'
import { Card } from './card.tsx'
import { type CardTitle, HISTORY, MY_LIST } from './queries.ts'
import './viewer.css'

type ListData = { readonly titles: { readonly edges: readonly { readonly node: CardTitle }[] } }
type ListProps = {
  readonly name: string
  readonly query: DocumentInput<ListData, Record<string, never>>
  readonly empty: { readonly title: string; readonly words: string }
}

function List({ name, query, empty }: ListProps) {
  const [{ data, error }, again] = useQuery({ query, variables: {}, requestPolicy: 'cache-and-network' })
  const signedOut = error?.graphQLErrors[0]?.extensions['code'] === 'SV_NOT_SIGNED_IN'
  return (
    <Container size="xl" px={0}>
      <Stack>
        <Title order={1} size="h2">
          {name}
        </Title>
        {signedOut && (
          <Empty title="Nobody is signed in">
            Step into one of the people, at the top right, to have one.
          </Empty>
        )}
        {error !== undefined && !signedOut && (
          <Failed message="The list did not load." retry={() => again({ requestPolicy: 'network-only' })} />
        )}
        {data == null && error === undefined && <Loading />}
        {data?.titles.edges.length === 0 && <Empty title={empty.title}>{empty.words}</Empty>}
        <ul className="sv-grid">
          {data?.titles.edges.map(({ node }) => (
            <li key={node.id}>
              <Card title={node} place={null} />
            </li>
          ))}
        </ul>
      </Stack>
    </Container>
  )
}

export const MyList = () => (
  <List
    name="My list"
    query={MY_LIST}
    empty={{ title: 'Your list is empty', words: 'Open a title and press “My list” to keep it here.' }}
  />
)

export const History = () => (
  <List
    name="History"
    query={HISTORY}
    empty={{ title: 'Nothing watched yet', words: 'What you watch appears here, with where you left it.' }}
  />
)
