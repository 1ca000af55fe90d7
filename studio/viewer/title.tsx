/** A title: picture, facts, the way to play it, and what the viewer has to say about it; below it more of its kind. */
import { Badge, Group, Progress, Stack, Text, Title } from '@mantine/core'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useClient, useQuery } from 'urql'
import { Failed } from '../shared/empty.tsx'
import { formatDuration, formatRelative } from '../shared/format.ts'
import { useTitle } from '../shared/use-title.ts'
import { useDiscoveryDoor } from './impressions.ts'
import { NotHere } from './not-here.tsx'
import { Opinion } from './opinion.tsx'
import { PlayLink } from './play-link.tsx'
import { progressOf } from './progress.ts'
import { type FullTitle, TITLE } from './queries.ts'
import { Row } from './row.tsx'
import { TitleWaiting } from './waiting.tsx'
import { letGo, warmUp } from './warm.ts'
import { useRefreshAfterWatching } from './watched.ts'
import './viewer.css'

export function TitlePage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const [{ data, error }, again] = useQuery({
    query: TITLE,
    variables: { id },
    requestPolicy: 'cache-and-network',
  })
  const refresh = (): void => again({ requestPolicy: 'network-only' })
  useRefreshAfterWatching(refresh)
  useDiscoveryDoor()
  if (data == null || data.title?.id !== id) {
    const gone = data?.title === null || error?.graphQLErrors[0]?.extensions['code'] === 'SV_NO_SUCH_TITLE'
    if (gone) {
      const why = 'It may have been removed by its creator, or the address is mistyped.'
      return <NotHere title="This title is not here" why={why} to="/search" on="Look around" />
    }
    if (error !== undefined) return <Failed message="The title did not load." retry={refresh} />
    return <TitleWaiting />
  }
  const { title, recommendations } = data
  return (
    <Stack gap={40} className="sv-page">
      <Facts key={id} title={title} />
      {recommendations.rows.map((row) => (
        <Row key={row.key} row={row} slateId={recommendations.id} surface="title" />
      ))}
    </Stack>
  )
}

/** Gets the title ready to play while its page is read. */
function useWarm(titleId: string, slateId: string | null, playable: boolean): void {
  const client = useClient()
  useEffect(() => {
    if (!playable) return
    void import('./watch.tsx')
    const timer = setTimeout(() => warmUp(client, titleId, slateId), 150)
    return () => {
      clearTimeout(timer)
      // The watch page takes what it needs as it comes up.
      setTimeout(() => letGo(titleId, slateId), 4000)
    }
  }, [client, titleId, slateId, playable])
}

function Facts({ title }: { readonly title: FullTitle }) {
  const { from } = useSearch({ strict: false }) as { from?: string }
  const slateId = from ?? null
  const { id, name, description, genres, durationMs, ageRating, publishedAt, playable } = title
  const progress = progressOf(title)
  useTitle(name)
  useWarm(id, slateId, playable)
  const facts = [
    title.creator.name,
    durationMs === null ? null : formatDuration(durationMs),
    ageRating === 'all' ? 'for all ages' : `from ${ageRating}`,
    publishedAt === null ? null : formatRelative(publishedAt),
  ].filter(Boolean)
  return (
    <section className="sv-facts" aria-labelledby="title-name">
      <img className="sv-glow" src={title.posterUrl} alt="" />
      <span className="sv-picture">
        <img src={title.posterUrl} alt="" />
        {title.simulated && <span className="sv-badge">Simulated</span>}
      </span>
      <Stack gap="sm">
        <Title order={1} id="title-name">
          {name}
        </Title>
        <Text size="sm">{facts.join(' · ')}</Text>
        <Group gap={6}>
          {genres.map((genre) => (
            <Badge
              key={genre}
              component={Link}
              to={`/search?genre=${encodeURIComponent(genre)}` as never}
              variant="default"
              tt="capitalize"
              className="sv-genre"
            >
              {genre}
            </Badge>
          ))}
        </Group>
        <Text maw={640} lh={1.6}>
          {description}
        </Text>
        {playable ? (
          <Group gap="md">
            <PlayLink title={title} slateId={slateId} size="md">
              {progress === null ? 'Play' : `Resume from ${formatDuration(progress.positionMs)}`}
            </PlayLink>
            {progress !== null && (
              <Group gap="xs" wrap="nowrap">
                <Progress value={progress.share * 100} w={120} size="sm" aria-label="Watched so far" />
                <Text size="sm">{formatDuration(progress.leftMs)} left</Text>
              </Group>
            )}
          </Group>
        ) : (
          <Text size="sm" className="sv-note">
            {title.simulated
              ? 'This title lives in the demo world only: simulated viewers watch it, but there is no video to play.'
              : 'The video is being made. It plays here as soon as its first rendition is ready.'}
          </Text>
        )}
        <Opinion title={title} />
      </Stack>
    </section>
  )
}
