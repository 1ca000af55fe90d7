/** All of a version's evaluation: gates, baselines, groups of viewers, what it came of. */
import { Badge, Code, Group, Stack, Text, Title } from '@mantine/core'
import { formatCount } from '../shared/format.ts'
import { type Gap, Gaps, type Metric, Whisker } from './whisker.tsx'

export type Detailed = {
  readonly viewerCount: number
  readonly titleCount: number
  readonly epochs: number
  readonly trainMs: number
  readonly seed: number
  readonly dataHash: string
  readonly codeVersion: string
  readonly protocol: string
  readonly settings: string | null
  readonly championThen: string | null
  readonly metrics: readonly Metric[]
  readonly baselines: readonly Gap[]
  readonly slices: readonly { readonly viewers: number; readonly metric: Metric }[]
  readonly gates: readonly { readonly name: string; readonly passed: boolean; readonly why: string }[]
}

/** Metrics told without asking. */
export const HEADLINES = 4

const Part = ({ title, children }: { readonly title: string; readonly children: React.ReactNode }) => (
  <Stack gap={6} mt="lg">
    <Title order={3} size="h6">
      {title}
    </Title>
    {children}
  </Stack>
)

export const Details = ({ model }: { readonly model: Detailed }) => (
  <>
    {model.gates.length > 0 && (
      <Part title="Gates">
        {model.gates.map(({ name, passed, why }) => (
          <Group key={name} gap="sm" align="baseline" wrap="wrap">
            <Badge variant="filled" color={passed ? 'teal.9' : 'red.9'} tt="none">
              {passed ? 'open' : 'closed'}
            </Badge>
            <Text size="sm" fw={550}>
              {name}
            </Text>
            <Text size="sm" c="dimmed">
              {why}
            </Text>
          </Group>
        ))}
      </Part>
    )}
    <Part title="More metrics">
      {model.metrics.slice(HEADLINES).map((metric) => (
        <Whisker key={metric.name} metric={metric} />
      ))}
    </Part>
    <Part title="ndcg@10 above each baseline">
      <Gaps gaps={model.baselines} />
    </Part>
    {model.slices.length > 0 && (
      <Part title="ndcg@10 by group of viewers">
        {model.slices.map(({ viewers, metric }) => (
          <Whisker key={metric.name} metric={metric} label={`${metric.name}, ${formatCount(viewers)}`} wide />
        ))}
      </Part>
    )}
    <Part title="What it came of">
      <Text size="sm" c="dimmed">
        {formatCount(model.viewerCount)} viewers, {formatCount(model.titleCount)} titles, {model.epochs}{' '}
        epochs in {(model.trainMs / 1000).toFixed(1)} s, seed {model.seed}. Before viewers then:{' '}
        {model.championThen ?? 'popularity'}.
      </Text>
      <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        Data <Code>{model.dataHash}</Code>, code <Code>{model.codeVersion}</Code>
        {model.settings !== null && (
          <>
            , settings <Code>{model.settings}</Code>
          </>
        )}
      </Text>
      <Text size="sm" c="dimmed">
        {model.protocol}
      </Text>
    </Part>
  </>
)
