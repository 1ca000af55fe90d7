/** One title in depth, for its creator: state, figures, retention, quality in plain words. */
import { Anchor, Badge, Button, Container, Group, Image, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { gql } from '@urql/core'
import { Empty } from '../shared/empty.tsx'
import { formatDuration } from '../shared/format.ts'
import { Query } from '../shared/query.tsx'
import { useTitle } from '../shared/use-title.ts'
import { CAPTION, type Caption, Captions } from './captions.tsx'
import { ConcurrencyCard } from './concurrency.tsx'
import { FigureCard } from './figure-card.tsx'
import { ENGAGEMENT, FIGURES, type Figures, type Range } from './figures.ts'
import { FiguresOf } from './how.tsx'
import { JOB, type Job } from './job.tsx'
import { KnownAtNote } from './known-at.tsx'
import { PeriodControl, usePeriod } from './period.tsx'
import { QUALITY_FIGURES, QualityCard, type QualityFigures } from './quality.tsx'
import { RealtimeCard } from './realtime.tsx'
import { type Retention, RetentionCard, type Stall } from './retention.tsx'
import { POINT, type Point, SeriesCard } from './series-card.tsx'
import { UnseenCard } from './unseen.tsx'
import { Video } from './video.tsx'

type TitleData = {
  readonly id: string
  readonly name: string
  readonly posterUrl: string
  readonly status: string
  readonly playable: boolean
  readonly simulated: boolean
  readonly durationMs: number | null
  readonly job: Job | null
  readonly captions: readonly Caption[]
  readonly analytics: {
    readonly figures: Figures & QualityFigures
    readonly series: Point[]
    readonly retention: Retention
    readonly stalls: Stall[]
  }
}
const TITLE = gql<{ title: TitleData | null }, { id: string; range: Range; knownAt: number | null }>(
  `query StudioTitle($id: ID!, $range: Range!, $knownAt: Instant) { title(id: $id) { id name posterUrl status playable simulated durationMs
    job { ${JOB} } captions { ${CAPTION} }
    analytics(range: $range, knownAt: $knownAt) { figures { ${FIGURES} ${QUALITY_FIGURES} } series { ${POINT} }
      retention { views absolute unique typical moments { kind startSecond endSecond unique } }
      stalls { second stalls stalledMs heightPx heightShare } } } }`,
)

export function StudioTitle() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const { period, control } = usePeriod('all')
  const { range, knownAt } = period
  return (
    <FiguresOf value={{ titleId: id, ...period }}>
      <Container size="xl" px={0}>
        <KnownAtNote {...control} />
        <Query key={knownAt} query={TITLE} variables={{ id, ...period }}>
          {({ title }, again) =>
            title === null ? (
              <Empty title="This is none of your titles">
                It may have been removed, or belong to somebody else.
              </Empty>
            ) : (
              <Stack>
                <Head title={title} />
                <Video title={title} again={again} />
                {knownAt === null && <RealtimeCard titleId={id} />}
                <Group justify="flex-end">
                  <PeriodControl {...control} />
                </Group>
                {!title.simulated && <Captions titleId={id} captions={title.captions} />}
                <Numbers title={title} hourly={range === 'hours24'} />
                <ConcurrencyCard />
                <UnseenCard titleId={id} />
              </Stack>
            )
          }
        </Query>
      </Container>
    </FiguresOf>
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
            <FigureCard key={kpi.label} kpi={kpi} figures={figures} />
          ))}
      </SimpleGrid>
      <RetentionCard retention={retention} stalls={stalls} onSecond={title.playable ? open : undefined} />
      <SeriesCard points={series} hourly={hourly} />
      <QualityCard figures={figures} />
    </>
  )
}
