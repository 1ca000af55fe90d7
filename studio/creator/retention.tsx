/** Retention second by second: where viewers stay, leave and come back, and where they had to wait. */
import { Card, Group, Table, Text, Title } from '@mantine/core'
import { formatDuration } from '../shared/format.ts'
import { LazyChart } from '../shared/lazy-chart.tsx'
import { HowButton } from './how.tsx'

export type Retention = {
  readonly views: number
  readonly absolute: readonly number[]
  readonly unique: readonly number[]
  readonly typical: readonly number[]
  readonly moments: readonly {
    readonly kind: string
    readonly startSecond: number
    readonly endSecond: number
    readonly unique: number
  }[]
}
export type Stall = {
  readonly second: number
  readonly stalls: number
  readonly stalledMs: number
  readonly heightPx: number | null
  readonly heightShare: number | null
}

const FEW = 10
const NAMES: Record<string, string> = { intro: 'Intro', dip: 'Many leave', spike: 'Watched again' }
const at = (second: number): string => formatDuration(second * 1000)
const percent = (share: number): number => Math.round(share * 1000) / 10

type CardProps = {
  readonly retention: Retention
  readonly stalls: readonly Stall[]
  readonly onSecond?: ((second: number) => void) | undefined
}

export function RetentionCard({ retention, stalls, onSecond }: CardProps) {
  const { views, unique, moments } = retention
  if (views === 0 || unique.length === 0) {
    return (
      <Card withBorder component="section" aria-labelledby="retention">
        <Title order={2} size="h4" id="retention">
          Audience retention
        </Title>
        <Text c="dimmed">Nobody has watched this title in the period.</Text>
      </Card>
    )
  }
  const last = percent(unique.at(-1) ?? 0)
  return (
    <Card withBorder component="section" aria-labelledby="retention">
      <Group justify="space-between">
        <Group gap="xs">
          <Title order={2} size="h4" id="retention">
            Audience retention
          </Title>
          <HowButton label="Audience retention" report="retention" of="moments" />
        </Group>
        <Text size="sm" c="dimmed" data-testid="retention-views">
          {views} {views === 1 ? 'play' : 'plays'}
          {views < FEW && ': too few to read much into'}
        </Text>
      </Group>
      <RetentionChart retention={retention} onSecond={onSecond} last={last} />
      <StallChart stalls={stalls} seconds={unique.length} />
      <MomentTable moments={moments} />
    </Card>
  )
}

type ChartProps = {
  readonly retention: Retention
  readonly last: number
  readonly onSecond?: ((second: number) => void) | undefined
}

function RetentionChart({ retention, last, onSecond }: ChartProps) {
  const { unique, absolute, typical, moments } = retention
  const marks = moments.filter((moment) => moment.kind !== 'intro')
  return (
    <LazyChart
      height={320}
      onPick={onSecond}
      label={`Share of plays that saw each second: ${percent(unique[0] ?? 0)} % at the start, ${last} % at the end.`}
      option={(palette) => ({
        color: [palette.main, palette.quiet, palette.other],
        legend: { type: 'scroll', top: 4, left: 0, right: 0, icon: 'roundRect', itemHeight: 3, itemGap: 16 },
        grid: { left: 4, right: 12, top: 44, bottom: 4, containLabel: true },
        tooltip: { trigger: 'axis', valueFormatter: (value: unknown) => `${String(value)} %` },
        xAxis: {
          type: 'category',
          data: unique.map((_, second) => at(second)),
          boundaryGap: false,
          axisTick: { show: false },
          axisLabel: { interval: Math.max(0, Math.ceil(unique.length / 10) - 1), hideOverlap: true },
        },
        yAxis: {
          type: 'value',
          min: 0,
          axisLabel: { formatter: '{value} %' },
          splitLine: { lineStyle: { color: palette.line } },
        },
        series: [
          {
            name: 'Saw it',
            type: 'line',
            showSymbol: false,
            lineStyle: { width: 2.5 },
            areaStyle: { opacity: 0.1 },
            data: unique.map(percent),
            markPoint: {
              symbol: 'circle',
              symbolSize: 11,
              itemStyle: { color: palette.warn },
              label: {
                formatter: ({ name }: { name: string }) => name,
                position: 'top',
                distance: 8,
                align: 'left',
                fontWeight: 600,
                color: palette.warn,
              },
              data: marks.map(({ kind, startSecond }) => ({
                name: NAMES[kind] ?? kind,
                coord: [at(startSecond), percent(unique[startSecond] ?? 0)],
              })),
            },
          },
          {
            name: 'Played, again too',
            type: 'line',
            showSymbol: false,
            lineStyle: { width: 1.2 },
            data: absolute.map(percent),
          },
          ...(typical.length === 0
            ? []
            : [
                {
                  name: 'Typical for you',
                  type: 'line',
                  showSymbol: false,
                  lineStyle: { width: 1.4, type: 'dashed' },
                  data: typical.map(percent),
                },
              ]),
        ],
      })}
    />
  )
}

function StallChart({ stalls, seconds }: { readonly stalls: readonly Stall[]; readonly seconds: number }) {
  if (stalls.length === 0) return null
  const bySecond = new Map(stalls.map((stall) => [stall.second, stall]))
  const worst = stalls.reduce((most, one) => (one.stalledMs > most.stalledMs ? one : most))
  const chart = (
    <LazyChart
      height={110}
      label={`Where viewers waited; most at ${at(worst.second)}: ${worst.stalls} times.`}
      option={(palette) => ({
        color: [palette.warn],
        grid: { left: 4, right: 12, top: 24, bottom: 4, containLabel: true },
        legend: { top: 0, left: 0, icon: 'roundRect', itemHeight: 3 },
        tooltip: { trigger: 'axis', valueFormatter: (value: unknown) => `${String(value)} s` },
        xAxis: {
          type: 'category',
          data: Array.from({ length: seconds }, (_, second) => at(second)),
          axisLabel: { show: false },
          axisTick: { show: false },
        },
        yAxis: {
          type: 'value',
          splitNumber: 1,
          splitLine: { show: false },
          axisLabel: { formatter: '{value} s' },
        },
        series: [
          {
            name: 'Waited here',
            type: 'bar',
            barMinWidth: 2,
            data: Array.from(
              { length: seconds },
              (_, second) => Math.round((bySecond.get(second)?.stalledMs ?? 0) / 100) / 10,
            ),
          },
        ],
      })}
    />
  )
  return (
    <>
      {chart}
      <Text size="sm" c="dimmed" component="div">
        {causeOf(worst)} <HowButton label="Waiting by second" report="lists" of="stalls" />
      </Text>
    </>
  )
}

/** What the longest waiting has in common, in a sentence. */
function causeOf({ second, stalls, stalledMs, heightPx, heightShare }: Stall): string {
  const where = `Most waiting at ${at(second)}: ${stalls} times, ${Math.round(stalledMs / 1000)} s in all`
  if (heightPx === null || heightShare === null || heightShare < 0.5) return `${where}.`
  return `${where}, ${Math.round(heightShare * 100)} % of it on the ${heightPx}p rendition.`
}

function MomentTable({ moments }: { readonly moments: Retention['moments'] }) {
  if (moments.length === 0) return null
  return (
    <Table mt="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Moment</Table.Th>
          <Table.Th ta="right">Still watching</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {moments.map(({ kind, startSecond, unique }) => (
          <Table.Tr key={`${kind}-${startSecond}`}>
            <Table.Td>
              {kind === 'intro'
                ? 'After the first 30 seconds'
                : `${at(startSecond)} · ${NAMES[kind] ?? kind}`}
            </Table.Td>
            <Table.Td ta="right">{percent(unique)} %</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
