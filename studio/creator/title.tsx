/** One title in depth, for its creator: state, figures, retention, quality in plain words. */
import {
  Anchor,
  Badge,
  Button,
  Card,
  Container,
  Group,
  Image,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Table,
  Text,
  Title,
} from '@mantine/core'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { gql } from '@urql/core'
import { useState } from 'react'
import { Empty } from '../shared/empty.tsx'
import { formatDuration } from '../shared/format.ts'
import { Query } from '../shared/query.tsx'
import { useTitle } from '../shared/use-title.ts'
import {
  ENGAGEMENT,
  FIGURES,
  type Figures,
  QUALITY,
  RANGES,
  type Range,
  type Verdict,
  verdictOf,
} from './figures.ts'
import { JOB, type Job, JobCard } from './job.tsx'
import { KpiCard } from './kpi.tsx'
import { RealtimeCard } from './realtime.tsx'
import { type Retention, RetentionCard, type Stall } from './retention.tsx'
import { type Point, SeriesCard } from './series-card.tsx'

type TitleData = {
  readonly id: string
  readonly name: string
  readonly posterUrl: string
  readonly status: string
  readonly playable: boolean
  readonly simulated: boolean
  readonly durationMs: number | null
  readonly job: Job | null
  readonly analytics: {
    readonly figures: Figures
    readonly series: Point[]
    readonly retention: Retention
    readonly stalls: Stall[]
  }
}
const TITLE = gql<{ title: TitleData | null }, { id: string; range: Range }>(
  `query StudioTitle($id: ID!, $range: Range!) { title(id: $id) { id name posterUrl status playable simulated durationMs
    job { ${JOB} }
    analytics(range: $range) { figures { ${FIGURES} } series { at views watchTimeMs }
      retention { views absolute unique typical moments { kind startSecond endSecond unique } }
      stalls { second stalls stalledMs } } } }`,
)

export function StudioTitle() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const [range, setRange] = useState<Range>('all')
  return (
    <Container size="xl" px={0}>
      <Query query={TITLE} variables={{ id, range }}>
        {({ title }) =>
          title === null ? (
            <Empty title="This is none of your titles">
              It may have been removed, or belong to somebody else.
            </Empty>
          ) : (
            <Stack>
              <Head title={title} />
              {title.job !== null && title.job.state !== 'done' && <JobCard titleId={id} job={title.job} />}
              <RealtimeCard titleId={id} />
              <Group justify="flex-end">
                <SegmentedControl
                  aria-label="Period"
                  data={[...RANGES]}
                  value={range}
                  onChange={(value) => setRange(value as Range)}
                />
              </Group>
              <Numbers title={title} hourly={range === 'hours24'} />
            </Stack>
          )
        }
      </Query>
    </Container>
  )
}

function Head({ title }: { readonly title: TitleData }) {
  useTitle(`${title.name} · Studio`)
  return (
    <Group justify="space-between">
      <Group wrap="nowrap">
        <Image src={title.posterUrl} alt="" w={128} h={72} radius="md" />
        <div>
          <Title order={1} size="h2">
            {title.name}
          </Title>
          <Group gap="xs">
            <Badge variant="default" tt="capitalize">
              {title.status}
            </Badge>
            <Text size="sm" c="dimmed">
              {formatDuration(title.durationMs)}
            </Text>
            <Anchor component={Link} to={`/title/${title.id}` as never} size="sm">
              As viewers see it
            </Anchor>
          </Group>
        </div>
      </Group>
      {title.playable && (
        <Button component={Link} to={`/watch/${title.id}` as never} variant="default">
          Watch
        </Button>
      )}
    </Group>
  )
}

function Numbers({ title, hourly }: { readonly title: TitleData; readonly hourly: boolean }) {
  const navigate = useNavigate()
  const { figures, series, retention, stalls } = title.analytics
  const open = (second: number): void => void navigate({ href: `/watch/${title.id}?t=${second}` })
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: 5 }}>
        {ENGAGEMENT.filter(({ label }) => label !== 'Click-through')
          .slice(0, 5)
          .map((kpi) => (
            <KpiCard key={kpi.label} label={kpi.label} value={kpi.write(kpi.of(figures))} />
          ))}
      </SimpleGrid>
      <RetentionCard retention={retention} stalls={stalls} onSecond={title.playable ? open : undefined} />
      <SeriesCard points={series} hourly={hourly} />
      <QualityCard figures={figures} />
    </>
  )
}

const WORDS: Record<Verdict, string> = { good: 'Good', fair: 'Fair', poor: 'Poor', unknown: 'No data' }
const COLOURS: Record<Verdict, string> = {
  good: 'teal.9',
  fair: '#9c4400',
  poor: 'red.9',
  unknown: 'gray.7',
}

const QualityCard = ({ figures }: { readonly figures: Figures }) => (
  <Card withBorder component="section" aria-labelledby="quality">
    <Title order={2} size="h4" id="quality" mb="xs">
      Quality of playback
    </Title>
    <Table.ScrollContainer minWidth={340} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table verticalSpacing="xs">
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
                <Table.Td>{quality.label}</Table.Td>
                <Table.Td ta="right">{quality.write(quality.of(figures))}</Table.Td>
                <Table.Td ta="right">
                  <Badge color={COLOURS[verdict]} variant="filled" tt="none">
                    {WORDS[verdict]}
                  </Badge>
                </Table.Td>
              </Table.Tr>
            )
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  </Card>
)
