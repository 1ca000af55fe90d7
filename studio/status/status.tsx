/** What the platform is doing as it does it, and what failed; for operators also how much it has stored. */
import { Alert, Badge, Card, Container, Group, Progress, Stack, Text, Title } from '@mantine/core'
import { gql } from '@urql/core'
import { useSubscription } from 'urql'
import { CHART_DELAY_FIELDS, type ChartDelay, isStandingStill } from '../shared/chart-delay.ts'
import { formatCount, formatSeconds } from '../shared/format.ts'
import { Query } from '../shared/query.tsx'
import { WORK_FIELDS, type Work } from '../shared/work.ts'

type Status = {
  ready: boolean
  activeModel: string
  eventsStored: number | null
  chartDelay: ChartDelay | null
  work: Work[]
}
const FIELDS = `ready activeModel eventsStored chartDelay { ${CHART_DELAY_FIELDS} } work { ${WORK_FIELDS} }`
const STATUS = gql<{ status: Status }, Record<string, never>>(`query Status { status { ${FIELDS} } }`)
const WATCH = gql<{ status: Status }, Record<string, never>>(
  `subscription StatusLive { status { ${FIELDS} } }`,
)

export const StatusPage = () => (
  <Container size="lg" px={0}>
    <Title order={1} size="h2" mb="md">
      Platform
    </Title>
    <Query query={STATUS} variables={{}}>
      {({ status }) => <Live known={status} />}
    </Query>
  </Container>
)

function Live({ known }: { readonly known: Status }) {
  const [{ data, error }] = useSubscription({ query: WATCH, variables: {} })
  const status = data?.status ?? known
  return (
    <Stack>
      {error !== undefined && (
        <Alert color="yellow" role="status">
          The platform does not answer: this is how it last was. Connecting again…
        </Alert>
      )}
      <Card withBorder>
        <Text data-testid="status">
          {status.ready ? 'Ready' : 'Starting'} ·{' '}
          {status.eventsStored !== null && `${status.eventsStored.toLocaleString('en')} events stored · `}
          model {status.activeModel}
        </Text>
        {status.eventsStored !== null && <a href="/metrics">Metrics for Prometheus</a>}
      </Card>
      {status.chartDelay !== null && <DelayCard delay={status.chartDelay} />}
      {status.work.map((work) => (
        <WorkCard key={work.key} work={work} />
      ))}
    </Stack>
  )
}

const DelayCard = ({ delay }: { readonly delay: ChartDelay }) => (
  <Card withBorder>
    <Text fw={600}>From an event to the charts</Text>
    <Text size="sm" c="dimmed" data-testid="chart-delay">
      {delay.p50Ms === null || delay.p99Ms === null
        ? 'No event came in the last 5 minutes.'
        : `Half within ${formatSeconds(delay.p50Ms)}, 99 % within ${formatSeconds(delay.p99Ms)}: ` +
          `${formatCount(delay.events)} events of the last 5 minutes.`}
    </Text>
    {isStandingStill(delay) && (
      <Text size="sm" c="var(--mantine-color-error)">
        The charts stand still: the oldest event that waits came {formatSeconds(delay.oldestWaitingMs)} ago.
      </Text>
    )}
  </Card>
)

const WorkCard = ({ work: { name, detail, progress, failed } }: { readonly work: Work }) => (
  <Card withBorder>
    <Group justify="space-between">
      <Text fw={600}>{name}</Text>
      {failed && (
        <Badge color="red.9" variant="filled" tt="none">
          Failed
        </Badge>
      )}
    </Group>
    <Text size="sm" c={failed ? 'var(--mantine-color-error)' : 'dimmed'}>
      {detail}
    </Text>
    <Progress value={progress * 100} aria-label={name} mt="xs" {...(failed && { color: 'red.9' })} />
  </Card>
)
