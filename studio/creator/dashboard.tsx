/** The creator's first page: who watches now, the period beside the one before it, and what is watched most. */
import {
  Anchor,
  Button,
  Card,
  Container,
  Group,
  Image,
  SimpleGrid,
  Stack,
  Table,
  Text,
  Title,
} from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { gql } from '@urql/core'
import { Empty } from '../shared/empty.tsx'
import { formatCount, formatDuration, formatWatchTime } from '../shared/format.ts'
import { Query } from '../shared/query.tsx'
import { AudienceCard } from './audience.tsx'
import { ConcurrencyCard } from './concurrency.tsx'
import { FigureCard } from './figure-card.tsx'
import { changeOf, ENGAGEMENT, FIGURES, type Figures, QUALITY, RANGES, type Range } from './figures.ts'
import { FiguresOf, HowButton } from './how.tsx'
import { KnownAtNote } from './known-at.tsx'
import { PeriodControl, usePeriod } from './period.tsx'
import { RealtimeCard } from './realtime.tsx'
import { POINT, type Point, SeriesCard } from './series-card.tsx'
import { SimulatedMark } from './simulated-mark.tsx'

type Top = {
  readonly views: number
  readonly watchTimeMs: number
  readonly averageViewMs: number | null
  readonly title: {
    readonly id: string
    readonly name: string
    readonly posterUrl: string
    readonly simulated: boolean
  }
}
type Overview = { current: Figures; previous: Figures | null; series: Point[]; topTitles: Top[] }
const OVERVIEW = gql<
  { studio: { creator: { name: string }; titles: { totalCount: number }; overview: Overview } },
  { range: Range; knownAt: number | null }
>(
  `query Overview($range: Range!, $knownAt: Instant) { studio(knownAt: $knownAt) { creator { name } titles(first: 1) { totalCount }
    overview(range: $range) {
    current { ${FIGURES} } previous { ${FIGURES} } series { ${POINT} }
    topTitles(first: 8) { views watchTimeMs averageViewMs title { id name posterUrl simulated } } } } }`,
)

export function Dashboard() {
  const { period, control } = usePeriod('days28')
  const { range, knownAt } = period
  return (
    <FiguresOf value={{ titleId: null, ...period }}>
      <Container size="xl" px={0}>
        <KnownAtNote {...control} />
        <Query key={knownAt} query={OVERVIEW} variables={period}>
          {({ studio: { creator, titles, overview } }) => (
            <Stack>
              <Group justify="space-between" align="flex-end">
                <Title order={1} size="h2">
                  {creator.name}
                </Title>
                <Button component={Link} to={'/studio/upload' as never}>
                  Upload
                </Button>
              </Group>
              {titles.totalCount === 0 ? (
                <Empty title="Your channel is new">
                  Upload a video, and see here within seconds how it is watched.
                </Empty>
              ) : (
                <>
                  {knownAt === null && <RealtimeCard />}
                  <Group justify="space-between">
                    <Title order={2} size="h4">
                      {RANGES.find((one) => one.value === range)?.label}
                    </Title>
                    <PeriodControl {...control} />
                  </Group>
                  <Period overview={overview} hourly={range === 'hours24'} />
                </>
              )}
            </Stack>
          )}
        </Query>
      </Container>
    </FiguresOf>
  )
}

function Period({ overview, hourly }: { readonly overview: Overview; readonly hourly: boolean }) {
  const { current, previous, series, topTitles } = overview
  return (
    <>
      <SimpleGrid cols={{ base: 2, sm: 3, md: 4 }}>
        {ENGAGEMENT.map((kpi) => (
          <FigureCard key={kpi.label} kpi={kpi} figures={current} change={changeOf(kpi, current, previous)} />
        ))}
        {QUALITY.slice(2, 3).map((kpi) => (
          <FigureCard key={kpi.label} kpi={kpi} figures={current} />
        ))}
      </SimpleGrid>
      <SeriesCard points={series} hourly={hourly} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <ConcurrencyCard />
        <AudienceCard />
      </SimpleGrid>
      <Card withBorder component="section" aria-labelledby="top">
        <Group gap="xs" mb="xs">
          <Title order={2} size="h4" id="top">
            Most watched
          </Title>
          <HowButton label="Most watched" report="lists" of="topTitles" />
        </Group>
        {topTitles.length === 0 ? (
          <Text c="dimmed">Nothing was watched in this period.</Text>
        ) : (
          <TopTable rows={topTitles} />
        )}
      </Card>
    </>
  )
}

const TopTable = ({ rows }: { readonly rows: readonly Top[] }) => (
  <Table.ScrollContainer minWidth={480} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
    <Table highlightOnHover verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Title</Table.Th>
          <Table.Th ta="right">Views</Table.Th>
          <Table.Th ta="right">Watch time</Table.Th>
          <Table.Th ta="right">Average view</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(({ title, views, watchTimeMs, averageViewMs }) => (
          <Table.Tr key={title.id}>
            <Table.Td>
              <Group gap="sm" wrap="nowrap">
                <Image src={title.posterUrl} alt="" w={72} h={40} radius="sm" />
                <Anchor component={Link} to={`/studio/titles/${title.id}` as never} size="sm" fw={550}>
                  {title.name}
                </Anchor>
                {title.simulated && <SimulatedMark />}
              </Group>
            </Table.Td>
            <Table.Td ta="right">{formatCount(views)}</Table.Td>
            <Table.Td ta="right">{formatWatchTime(watchTimeMs)}</Table.Td>
            <Table.Td ta="right">{formatDuration(averageViewMs)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </Table.ScrollContainer>
)
