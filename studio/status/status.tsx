/** For the operator: what the platform is doing, and how much it has stored. */
import { Card, Container, Progress, Stack, Text, Title } from '@mantine/core'
import { gql } from '@urql/core'
import { formatCount } from '../shared/format.ts'
import { Query } from '../shared/query.tsx'

type Work = { key: string; name: string; detail: string; progress: number; failed: boolean }
const STATUS = gql<
  { status: { ready: boolean; activeModel: string; eventsStored: number; work: Work[] } },
  Record<string, never>
>`
  query Status { status { ready activeModel eventsStored work { key name detail progress failed } } }
`

export const StatusPage = () => (
  <Container size="lg" px={0}>
    <Title order={1} size="h2" mb="md">
      Platform
    </Title>
    <Query query={STATUS} variables={{}}>
      {({ status }) => (
        <Stack>
          <Card withBorder>
            <Text>
              {status.ready ? 'Ready' : 'Starting'} · {formatCount(status.eventsStored)} events stored · model{' '}
              {status.activeModel}
            </Text>
            <a href="/metrics">Metrics for Prometheus</a>
          </Card>
          {status.work.map((work) => (
            <Card key={work.key} withBorder>
              <Text fw={600}>{work.name}</Text>
              <Text size="sm" c={work.failed ? 'red' : 'dimmed'}>
                {work.detail}
              </Text>
              <Progress value={work.progress * 100} aria-label={work.name} mt="xs" />
            </Card>
          ))}
        </Stack>
      )}
    </Query>
  </Container>
)
