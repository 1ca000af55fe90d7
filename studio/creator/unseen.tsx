/** What the figures may not have seen: reports that never came, held against what the platform itself delivered. */
import { Card, Group, Stack, Table, Text, Title } from '@mantine/core'
import { gql } from '@urql/core'
import { useContext } from 'react'
import { useQuery } from 'urql'
import { formatCount, formatPercent } from '../shared/format.ts'
import type { Range } from './figures.ts'
import { HowButton, PageContext } from './how.tsx'

type Estimated = { readonly value: number; readonly low: number; readonly high: number }
type Witnesses = {
  readonly state: 'none' | 'unnamed' | 'elsewhere' | 'compared'
  readonly measuredViews: number
  readonly estimatedViews: Estimated | null
  readonly originViews: number
  readonly blockedViews: number
  readonly blockedPercent: Estimated | null
  readonly eventLossPercent: Estimated | null
  readonly flaggedViews: number
}
type Answer = {
  readonly title: { readonly id: string; readonly analytics: { readonly witnesses: Witnesses } } | null
}
const ESTIMATED = 'value low high'
const UNSEEN = gql<Answer, { id: string; range: Range; knownAt: number | null }>(
  `query Unseen($id: ID!, $range: Range!, $knownAt: Instant) { title(id: $id) { id
    analytics(range: $range, knownAt: $knownAt) { witnesses {
    state measuredViews estimatedViews { ${ESTIMATED} } originViews blockedViews blockedPercent { ${ESTIMATED} }
    eventLossPercent { ${ESTIMATED} } flaggedViews } } } }`,
)

const WHY: Record<Witnesses['state'], string> = {
  none: 'No video was delivered here in this period, so there is nothing to hold the reports against.',
  unnamed:
    'Video was delivered, but its players did not say to which view: reports cannot be held against it.',
  elsewhere: 'Most plays did not get their video from here, so views that were missed are not estimated.',
  compared: 'Each view is told of twice: by its player, and by what we delivered to it.',
}
const views = (count: number): string => `${formatCount(count)} ${count === 1 ? 'view' : 'views'}`
const between = ({ low, high }: Estimated, write: (value: number) => string): string =>
  `${write(low)} to ${write(high)}`
const twoDigits = (value: number): string => formatPercent(value, 2)

function Probably({ of, measured }: { readonly of: Estimated; readonly measured: number }) {
  return (
    <Group gap="md" align="baseline">
      <Text fz={32} fw={700} data-testid="probably">
        {formatCount(of.value)}
      </Text>
      <Text c="dimmed">
        views there probably were, {between(of, formatCount)}; {formatCount(measured)} reported
      </Text>
      <HowButton label="Views there probably were" report="witnesses" of="estimatedViews" />
    </Group>
  )
}

type Line = {
  readonly field: keyof Witnesses
  readonly label: string
  readonly value: string
  readonly span: string
}
function linesOf({ blockedPercent, blockedViews, originViews, eventLossPercent, flaggedViews }: Witnesses) {
  const lines: Line[] = []
  if (blockedPercent !== null) {
    const value = `${formatPercent(blockedPercent.value)} (${formatCount(blockedViews)} of ${formatCount(originViews)})`
    lines.push({
      field: 'blockedPercent',
      label: 'Never reported: blocked or lost',
      value,
      span: between(blockedPercent, formatPercent),
    })
  }
  if (eventLossPercent !== null) {
    const value = twoDigits(eventLossPercent.value)
    lines.push({
      field: 'eventLossPercent',
      label: 'Reports lost on their way',
      value,
      span: between(eventLossPercent, twoDigits),
    })
  }
  if (flaggedViews > 0)
    lines.push({
      field: 'flaggedViews',
      label: 'Report far more than was sent; still counted',
      value: views(flaggedViews),
      span: '',
    })
  return lines
}

function Told({ witnesses }: { readonly witnesses: Witnesses }) {
  const { state, estimatedViews, measuredViews } = witnesses
  const lines = linesOf(witnesses)
  return (
    <Stack gap="xs">
      {estimatedViews !== null && <Probably of={estimatedViews} measured={measuredViews} />}
      <Text c="dimmed" size="sm">
        {WHY[state]}
      </Text>
      {lines.length > 0 && (
        <Table.ScrollContainer minWidth={280} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
          <Table verticalSpacing="xs" horizontalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>What was missed</Table.Th>
                <Table.Th ta="right">Share</Table.Th>
                <Table.Th ta="right">95 % sure</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {lines.map(({ field, label, value, span }) => (
                <Table.Tr key={label}>
                  <Table.Td>
                    {label} <HowButton label={label} report="witnesses" of={field} />
                  </Table.Td>
                  <Table.Td ta="right">{value}</Table.Td>
                  <Table.Td ta="right">{span}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Stack>
  )
}

/** Asks by itself: the page does not wait for it, and stands without it. */
export function UnseenCard({ titleId }: { readonly titleId: string }) {
  const { range, knownAt } = useContext(PageContext)
  const [{ data, error }] = useQuery({ query: UNSEEN, variables: { id: titleId, range, knownAt } })
  const witnesses = data?.title?.analytics.witnesses
  return (
    <Card withBorder component="section" aria-labelledby="unseen" aria-busy={!data && !error}>
      <Title order={2} size="h4" id="unseen" mb="xs">
        What we may not have seen
      </Title>
      {witnesses !== undefined && <Told witnesses={witnesses} />}
      {witnesses === undefined && (
        <Text c="dimmed">{error === undefined ? 'Comparing…' : 'This could not be told just now.'}</Text>
      )}
    </Card>
  )
}
