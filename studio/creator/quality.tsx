/** What viewers met: how attempts went, how long they waited, what they saw, and what is left out of the numbers. */
import { Badge, Card, Group, Progress, Stack, Table, Text, Title } from '@mantine/core'
import { Fragment } from 'react'
import { formatCount, formatPercent } from '../shared/format.ts'
import { type Figures, QUALITY, type Verdict, verdictOf } from './figures.ts'
import { HowButton } from './how.tsx'

export type QualityFigures = {
  readonly viewsEnded: number
  readonly svx1Score: number | null
  readonly successScore: number | null
  readonly startupScore: number | null
  readonly smoothnessScore: number | null
  readonly qualityScore: number | null
  readonly startupP99Ms: number | null
  readonly contentStartupP50Ms: number | null
  readonly exitAfterWaitPercent: number | null
  readonly businessFailurePercent: number | null
  readonly droppedPercent: number | null
  readonly rebuffersPerMinute: number | null
  readonly seekLatencyMs: number | null
  readonly upscalePercent: number | null
  readonly downscalePercent: number | null
  readonly bitrateKbps: number | null
  readonly liveLatencyMs: number | null
  readonly excludedBots: number
  readonly excludedOwn: number
  readonly excludedStaff: number
  readonly intervals: readonly {
    readonly metric: string
    readonly n: number
    readonly low: number
    readonly high: number
  }[]
}
export const QUALITY_FIGURES = `viewsEnded svx1Score successScore startupScore smoothnessScore qualityScore startupP99Ms
  contentStartupP50Ms exitAfterWaitPercent businessFailurePercent droppedPercent rebuffersPerMinute seekLatencyMs
  upscalePercent downscalePercent bitrateKbps liveLatencyMs excludedBots excludedOwn excludedStaff
  intervals { metric n low high }`

type All = Figures & QualityFigures
type Row = {
  readonly label: string
  readonly metric: Exclude<keyof All, 'intervals'>
  readonly write: (value: number | null) => string
}

const ms = (value: number | null): string =>
  value === null ? '–' : value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`
const rate = (value: number | null): string =>
  value === null ? '–' : value < 1000 ? `${Math.round(value)} kbit/s` : `${(value / 1000).toFixed(1)} Mbit/s`

const share = (value: number | null): string => formatPercent(value, 2)
const MORE: readonly { readonly name: string; readonly rows: readonly Row[] }[] = [
  {
    name: 'How attempts went',
    rows: [
      { label: 'Failed while playing or before', metric: 'playbackFailurePercent', write: share },
      { label: 'Left after waiting a second', metric: 'exitAfterWaitPercent', write: share },
      { label: 'Not allowed by a rule', metric: 'businessFailurePercent', write: share },
      { label: 'Ended without a word', metric: 'droppedPercent', write: share },
    ],
  },
  {
    name: 'Waiting',
    rows: [
      { label: 'Startup, 99 of 100 views', metric: 'startupP99Ms', write: ms },
      { label: 'Startup of the content, half of views', metric: 'contentStartupP50Ms', write: ms },
      { label: 'Waits per minute watched', metric: 'rebuffersPerMinute', write: (v) => v?.toFixed(2) ?? '–' },
      { label: 'A seek takes', metric: 'seekLatencyMs', write: ms },
    ],
  },
  {
    name: 'Picture',
    rows: [
      { label: 'Bitrate', metric: 'bitrateKbps', write: rate },
      { label: 'Blown up by', metric: 'upscalePercent', write: formatPercent },
      { label: 'Larger than needed by', metric: 'downscalePercent', write: formatPercent },
      { label: 'Behind live', metric: 'liveLatencyMs', write: ms },
    ],
  },
]

const WORDS: Record<Verdict, string> = { good: 'Good', fair: 'Fair', poor: 'Poor', unknown: 'No data' }
const COLOURS: Record<Verdict, string> = {
  good: 'teal.9',
  fair: '#9c4400',
  poor: 'red.9',
  unknown: 'gray.7',
}

const points = (score: number | null): string => score?.toFixed(1) ?? '–'

/** The five scores as bars of a hundred. */
function Scores({ figures }: { readonly figures: All }) {
  const scores = [
    ['Experience (svx-1)', 'svx1Score'],
    ['Success', 'successScore'],
    ['Startup', 'startupScore'],
    ['Smoothness', 'smoothnessScore'],
    ['Sharpness', 'qualityScore'],
  ] as const
  return (
    <Stack gap={6} mb="md">
      {scores.map(([label, metric], i) => (
        <Group key={label} gap="sm" wrap="nowrap">
          <Text size="sm" w={150} fw={i === 0 ? 650 : 400}>
            {label}
          </Text>
          <Progress value={figures[metric] ?? 0} size={i === 0 ? 'lg' : 'sm'} flex={1} aria-label={label} />
          <Text size="sm" w={40} ta="right" style={{ fontVariantNumeric: 'tabular-nums' }}>
            {points(figures[metric])}
          </Text>
          <HowButton label={`${label} score`} report="figures" of={metric} write={points} />
        </Group>
      ))}
    </Stack>
  )
}

/** Says how sure a share of few views is. */
function Sure({ figures, metric }: { readonly figures: All; readonly metric: string }) {
  const interval = figures.intervals.find((one) => one.metric === metric)
  if (interval === undefined || interval.n > 10_000) return null
  const { low, high, n } = interval
  return (
    <Text size="xs" c="dimmed">
      {low.toFixed(1)} to {high.toFixed(1)} % · n = {formatCount(n)}
    </Text>
  )
}

function LeftOut({ figures }: { readonly figures: All }) {
  const parts = [
    [figures.excludedBots, 'of bots'],
    [figures.excludedOwn, 'your own'],
    [figures.excludedStaff, 'of staff'],
  ] as const
  const left = parts.filter(([count]) => count > 0).map(([count, of]) => `${formatCount(count)} ${of}`)
  const notes = [
    left.length === 0 ? 'No views are left out.' : `Left out of all numbers: views ${left.join(', ')}.`,
    figures.restatedViews === 0
      ? ''
      : `Restated: ${formatCount(figures.restatedViews)} views came when their day was settled.`,
  ]
  return (
    <Text size="sm" c="dimmed" mt="sm">
      {notes.filter((note) => note !== '').join(' ')}
    </Text>
  )
}

export const QualityCard = ({ figures }: { readonly figures: All }) => (
  <Card withBorder component="section" aria-labelledby="quality">
    <Title order={2} size="h4" id="quality" mb="xs">
      Quality of playback
    </Title>
    <Scores figures={figures} />
    <Table.ScrollContainer minWidth={280} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table verticalSpacing="xs" horizontalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What viewers met</Table.Th>
            <Table.Th ta="right">Value</Table.Th>
            <Table.Th ta="right">Verdict</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {QUALITY.map((quality) => {
            const verdict = verdictOf(quality, figures)
            return (
              <Table.Tr key={quality.label}>
                <Table.Td>
                  {quality.label}{' '}
                  <HowButton
                    label={quality.label}
                    report="figures"
                    of={quality.metric}
                    write={quality.write}
                  />
                </Table.Td>
                <Table.Td ta="right">{quality.write(quality.of(figures))}</Table.Td>
                <Table.Td ta="right">
                  <Badge color={COLOURS[verdict]} variant="filled" tt="none">
                    {WORDS[verdict]}
                  </Badge>
                </Table.Td>
              </Table.Tr>
            )
          })}
          {MORE.map(({ name, rows }) => (
            <Fragment key={name}>
              <Table.Tr>
                <Table.Th colSpan={3} scope="colgroup">
                  {name}
                </Table.Th>
              </Table.Tr>
              {rows.map(({ label, metric, write }) => (
                <Table.Tr key={label}>
                  <Table.Td>
                    {label} <HowButton label={label} report="figures" of={metric} write={write} />
                  </Table.Td>
                  <Table.Td ta="right">{write(figures[metric])}</Table.Td>
                  <Table.Td ta="right">
                    <Sure figures={figures} metric={metric} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Fragment>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
    <LeftOut figures={figures} />
  </Card>
)
