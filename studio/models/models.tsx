/** For the data scientist: every version, how it measured against popularity, and which one viewers get. */
import { Badge, Button, Card, Code, Container, Group, Modal, Stack, Text, Title } from '@mantine/core'
import { gql } from '@urql/core'
import { useState } from 'react'
import { useMutation } from 'urql'
import { Empty } from '../shared/empty.tsx'
import { formatCount, formatRelative } from '../shared/format.ts'
import { Query } from '../shared/query.tsx'
import { useToast } from '../shared/toast.tsx'

type Metric = {
  readonly name: string
  readonly value: number
  readonly low: number
  readonly high: number
  readonly against: string | null
  readonly difference: number | null
  readonly differenceLow: number | null
  readonly differenceHigh: number | null
}
type Version = {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly state: string
  readonly trainedAt: number
  readonly interactionCount: number
  readonly metrics: readonly Metric[]
}
const VERSION = `id name version state trainedAt interactionCount
  metrics { name value low high against difference differenceLow differenceHigh }`
const MODELS = gql<{ models: Version[] }, Record<string, never>>(`query Models { models { ${VERSION} } }`)
const PROMOTE = gql<unknown, { version: string }>(
  `mutation Promote($version: ID!) { promoteModel(version: $version) { ${VERSION} } }`,
)
const ROLLBACK = gql<unknown, Record<string, never>>(`mutation Rollback { rollbackModel { ${VERSION} } }`)

export const ModelsPage = () => (
  <Container size="lg" px={0}>
    <Title order={1} size="h2">
      Models
    </Title>
    <Text c="dimmed" mb="md">
      Measured on the last part of the time, over the whole catalogue. Bars are 95 % intervals.
    </Text>
    <Query query={MODELS} variables={{}}>
      {({ models }, again) =>
        models.length === 0 ? (
          <Empty title="No model has been trained yet">
            Viewers get popularity until one is. Train with <Code>npx streamverse train</Code>.
          </Empty>
        ) : (
          <Stack>
            {models.map((model) => (
              <VersionCard key={model.id} model={model} again={again} />
            ))}
            <Card withBorder>
              <Text fw={600}>From the command line, beside the running platform</Text>
              <Code block mt="xs">
                {'npx streamverse train --promote\nnpx streamverse evaluate\nnpx streamverse rollback'}
              </Code>
            </Card>
          </Stack>
        )
      }
    </Query>
  </Container>
)

const STATES: Record<string, string> = {
  champion: 'Before viewers',
  candidate: 'Candidate',
  retired: 'Earlier',
}

function VersionCard({ model, again }: { readonly model: Version; readonly again: () => void }) {
  const [asking, setAsking] = useState<'promote' | 'rollback' | null>(null)
  const [{ fetching: promoting }, promote] = useMutation(PROMOTE)
  const [{ fetching: rolling }, rollback] = useMutation(ROLLBACK)
  const toast = useToast()
  const champion = model.state === 'champion'
  const act = async (): Promise<void> => {
    const { error } = await (champion ? rollback({}) : promote({ version: model.id }))
    toast(
      error === undefined
        ? { text: champion ? 'The version before it is back.' : `Viewers get ${model.id} now.` }
        : { text: error.graphQLErrors[0]?.message ?? 'The platform did not answer.', failed: true },
    )
    setAsking(null)
    again()
  }
  return (
    <Card withBorder>
      <Group justify="space-between" mb="xs">
        <div>
          <Group gap="xs">
            <Text fw={650}>{model.id}</Text>
            <Badge variant={champion ? 'filled' : 'default'} color="teal.9" tt="none">
              {STATES[model.state] ?? model.state}
            </Badge>
          </Group>
          <Text size="sm" c="dimmed">
            Trained {formatRelative(model.trainedAt)} on {formatCount(model.interactionCount)} plays
          </Text>
        </div>
        <Button
          variant={champion ? 'default' : 'filled'}
          onClick={() => setAsking(champion ? 'rollback' : 'promote')}
        >
          {champion ? 'Roll back' : 'Promote'}
        </Button>
      </Group>
      <Stack gap={6}>
        {model.metrics.map((metric) => (
          <Whisker key={metric.name} metric={metric} />
        ))}
      </Stack>
      <Modal
        opened={asking !== null}
        onClose={() => setAsking(null)}
        title={champion ? 'Roll back?' : 'Promote this version?'}
      >
        <Text>
          {champion
            ? 'Viewers get the version before it, or popularity where there is none, within a second.'
            : 'Every home is ranked by this version within a second. You can roll back at any time.'}
        </Text>
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={() => setAsking(null)}>
            Cancel
          </Button>
          <Button loading={promoting || rolling} onClick={() => void act()} data-autofocus>
            {champion ? 'Roll back' : 'Promote'}
          </Button>
        </Group>
      </Modal>
    </Card>
  )
}

/** A metric with its interval, drawn beside what it is compared with. */
function Whisker({ metric }: { readonly metric: Metric }) {
  const { name, value, low, high, against, difference, differenceLow, differenceHigh } = metric
  const base = difference === null ? null : value - difference
  const most = Math.max(high, base ?? 0) * 1.15 || 1
  const x = (v: number): number => 4 + (292 * Math.max(0, v)) / most
  const sure = differenceLow !== null && differenceLow > 0
  return (
    <Group gap="md" wrap="wrap">
      <Text size="sm" w={96}>
        {name}
      </Text>
      <svg
        width="300"
        height="20"
        role="img"
        aria-label={`${name}: ${value.toFixed(3)}, between ${low.toFixed(3)} and ${high.toFixed(3)}`}
      >
        <line x1={x(0)} x2={x(most)} y1="10" y2="10" stroke="currentColor" opacity="0.18" />
        <line x1={x(low)} x2={x(high)} y1="10" y2="10" stroke="currentColor" strokeWidth="3" />
        <circle cx={x(value)} cy="10" r="5" fill="#4c6ef5" />
        {base !== null && (
          <rect x={x(base) - 1.5} y="3" width="3" height="14" fill="currentColor" opacity="0.6" />
        )}
      </svg>
      <Text size="sm" style={{ fontVariantNumeric: 'tabular-nums' }}>
        {value.toFixed(3)}
      </Text>
      {difference !== null && against !== null && (
        <Text size="sm" c="dimmed">
          {difference >= 0 ? '+' : '−'}
          {Math.abs(difference).toFixed(3)} [{differenceLow?.toFixed(3)}, {differenceHigh?.toFixed(3)}]
          against {against}
          {sure ? ', surely better' : ', not surely better'}
        </Text>
      )}
    </Group>
  )
}
