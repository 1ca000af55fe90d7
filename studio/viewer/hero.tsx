/** The title up front: picture as wide as the page, what it is, and the way into it. */
import { Button, Group, Text, Title } from '@mantine/core'
import { IconInfoCircle } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useClient, useQuery } from 'urql'
import { formatDuration } from '../shared/format.ts'
import { PlayLink, titlePath } from './play-link.tsx'
import { progressOf } from './progress.ts'
import { ABOUT, type Slate, type Slot } from './queries.ts'
import { letGo, warmUp } from './warm.ts'

/** The first title of the personal rows that plays, else the first there is. */
export function heroOf({ rows }: Slate): Slot | null {
  const slots = rows.filter((row) => row.key !== 'continue-watching').flatMap((row) => row.slots)
  return slots.find(({ title }) => title.playable) ?? slots[0] ?? null
}

export function Hero({ slot: { title }, slateId }: { readonly slot: Slot; readonly slateId: string }) {
  const client = useClient()
  const { id, playable, simulated, durationMs, genres, creator } = title
  const [{ data }] = useQuery({ query: ABOUT, variables: { id } })
  const progress = progressOf(title)
  useEffect(() => () => letGo(id, slateId), [id, slateId])
  const likely = (): void => {
    if (playable) warmUp(client, id, slateId)
  }
  const facts = [creator.name, durationMs === null ? null : formatDuration(durationMs)].filter(Boolean)
  return (
    <section className="sv-hero" aria-labelledby="hero">
      <img src={title.posterUrl} alt="" fetchPriority="high" />
      <div className="sv-hero-words">
        <Text size="sm" fw={600} tt="capitalize" className="sv-eyebrow">
          {genres.join(' · ')}
        </Text>
        <Title order={1} id="hero">
          {title.name}
        </Title>
        <Text size="sm" fw={500}>
          {facts.join(' · ')}
          {simulated && <span className="sv-mark">Simulated</span>}
        </Text>
        <p className="sv-hero-about">{data?.title?.description ?? ''}</p>
        <Group mt="md" gap="sm" onPointerEnter={likely} onFocus={likely}>
          {playable && (
            <PlayLink title={title} slateId={slateId} size="md" color="gray.0" c="dark.9">
              {progress === null ? 'Play' : `Resume · ${formatDuration(progress.leftMs)} left`}
            </PlayLink>
          )}
          <Button
            component={Link}
            to={titlePath(id, slateId) as never}
            size="md"
            className="sv-glass"
            leftSection={<IconInfoCircle size={18} />}
          >
            Details
          </Button>
        </Group>
      </div>
    </section>
  )
}
