/** Who came in the last 28 days: new, casual and regular viewers, as one bar and in words. */
import { Card, Group, Text, Title } from '@mantine/core'
import { gql } from '@urql/core'
import { useContext } from 'react'
import { useQuery } from 'urql'
import { formatCount } from '../shared/format.ts'
import { HowButton, PageContext } from './how.tsx'
import './how.css'

type Audience = {
  readonly monthlyViewers: number
  /** Null: fewer than five. */
  readonly newViewers: number | null
  readonly casualViewers: number | null
  readonly regularViewers: number | null
}
const AUDIENCE = gql<{ studio: { audience: Audience } }, { knownAt: number | null }>(
  `query Audience($knownAt: Instant) { studio(knownAt: $knownAt) { audience {
    monthlyViewers newViewers casualViewers regularViewers } } }`,
)

const GROUPS = [
  { field: 'newViewers', label: 'new', colour: 'var(--mantine-color-indigo-6)' },
  { field: 'casualViewers', label: 'casual', colour: 'var(--mantine-color-teal-7)' },
  { field: 'regularViewers', label: 'regular', colour: 'var(--mantine-color-yellow-6)' },
] as const
const told = (viewers: number | null): string => (viewers === null ? 'under 5' : formatCount(viewers))

function Groups({ of: audience }: { readonly of: Audience }) {
  const words = GROUPS.map(({ field, label }) => `${told(audience[field])} ${label}`).join(', ')
  return (
    <>
      <Group gap="xs" align="baseline">
        <Text fz={26} fw={650} data-testid="monthly" style={{ fontVariantNumeric: 'tabular-nums' }}>
          {formatCount(audience.monthlyViewers)}
        </Text>
        <Text c="dimmed" size="sm">
          {audience.monthlyViewers === 0 ? 'Nobody has come yet.' : 'different viewers in the last 28 days'}
        </Text>
      </Group>
      {audience.monthlyViewers > 0 && (
        <>
          <div role="img" aria-label={`${words}.`} className="how-bar">
            {GROUPS.map(({ field, colour }) => (
              <div
                key={field}
                className="how-part"
                style={{ flexGrow: audience[field] ?? 0, background: colour }}
              />
            ))}
          </div>
          <Group gap="2px 16px" mt={6}>
            {GROUPS.map(({ field, label, colour }) => (
              <Group key={field} gap={6} wrap="nowrap">
                <span className="how-key" style={{ background: colour }} />
                <Text size="sm">
                  <b>{told(audience[field])}</b> {label}
                </Text>
                <HowButton label={`Viewers, ${label}`} report="audience" of={field} />
              </Group>
            ))}
          </Group>
          <Text size="xs" c="dimmed" mt={4}>
            Regular: there in at least six of the last twelve months. Groups are told in steps of five.
          </Text>
        </>
      )}
    </>
  )
}

/** Asks by itself: the page does not wait for it, and stands without it. */
export function AudienceCard() {
  const { knownAt } = useContext(PageContext)
  const [{ data, error }] = useQuery({ query: AUDIENCE, variables: { knownAt } })
  return (
    <Card withBorder component="section" aria-labelledby="audience" aria-busy={!data && !error}>
      <Group gap="xs">
        <Title order={2} size="h4" id="audience">
          Audience
        </Title>
        <HowButton label="Viewers of the last 28 days" report="audience" of="monthlyViewers" />
      </Group>
      {data !== undefined && <Groups of={data.studio.audience} />}
      {data === undefined && (
        <Text c="dimmed">{error === undefined ? 'Counting…' : 'This could not be told just now.'}</Text>
      )}
    </Card>
  )
}
