/** The player's page: opens a play session, plays, says what happens, and offers what to watch next. */
import { Anchor, Button, Group, Stack, Text, Title } from '@mantine/core'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useClient, useQuery } from 'urql'
import { createPlayer } from '#playback/player/index.ts'
import '#playback/player/player.css'
import { Empty, Loading } from '../shared/empty.tsx'
import { useTitle } from '../shared/use-title.ts'
import { useDiscoveryDoor } from './impressions.ts'
import { PLAY, type PlaySession, TITLE } from './queries.ts'
import { Row } from './row.tsx'
import './viewer.css'

export function WatchPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  return <Watch key={id} id={id} />
}

function Watch({ id }: { readonly id: string }) {
  const { from, t } = useSearch({ strict: false }) as { from?: string; t?: number }
  const client = useClient()
  const [session, setSession] = useState<PlaySession | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [ended, setEnded] = useState(false)
  const [{ data }] = useQuery({ query: TITLE, variables: { id } })
  useDiscoveryDoor()
  useTitle(data?.title?.name)
  useEffect(() => {
    let left = false
    void client
      .mutation(PLAY, { titleId: id, recommendationId: from ?? null })
      .toPromise()
      .then(({ data: opened, error }) => {
        if (left) return
        if (opened != null) setSession(opened.createPlaySession)
        else setProblem(error?.graphQLErrors[0]?.message ?? 'The platform did not answer.')
      })
    return () => {
      left = true
    }
  }, [client, id, from])
  if (problem !== null) {
    return (
      <Empty
        title="This does not play"
        action={
          <Button component={Link} to={`/title/${id}` as never} variant="default">
            About the title
          </Button>
        }
      >
        {problem}
      </Empty>
    )
  }
  const title = data?.title
  const next = data?.recommendations.rows.flatMap((row) => row.slots).find((slot) => slot.title.playable)
  return (
    <Stack gap="lg" className="sv-page">
      {session === null ? (
        <div className="sv-stage" aria-busy="true" />
      ) : (
        <Stage
          session={session}
          name={title?.name ?? ''}
          startMs={t === undefined ? null : Number(t) * 1000}
          onEnded={() => setEnded(true)}
        />
      )}
      {title === undefined ? (
        <Loading />
      ) : (
        title !== null && (
          <Group justify="space-between" align="flex-start">
            <div>
              <Title order={1} size="h3">
                {title.name}
              </Title>
              <Text size="sm" c="dimmed">
                {title.creator.name} ·{' '}
                <Anchor underline="always" component={Link} to={`/title/${id}` as never}>
                  About it
                </Anchor>
              </Text>
            </div>
            {ended && next !== undefined && (
              <Button
                component={Link}
                to={`/watch/${next.title.id}?from=${data?.recommendations.id}` as never}
              >
                Next: {next.title.name}
              </Button>
            )}
          </Group>
        )
      )}
      {data?.recommendations.rows.map((row) => (
        <Row key={row.key} row={row} slateId={data.recommendations.id} surface="title" />
      ))}
    </Stack>
  )
}

type StageProps = {
  readonly session: PlaySession
  readonly name: string
  readonly startMs: number | null
  readonly onEnded: () => void
}

/** Holds the player's element; the player lives as long as the session does. */
function Stage({ session, name, startMs, onEnded }: StageProps) {
  const holder = useRef<HTMLDivElement>(null)
  const ended = useRef(onEnded)
  const words = useRef({ name, startMs })
  useEffect(() => {
    ended.current = onEnded
    words.current = { name, startMs }
  }, [onEnded, name, startMs])
  useEffect(() => {
    if (holder.current === null) return
    const player = createPlayer(holder.current, {
      session: {
        ...session,
        titleName: words.current.name,
        resumeMs: words.current.startMs ?? session.resumeMs,
      },
      autoplay: true,
      onEnded: () => ended.current(),
    })
    return () => void player.destroy()
  }, [session])
  return <div className="sv-stage" ref={holder} />
}
