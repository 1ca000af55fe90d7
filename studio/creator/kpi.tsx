/** A figure in a card: its name, its value, how it changed, and what stands beside it. */
import { Badge, Card, Group, Text } from '@mantine/core'
import type { ReactNode } from 'react'

type KpiProps = {
  readonly label: string
  readonly value: string
  /** Percent against the period before; null: nothing to compare with. */
  readonly change?: number | null
  readonly note?: string
  /** Beside the label, and beside the value. */
  readonly aside?: ReactNode
  readonly badge?: ReactNode
}

export const KpiCard = ({ label, value, change = null, note, aside, badge }: KpiProps) => (
  <Card withBorder padding="md" role="group" aria-label={label}>
    <Group justify="space-between" gap={4} wrap="nowrap" align="flex-start">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      {aside}
    </Group>
    <Group gap="xs" align="baseline">
      <Text fz={26} fw={650} style={{ fontVariantNumeric: 'tabular-nums' }}>
        {value}
      </Text>
      {change !== null && Math.abs(change) >= 0.05 && (
        <Badge variant="default" tt="none" size="sm">
          {change > 0 ? '▲' : '▼'} {Math.abs(change) >= 1000 ? '>999' : Math.abs(change).toFixed(1)} %
        </Badge>
      )}
      {badge}
    </Group>
    {note !== undefined && (
      <Text size="xs" c="dimmed">
        {note}
      </Text>
    )}
  </Card>
)
