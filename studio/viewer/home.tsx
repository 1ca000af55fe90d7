/** Home: one title up front, then the rows of the slate. Asked anew each time it is shown, since watching changes it. */
import { Button, Group, Stack, Text, Title } from '@mantine/core'
import { IconInfoCircle, IconPlayerPlayFilled } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useQuery } from 'urql'
import { Empty, Failed, Loading } from '../shared/empty.tsx'
import { useDiscoveryDoor } from './impressions.ts'
import { HOME, type Slate, type Slot } from './queries.ts'
import { Row } from './row.tsx'
import './viewer.css'

/** The first title of the personal rows that plays, else the first there is. */
function heroOf({ rows }: Slate): Slot | null {
  const slots = rows.filter((row) => row.key !== 'continue-watching').flatMap((row) => row.slots)
  return slots.find(({ title }) => title.playable) ?? slots[0] ?? null
}

function Hero({ slot, slateId }: { readonly slot: Slot; readonly slateId: string }) {
  const { title } = slot
  return (
    <section className="sv-hero" aria-labelledby="hero">
      <img src={title.posterUrl} alt="" />
      <div className="sv-hero-words">
        <Text size="sm" fw={600} tt="capitalize">
          {title.genres.join(' · ')}
        </Text>
        <Title order={1} id="hero">
          {title.name}
        </Title>
        <Text size="sm">{title.creator.name}</Text>
        <Group mt="sm">
          {title.playable && (
            <Button
              component={Link}
              to={`/watch/${title.id}?from=${slateId}` as never}
              leftSection={<IconPlayerPlayFilled size={18} />}
              color="gray.0"
              c="dark.9"
            >
              {title.resume === null || title.resume.completed ? 'Play' : 'Go on'}
            </Button>
          )}
          <Button
            component={Link}
            to={`/title/${title.id}?from=${slateId}` as never}
            variant="default"
            leftSection={<IconInfoCircle size={18} />}
          >
            About it
          </Button>
        </Group>
      </div>
    </section>
  )
}

export function Home() {
  const [{ data, error }, again] = useQuery({
    query: HOME,
    variables: {},
    requestPolicy: 'cache-and-network',
  })
  useDiscoveryDoor()
  useEffect(() => {
    const refresh = (): void => {
      if (document.visibilityState === 'visible') again({ requestPolicy: 'network-only' })
    }
    window.addEventListener('pageshow', refresh)
    document.addEventListener('visibilitychange', refresh)
    return () => {
      window.removeEventListener('pageshow', refresh)
      document.removeEventListener('visibilitychange', refresh)
    }
  }, [again])
  if (data == null) {
    if (error === undefined) return <Loading />
    return (
      <Failed
        message={error.graphQLErrors[0]?.message ?? 'The platform did not answer.'}
        retry={() => again({ requestPolicy: 'network-only' })}
      />
    )
  }
  const { home } = data
  const hero = heroOf(home)
  if (hero === null) {
    return <Empty title="Nothing to watch yet">Titles appear here as soon as a creator publishes one.</Empty>
  }
  return (
    <Stack gap={36} className="sv-page">
      <Hero slot={hero} slateId={home.id} />
      {home.rows.map((row) => (
        <Row key={row.key} row={row} slateId={home.id} />
      ))}
    </Stack>
  )
}
