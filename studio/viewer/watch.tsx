/** The player's page: opens a play session, plays, and offers what to watch next. */
import { Anchor, Group, Stack, Text, Title } from '@mantine/core'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useClient, useQuery } from 'urql'
import { preloadEngine } from '#playback/player/index.ts'
import { formatDuration } from '../shared/format.ts'
import { useTitle } from '../shared/use-title.ts'
import { useDiscoveryDoor } from './impressions.ts'
import { NotHere } from './not-here.tsx'
import { Opinion } from './opinion.tsx'
import { titlePath } from './play-link.tsx'
import { TITLE } from './queries.ts'
import { Row } from './row.tsx'
import { Stage } from './stage.tsx'
import { RowWaiting } from './waiting.tsx'
import { askedFor, type Opened, takeOpened } from './warm.ts'
import './viewer.css'

// The engine is on its way before the page has been drawn.
void preloadEngine()

export function WatchPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  return <Watch key={id} id={id} />
}

/** The play session: what was made ready, else a new one. */
function useOpened(titleId: string, slateId: string | null): Opened | null {
  const client = useClient()
  const [opened, setOpened] = useState<Opened | null>(null)
  useEffect(() => {
    let gone = false
    void takeOpened(client, titleId, slateId).then((answer) => {
      if (!gone) setOpened(answer)
      else if ('session' in answer) answer.prepared?.destroy()
    })
    return () => {
      gone = true
    }
  }, [client, titleId, slateId])
  return opened
}

function Watch({ id }: { readonly id: string }) {
  const { from, t } = useSearch({ strict: false }) as { from?: string; t?: number }
  const opened = useOpened(id, from ?? null)
  const [askedAt] = useState(() => askedFor(id))
  const [{ data }] = useQuery({ query: TITLE, variables: { id } })
  useDiscoveryDoor()
  const title = data?.title
  useTitle(title?.name)
  if (opened !== null && 'problem' in opened) {
    const to = titlePath(id, null)
    return <NotHere title="This does not play" why={opened.problem} to={to} on="About the title" />
  }
  const slate = data?.recommendations
  const slots = slate?.rows.flatMap((row) => row.slots) ?? []
  const next = slots.find((slot) => slot.title.playable)?.title ?? null
  return (
    <Stack gap="lg" className="sv-page">
      {opened === null ? (
        <div className="sv-stage" aria-busy="true" />
      ) : (
        <Stage
          titleId={id}
          session={opened.session}
          prepared={opened.prepared}
          askedAt={askedAt}
          name={title?.name ?? ''}
          startMs={t === undefined ? null : Number(t) * 1000}
          next={next}
          nextSlateId={slate?.id ?? ''}
        />
      )}
      {title != null && (
        <Group justify="space-between" align="flex-start" gap="md">
          <div>
            <Title order={1} size="h3">
              {title.name}
            </Title>
            <Text size="sm" c="dimmed">
              {title.creator.name} · {formatDuration(title.durationMs)} ·{' '}
              <Anchor component={Link} underline="always" to={titlePath(id, from ?? null) as never}>
                About it
              </Anchor>
            </Text>
          </div>
          <Opinion title={title} />
        </Group>
      )}
      {slate === undefined && <RowWaiting />}
      {slate?.rows.map((row) => (
        <Row key={row.key} row={row} slateId={slate.id} surface="player" />
      ))}
    </Stack>
  )
}
