/** How many watched at once, over the period, and when they were most. */
import { Card, Group, Text, Title } from '@mantine/core'
import { gql } from '@urql/core'
import { useContext } from 'react'
import { useQuery } from 'urql'
import { formatCount } from '../shared/format.ts'
import { LazyChart } from '../shared/lazy-chart.tsx'
import type { Range } from './figures.ts'
import { HowButton, PageContext } from './how.tsx'

type Concurrency = {
  readonly peakViewers: number
  readonly peakAt: number
  readonly stepMs: number
  readonly points: readonly { readonly at: number; readonly viewers: number }[]
}
const CONCURRENCY = 'concurrency { peakViewers peakAt stepMs points { at viewers } }'
type Variables = { readonly range: Range; readonly knownAt: number | null }
const OF_CHANNEL = gql<{ studio: { concurrency: Concurrency } }, Variables>(
  `query ConcurrencyOfChannel($range: Range!, $knownAt: Instant) { studio(knownAt: $knownAt) {
    ${CONCURRENCY.replace('concurrency', 'concurrency(range: $range)')} } }`,
)
const OF_TITLE = gql<
  { title: { id: string; analytics: { concurrency: Concurrency } } | null },
  Variables & { readonly id: string }
>(
  `query ConcurrencyOfTitle($id: ID!, $range: Range!, $knownAt: Instant) { title(id: $id) { id
    analytics(range: $range, knownAt: $knownAt) { ${CONCURRENCY} } } }`,
)

const HOUR_MS = 3_600_000
const momentOf = (at: number, stepMs: number): string =>
  new Date(at).toLocaleString('en', {
    day: 'numeric',
    month: 'short',
    ...(stepMs < 24 * HOUR_MS ? { hour: '2-digit', minute: '2-digit', hour12: false } : {}),
  })

function Drawn({ of: { peakViewers, peakAt, stepMs, points } }: { readonly of: Concurrency }) {
  return (
    <>
      <Group gap="xs" align="baseline">
        <Text fz={26} fw={650} data-testid="peak" style={{ fontVariantNumeric: 'tabular-nums' }}>
          {formatCount(peakViewers)}
        </Text>
        <Text c="dimmed" size="sm">
          {peakViewers === 0 ? 'Nobody watched in this period.' : `at most, ${momentOf(peakAt, stepMs)}`}
        </Text>
      </Group>
      {peakViewers > 0 && (
        <LazyChart
          height={180}
          label={`Viewers at once over ${points.length} points, ${peakViewers} at most.`}
          option={(palette) => ({
            color: [palette.main],
            tooltip: { trigger: 'axis' },
            xAxis: {
              type: 'category',
              data: points.map(({ at }) => momentOf(at, stepMs)),
              axisTick: { show: false },
              axisLabel: { hideOverlap: true },
            },
            yAxis: { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: palette.line } } },
            series: [
              {
                name: 'At once, at most',
                type: 'line',
                step: 'middle',
                showSymbol: points.length < 3,
                lineStyle: { width: points.length > 200 ? 1 : 2 },
                areaStyle: { opacity: 0.15 },
                data: points.map(({ viewers }) => viewers),
              },
            ],
          })}
        />
      )}
    </>
  )
}

/** Asks by itself: the page does not wait for it, and stands without it. */
export function ConcurrencyCard() {
  const { titleId, range, knownAt } = useContext(PageContext)
  const variables = { range, knownAt }
  const [channel] = useQuery({ query: OF_CHANNEL, variables, pause: titleId !== null })
  const [title] = useQuery({
    query: OF_TITLE,
    variables: { ...variables, id: titleId ?? '' },
    pause: titleId === null,
  })
  const found = titleId === null ? channel.data?.studio.concurrency : title.data?.title?.analytics.concurrency
  const error = channel.error ?? title.error
  return (
    <Card withBorder component="section" aria-labelledby="at-once" aria-busy={!found && !error}>
      <Group gap="xs">
        <Title order={2} size="h4" id="at-once">
          Watching at once
        </Title>
        <HowButton label="Watching at once, at most" report="concurrency" of="peakViewers" />
      </Group>
      {found !== undefined && <Drawn of={found} />}
      {found === undefined && (
        <Text c="dimmed">{error === undefined ? 'Counting…' : 'This could not be told just now.'}</Text>
      )}
    </Card>
  )
}
