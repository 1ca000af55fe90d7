/** A figure with its 95 % interval, drawn on a scale. */
import { Group, Text } from '@mantine/core'

export type Metric = {
  readonly name: string
  readonly value: number
  readonly low: number
  readonly high: number
  readonly against: string | null
  readonly difference: number | null
  readonly differenceLow: number | null
  readonly differenceHigh: number | null
}

const NUMBERS = { fontVariantNumeric: 'tabular-nums' } as const
const signed = (n: number): string => `${n < 0 ? '−' : '+'}${Math.abs(n).toFixed(3)}`

type WhiskerProps = { readonly metric: Metric; readonly label?: string; readonly wide?: boolean }

/** A metric, beside what it is compared with. */
export function Whisker({ metric, label = metric.name, wide = false }: WhiskerProps) {
  const { value, low, high, against, difference, differenceLow, differenceHigh } = metric
  const base = difference === null ? null : value - difference
  const most = Math.max(high, base ?? 0) * 1.15 || 1
  const x = (v: number): number => 4 + (232 * Math.max(0, v)) / most
  return (
    <Group gap="md" wrap="wrap">
      <Text size="sm" w={wide ? 280 : 140}>
        {label}
      </Text>
      <svg
        width="240"
        height="20"
        role="img"
        aria-label={`${label}: ${value.toFixed(3)}, between ${low.toFixed(3)} and ${high.toFixed(3)}`}
      >
        <line x1={x(0)} x2={x(most)} y1="10" y2="10" stroke="currentColor" opacity="0.18" />
        <line x1={x(low)} x2={x(high)} y1="10" y2="10" stroke="currentColor" strokeWidth="3" />
        <circle cx={x(value)} cy="10" r="5" fill="#4c6ef5" />
        {base !== null && (
          <rect x={x(base) - 1.5} y="3" width="3" height="14" fill="currentColor" opacity="0.6" />
        )}
      </svg>
      <Text size="sm" style={NUMBERS}>
        {value.toFixed(3)}
      </Text>
      {difference !== null && against !== null && (
        <Text size="sm" c="dimmed">
          {signed(difference)} [{differenceLow?.toFixed(3)}, {differenceHigh?.toFixed(3)}] against {against}
          {sureness(differenceLow ?? 0, differenceHigh ?? 0)}
        </Text>
      )}
    </Group>
  )
}

const sureness = (low: number, high: number): string =>
  low > 0 ? ', surely better' : high < 0 ? ', surely worse' : ', not surely apart'

export type Gap = {
  readonly name: string
  readonly ndcg: number
  readonly gap: number | null
  readonly gapLow: number | null
  readonly gapHigh: number | null
}

/** How far above each baseline: right of the line is better. All on one scale. */
export function Gaps({ gaps }: { readonly gaps: readonly Gap[] }) {
  const most =
    Math.max(...gaps.flatMap(({ gapLow, gapHigh }) => [Math.abs(gapLow ?? 0), Math.abs(gapHigh ?? 0)])) || 1
  const x = (v: number): number => 120 + (112 * v) / most
  return gaps.map(({ name, ndcg, gap, gapLow, gapHigh }) => (
    <Group gap="md" wrap="wrap" key={name}>
      <Text size="sm" w={140}>
        {name}
      </Text>
      {gap !== null && gapLow !== null && gapHigh !== null && (
        <svg
          width="240"
          height="20"
          role="img"
          aria-label={`${signed(gap)} above ${name}, between ${signed(gapLow)} and ${signed(gapHigh)}`}
        >
          <line x1={x(0)} x2={x(0)} y1="1" y2="19" stroke="currentColor" opacity="0.35" />
          <line
            x1={x(gapLow)}
            x2={x(gapHigh)}
            y1="10"
            y2="10"
            stroke={toneOf(gapLow, gapHigh)}
            strokeWidth="3"
          />
          <circle cx={x(gap)} cy="10" r="5" fill={toneOf(gapLow, gapHigh)} />
        </svg>
      )}
      <Text size="sm" style={NUMBERS}>
        {gap === null ? '' : signed(gap)}
      </Text>
      <Text size="sm" c="dimmed">
        its own {ndcg.toFixed(3)}
        {gapLow !== null && gapHigh !== null ? sureness(gapLow, gapHigh) : ''}
      </Text>
    </Group>
  ))
}

const toneOf = (low: number, high: number): string =>
  low > 0
    ? 'var(--mantine-color-teal-7)'
    : high < 0
      ? 'var(--mantine-color-red-7)'
      : 'var(--mantine-color-yellow-7)'
