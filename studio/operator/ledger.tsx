/** For operators: whether everything the collector took in is there, once; minute by minute, and in words. */
import {
  Alert,
  Anchor,
  Badge,
  Card,
  Container,
  Group,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Text,
  Title,
} from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { KpiCard } from '../creator/kpi.tsx'
import { Empty } from '../shared/empty.tsx'
import { formatCount } from '../shared/format.ts'
import { Query } from '../shared/query.tsx'
import { LedgerChart } from './ledger-chart.tsx'
import { LEDGER, type Ledger, type Step } from './ledger-query.ts'
import { equationOf, isAlarm, meaningOf, STATE_NAMES, verdictOf } from './ledger-words.ts'

const SPANS = [
  { value: '1', label: 'Hour' },
  { value: '24', label: '24 hours' },
  { value: '168', label: '7 days' },
  { value: '840', label: '35 days' },
]
const LOOK_MS = 5000

export function LedgerPage() {
  const [hours, setHours] = useState('1')
  return (
    <Container size="lg" px={0}>
      <Group justify="space-between" mb="md" align="flex-end">
        <div>
          <Title order={1} size="h2">
            Ledger
          </Title>
          <Text c="dimmed">What the collector took in, beside what the warehouse holds.</Text>
        </div>
        <SegmentedControl aria-label="Span" value={hours} onChange={setHours} data={SPANS} />
      </Group>
      <Query key={hours} query={LEDGER} variables={{ hours: Number(hours) }}>
        {({ ledger }, again) => <Balance ledger={ledger} again={again} />}
      </Query>
    </Container>
  )
}

function Balance({ ledger, again }: { readonly ledger: Ledger; readonly again: () => void }) {
  const isOfNow = ledger.to - ledger.from < 90_000_000
  useEffect(() => {
    if (!isOfNow) return
    const timer = setTimeout(again, LOOK_MS)
    return () => clearTimeout(timer)
  }, [ledger, isOfNow, again])
  const { totals, unbalanced } = ledger
  const verdict = verdictOf(totals)
  return (
    <Stack>
      <Alert
        color={verdict.alarm ? 'red' : 'teal'}
        variant="outline"
        title={verdict.title}
        role={verdict.alarm ? 'alert' : 'status'}
        styles={{
          title: { color: 'var(--mantine-color-text)' },
          message: { color: 'var(--mantine-color-text)' },
        }}
      >
        <Text data-testid="equation" fw={600} style={{ fontVariantNumeric: 'tabular-nums' }}>
          {equationOf(totals)}
        </Text>
        <Text size="sm">{verdict.text}</Text>
      </Alert>
      {totals.accepted === 0 && unbalanced.length === 0 ? (
        <Empty title="Nothing came in this time">
          Events appear here a second after the collector took them.
        </Empty>
      ) : (
        <Figures ledger={ledger} />
      )}
      {unbalanced.length > 0 && <Unbalanced steps={unbalanced} />}
    </Stack>
  )
}

function Figures({ ledger }: { readonly ledger: Ledger }) {
  const { totals, repeated, stepMs } = ledger
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <KpiCard
          label="In the warehouse"
          value={formatCount(totals.rows)}
          note={`${formatCount(totals.stored)} said`}
        />
        <KpiCard
          label="Dead letters there"
          value={formatCount(totals.letters)}
          note={`${formatCount(totals.deadLettered)} said`}
        />
        <KpiCard
          label="Duplicates"
          value={formatCount(totals.duplicate)}
          note="known at the door, not stored"
        />
        <KpiCard label="Repeats" value={formatCount(repeated)} note="stored twice, counted once in views" />
      </SimpleGrid>
      <Card withBorder component="section" aria-labelledby="events">
        <Title order={2} size="h4" id="events" mb="xs">
          Events by {stepMs < 3_600_000 ? 'minute' : 'hour'}
        </Title>
        <LedgerChart ledger={ledger} />
      </Card>
      {totals.byReason.length > 0 && (
        <Card withBorder component="section" aria-labelledby="reasons">
          <Title order={2} size="h4" id="reasons" mb="xs">
            Dead letters by reason
          </Title>
          {totals.byReason.map(({ reason, count }) => (
            <Group key={reason} justify="space-between" py={4}>
              <Anchor component={Link} to={`/studio/letters?reason=${reason}` as never}>
                {reason}
              </Anchor>
              <Text style={{ fontVariantNumeric: 'tabular-nums' }}>{formatCount(count)}</Text>
            </Group>
          ))}
        </Card>
      )}
    </>
  )
}

const Unbalanced = ({ steps }: { readonly steps: readonly Step[] }) => (
  <Card withBorder component="section" aria-labelledby="unbalanced">
    <Title order={2} size="h4" id="unbalanced" mb="xs">
      Minutes that do not balance
    </Title>
    <Stack gap="sm">
      {steps.map((step) => (
        <Group key={step.at} align="flex-start" gap="sm" wrap="nowrap">
          <Badge
            color={isAlarm(step.state) ? 'red.9' : 'gray'}
            variant={isAlarm(step.state) ? 'filled' : 'default'}
            tt="none"
            style={{ flexShrink: 0 }}
          >
            {STATE_NAMES[step.state]}
          </Badge>
          <div>
            <Text size="sm" fw={600}>
              {new Date(step.at).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' })}
            </Text>
            <Text size="sm">{meaningOf(step)}</Text>
          </div>
        </Group>
      ))}
    </Stack>
  </Card>
)
