/** For the data scientist: every version, how it measured against popularity, and which one viewers get. */
import {
  Badge,
  Button,
  Card,
  Code,
  Collapse,
  Container,
  Group,
  Modal,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { gql } from '@urql/core'
import { useState } from 'react'
import { useMutation } from 'urql'
import { Empty } from '../shared/empty.tsx'
import { formatCount, formatRelative } from '../shared/format.ts'
import { Query } from '../shared/query.tsx'
import { useToast } from '../shared/toast.tsx'
import { type Detailed, Details, HEADLINES } from './details.tsx'
import { Whisker } from './whisker.tsx'

type Version = {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly state: string
  readonly trainedAt: number
  readonly interactionCount: number
} & Detailed
type Canary = {
  readonly modelId: string
  readonly share: number
  readonly startedAt: number
  readonly startedBy: string
  readonly guardrails: readonly string[]
}
const METRIC = 'name value low high against difference differenceLow differenceHigh'
const VERSION = `id name version state trainedAt interactionCount viewerCount titleCount epochs trainMs seed dataHash
  codeVersion protocol settings championThen metrics { ${METRIC} } baselines { name ndcg gap gapLow gapHigh }
  slices { viewers metric { ${METRIC} } } gates { name passed why }`
const MODELS = gql<{ models: Version[]; canary: Canary | null }, Record<string, never>>(
  `query Models { models { ${VERSION} } canary { modelId share startedAt startedBy guardrails } }`,
)
const PROMOTE = gql<unknown, { version: string; share: number | null; despite: string | null }>(
  `mutation Promote($version: ID!, $share: Float, $despite: String) {
    promoteModel(version: $version, share: $share, despite: $despite) { ${VERSION} } }`,
)
const ROLLBACK = gql<unknown, { version: string }>(
  `mutation Rollback($version: ID!) { rollbackModel(version: $version) { ${VERSION} } }`,
)

export const ModelsPage = () => (
  <Container size="lg" px={0}>
    <Title order={1} size="h2">
      Models
    </Title>
    <Text c="dimmed" mb="md">
      Measured on the last part of the time, over the whole catalogue. Bars are 95 % intervals.
    </Text>
    <Query query={MODELS} variables={{}}>
      {({ models, canary }, again) =>
        models.length === 0 ? (
          <Empty title="No model has been trained yet">
            Viewers get popularity until one is. Train with <Code>npx streamverse train</Code>.
          </Empty>
        ) : (
          <Stack>
            {canary !== null && <CanaryCard canary={canary} />}
            {models.map((model) => (
              <VersionCard key={model.id} model={model} again={again} />
            ))}
            <Card withBorder>
              <Text fw={600}>From the command line, beside the running platform</Text>
              <Code block mt="xs">
                {
                  'npx streamverse train --search 5 --promote\nnpx streamverse evaluate --html report.html\nnpx streamverse rollback'
                }
              </Code>
            </Card>
          </Stack>
        )
      }
    </Query>
  </Container>
)

const CanaryCard = ({ canary }: { readonly canary: Canary }) => (
  <Card withBorder>
    <Title order={2} size="h5">
      {Math.round(canary.share * 100)} % of the viewers get {canary.modelId}
    </Title>
    <Text size="sm" c="dimmed">
      Since {formatRelative(canary.startedAt)}, by {canary.startedBy}. It is taken back by itself when its
      viewers surely play or watch less than the others.
    </Text>
    <Stack gap={4} mt="xs">
      {canary.guardrails.map((said) => (
        <Text size="sm" key={said}>
          {said}
        </Text>
      ))}
    </Stack>
  </Card>
)

const STATES: Record<string, string> = {
  canary: 'Canary',
  champion: 'Before viewers',
  candidate: 'Candidate',
  retired: 'Earlier',
}

function VersionCard({ model, again }: { readonly model: Version; readonly again: () => void }) {
  const [asking, setAsking] = useState<'promote' | 'rollback' | null>(null)
  const [{ fetching: promoting }, promote] = useMutation(PROMOTE)
  const [{ fetching: rolling }, rollback] = useMutation(ROLLBACK)
  const toast = useToast()
  const [despite, setDespite] = useState('')
  const [open, { toggle }] = useDisclosure(false)
  const champion = model.state === 'champion'
  const canary = model.state === 'canary'
  const back = champion || canary
  const [share, setShare] = useState('all')
  const closed = back ? [] : model.gates.filter(({ passed }) => !passed)
  const act = async (): Promise<void> => {
    const { error } = await (back
      ? rollback({ version: model.id })
      : promote({
          version: model.id,
          share: share === 'all' ? null : Number(share),
          despite: closed.length > 0 ? despite : null,
        }))
    toast(
      error === undefined
        ? {
            text: back
              ? 'Taken back.'
              : share === 'all'
                ? `Viewers get ${model.id} now.`
                : `${Number(share) * 100} % of the viewers get ${model.id} now.`,
          }
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
            <Title order={2} size="h5">
              {model.id}
            </Title>
            <Badge variant={champion ? 'filled' : 'default'} color="teal.9" tt="none">
              {STATES[model.state] ?? model.state}
            </Badge>
            {closed.length > 0 && (
              <Badge variant="filled" color="red.9" tt="none">
                {closed.length === 1 ? 'a gate is closed' : `${closed.length} gates are closed`}
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            Trained {formatRelative(model.trainedAt)} on {formatCount(model.interactionCount)} plays
          </Text>
        </div>
        <Button
          variant={back ? 'default' : 'filled'}
          aria-label={`${back ? 'Roll back' : 'Promote'} ${model.id}`}
          onClick={() => setAsking(back ? 'rollback' : 'promote')}
        >
          {back ? 'Roll back' : 'Promote'}
        </Button>
      </Group>
      <Stack gap={6}>
        {model.metrics.slice(0, HEADLINES).map((metric) => (
          <Whisker key={metric.name} metric={metric} />
        ))}
      </Stack>
      <Group mt="sm" gap="sm">
        <Button variant="subtle" size="compact-sm" aria-expanded={open} onClick={toggle}>
          {open ? 'Less' : 'Gates, baselines, groups of viewers'}
        </Button>
      </Group>
      <Collapse expanded={open}>{open && <Details model={model} />}</Collapse>
      <Modal
        opened={asking !== null}
        onClose={() => setAsking(null)}
        title={back ? 'Roll back?' : 'Promote this version?'}
      >
        <Text>
          {canary
            ? 'All viewers get the champion, or popularity where there is none, within a second.'
            : champion
              ? 'Viewers get the version before it, or popularity where there is none, within a second.'
              : 'Homes are ranked by this version within a second. You can roll back at any time.'}
        </Text>
        {!back && (
          <SegmentedControl
            mt="sm"
            fullWidth
            aria-label="Which viewers get it"
            value={share}
            onChange={setShare}
            data={[
              { value: '0.05', label: '5 %' },
              { value: '0.2', label: '20 %' },
              { value: '0.5', label: 'Half' },
              { value: 'all', label: 'All viewers' },
            ]}
          />
        )}
        {closed.length > 0 && (
          <>
            <Text mt="sm">
              Closed: {closed.map(({ name }) => name).join(', ')}. Say why viewers should get it all the same;
              it is kept with the promotion.
            </Text>
            <TextInput
              mt="xs"
              label="Why"
              maxLength={300}
              value={despite}
              onChange={(event) => setDespite(event.currentTarget.value)}
            />
          </>
        )}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={() => setAsking(null)}>
            Cancel
          </Button>
          <Button
            loading={promoting || rolling}
            disabled={closed.length > 0 && despite.trim() === ''}
            onClick={() => void act()}
            data-autofocus
          >
            {back ? 'Roll back' : 'Promote'}
          </Button>
        </Group>
      </Modal>
    </Card>
  )
}
