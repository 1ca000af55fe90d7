/** A title: picture, facts, play or go on, and what the viewer has to say about it; below it more of its kind. */
import { Badge, Button, Container, Group, Rating, Stack, Text, Title } from '@mantine/core'
import { IconCheck, IconMoodSad, IconPlayerPlayFilled, IconPlus } from '@tabler/icons-react'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { useMutation, useQuery } from 'urql'
import { Empty, Failed, Loading } from '../shared/empty.tsx'
import { formatDuration, formatRelative } from '../shared/format.ts'
import { useToast } from '../shared/toast.tsx'
import { useTitle } from '../shared/use-title.ts'
import { useDiscoveryDoor } from './impressions.ts'
import { type FullTitle, ME, RATE, SET_DISMISSED, SET_IN_MY_LIST, TITLE } from './queries.ts'
import { Row } from './row.tsx'
import './viewer.css'

export function TitlePage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const [{ data, error }, again] = useQuery({
    query: TITLE,
    variables: { id },
    requestPolicy: 'cache-and-network',
  })
  useDiscoveryDoor()
  if (data == null) {
    if (error === undefined) return <Loading />
    const gone = error.graphQLErrors[0]?.extensions['code'] === 'SV_NO_SUCH_TITLE'
    if (gone) return <Empty title="This title is not here">It may have been removed by its creator.</Empty>
    return <Failed message="The title did not load." retry={() => again({ requestPolicy: 'network-only' })} />
  }
  const { title, recommendations } = data
  if (title === null) return <Empty title="This title is not here">It may have been removed.</Empty>
  return (
    <Container size="xl" px={0}>
      <Stack gap={40}>
        <Facts title={title} />
        {recommendations.rows.map((row) => (
          <Row key={row.key} row={row} slateId={recommendations.id} surface="title" />
        ))}
      </Stack>
    </Container>
  )
}

function Facts({ title }: { readonly title: FullTitle }) {
  const { from } = useSearch({ strict: false }) as { from?: string }
  const { id, name, description, genres, durationMs, ageRating, publishedAt, playable, simulated } = title
  const begun = title.resume !== null && !title.resume.completed && title.resume.positionMs > 0
  useTitle(name)
  return (
    <div className="sv-facts">
      <span className="sv-picture">
        <img src={title.posterUrl} alt="" />
      </span>
      <Stack gap="sm">
        <Title order={1}>{name}</Title>
        <Group gap="xs">
          {genres.map((genre) => (
            <Badge
              key={genre}
              component={Link}
              to={`/search?genre=${encodeURIComponent(genre)}` as never}
              variant="default"
              tt="capitalize"
              style={{ cursor: 'pointer' }}
            >
              {genre}
            </Badge>
          ))}
          <Text size="sm" c="dimmed">
            {[
              title.creator.name,
              formatDuration(durationMs),
              ageRating === 'all' ? 'for all' : `from ${ageRating}`,
              publishedAt === null ? null : formatRelative(publishedAt),
            ]
              .filter(Boolean)
              .join(' · ')}
          </Text>
        </Group>
        <Text maw={640}>{description}</Text>
        {playable && (
          <Group>
            <Button
              component={Link}
              to={`/watch/${id}${from === undefined ? '' : `?from=${from}`}` as never}
              size="md"
              leftSection={<IconPlayerPlayFilled size={18} />}
            >
              {begun ? `Go on from ${formatDuration(title.resume?.positionMs ?? 0)}` : 'Play'}
            </Button>
          </Group>
        )}
        {!playable && (
          <Text size="sm" c="dimmed">
            {simulated
              ? 'This title lives in the demo world only: simulated viewers watch it, but there is no video to play.'
              : 'The video is being made. It plays here as soon as its first rendition is ready.'}
          </Text>
        )}
        <Opinion title={title} />
      </Stack>
    </div>
  )
}

/** My list, stars, not interested. Visitors and kids have no say: nothing of theirs is kept. */
function Opinion({ title }: { readonly title: FullTitle }) {
  const [{ data }] = useQuery({ query: ME, variables: {} })
  const [, setInMyList] = useMutation(SET_IN_MY_LIST)
  const [, setDismissed] = useMutation(SET_DISMISSED)
  const [, rate] = useMutation(RATE)
  const toast = useToast()
  if (data?.me.viewerToken == null) return null
  const { id, inMyList, dismissed, myRating } = title
  const tell = async (what: Promise<{ error?: Error | undefined }>, text: string, undo: () => void) => {
    const { error } = await what
    toast(error === undefined ? { text, undo } : { text: 'That was not kept. Try again.', failed: true })
  }
  const list = (to: boolean): Promise<void> =>
    tell(
      setInMyList({ id, inMyList: to }),
      to ? 'Added to my list.' : 'Taken off my list.',
      () => void list(!to),
    )
  const dismiss = (to: boolean): Promise<void> =>
    tell(
      setDismissed({ id, dismissed: to }),
      to ? 'You will not be shown this again.' : 'It may be shown again.',
      () => void dismiss(!to),
    )
  const star = (stars: number): Promise<void> =>
    tell(
      rate({ id, stars }),
      stars === 0 ? 'Rating taken back.' : `Rated ${stars} of 5.`,
      () => void star(myRating ?? 0),
    )
  return (
    <Group gap="md">
      <Button
        variant="default"
        aria-pressed={inMyList}
        leftSection={inMyList ? <IconCheck size={18} /> : <IconPlus size={18} />}
        onClick={() => void list(!inMyList)}
      >
        My list
      </Button>
      <Button
        variant="default"
        aria-pressed={dismissed}
        leftSection={<IconMoodSad size={18} />}
        onClick={() => void dismiss(!dismissed)}
      >
        {dismissed ? 'Not interested: take back' : 'Not interested'}
      </Button>
      <Rating
        value={myRating ?? 0}
        onChange={(stars) => void star(stars === myRating ? 0 : stars)}
        aria-label="My rating"
        getSymbolLabel={(value) => `${value} of 5 stars`}
      />
    </Group>
  )
}
