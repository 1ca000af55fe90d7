/** The creator's first page: who watches now, and the last 28 days beside the 28 before them. */
import { Card, Container, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { gql } from '@urql/core'
import { useSubscription } from 'urql'
import { formatCount, formatDuration, formatPercent, formatWatchTime } from '../shared/format.ts'
import { Query } from '../shared/query.tsx'

type Figures = {
  views: number
  uniqueViewers: number
  watchTimeMs: number
  averageViewMs: number | null
  completePercent: number | null
}
const OVERVIEW = gql<
  { studio: { creator: { name: string }; overview: { current: Figures } } },
  Record<string, never>
>`
  query Overview { studio { creator { name } overview { current { views uniqueViewers watchTimeMs averageViewMs completePercent } } } }
`
const REALTIME = gql<
  { realtime: { concurrentViewers: number; viewsLastHour: number } },
  Record<string, never>
>`
  subscription Realtime { realtime { concurrentViewers viewsLastHour } }
`

const Kpi = ({ label, value }: { readonly label: string; readonly value: string }) => (
  <Card withBorder>
    <Text size="sm" c="dimmed">
      {label}
    </Text>
    <Text fz={26} fw={650} style={{ fontVariantNumeric: 'tabular-nums' }}>
      {value}
    </Text>
  </Card>
)

function Now() {
  const [{ data }] = useSubscription({ query: REALTIME, variables: {} })
  return (
    <SimpleGrid cols={2}>
      <Kpi label="Watching now" value={formatCount(data?.realtime.concurrentViewers ?? null)} />
      <Kpi label="Views in the last hour" value={formatCount(data?.realtime.viewsLastHour ?? null)} />
    </SimpleGrid>
  )
}

export const Dashboard = () => (
  <Container size="lg" px={0}>
    <Query query={OVERVIEW} variables={{}}>
      {({
        studio: {
          creator,
          overview: { current },
        },
      }) => (
        <Stack>
          <Title order={1} size="h2">
            {creator.name}
          </Title>
          <Now />
          <Title order={2} size="h4">
            Last 28 days
          </Title>
          <SimpleGrid cols={{ base: 2, md: 5 }}>
            <Kpi label="Views" value={formatCount(current.views)} />
            <Kpi label="Unique viewers" value={formatCount(current.uniqueViewers)} />
            <Kpi label="Watch time" value={formatWatchTime(current.watchTimeMs)} />
            <Kpi label="Average view" value={formatDuration(current.averageViewMs)} />
            <Kpi label="Watched to the end" value={formatPercent(current.completePercent)} />
          </SimpleGrid>
        </Stack>
      )}
    </Query>
  </Container>
)
