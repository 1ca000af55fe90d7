/** Which period's figures a page shows, and as known when. */
import { Group, SegmentedControl } from '@mantine/core'
import { type ComponentProps, useState } from 'react'
import { RANGES, type Range } from './figures.ts'
import { KnownAtButton } from './known-at.tsx'

/** What every query of a page's figures is asked with. */
export function usePeriod(first: Range) {
  const [range, onRange] = useState<Range>(first)
  const [knownAt, onKnownAt] = useState<number | null>(null)
  return {
    period: { range, knownAt },
    control: { range, onRange, value: knownAt, onChange: onKnownAt },
  }
}

type PeriodProps = ComponentProps<typeof KnownAtButton> & {
  readonly range: Range
  readonly onRange: (range: Range) => void
}

export function PeriodControl({ range, onRange, ...knownAt }: PeriodProps) {
  return (
    <Group gap="sm">
      <KnownAtButton {...knownAt} />
      <SegmentedControl
        aria-label="Period"
        data={[...RANGES]}
        value={range}
        onChange={(value) => onRange(value as Range)}
      />
    </Group>
  )
}
