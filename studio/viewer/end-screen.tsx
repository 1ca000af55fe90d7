/** After the end: what comes next, by itself after a moment unless the viewer says no. */
import { Button, Group, Text } from '@mantine/core'
import { IconPlayerPlayFilled, IconRefresh } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useClient } from 'urql'
import { formatDuration } from '../shared/format.ts'
import { watchPath } from './play-link.tsx'
import type { CardTitle } from './queries.ts'
import { askToPlay, warmUp } from './warm.ts'

const COUNT_SECONDS = 8

type EndScreenProps = {
  /** What to offer; null when there is nothing more to play. */
  readonly next: CardTitle | null
  readonly slateId: string
  readonly onAgain: () => void
}

export function EndScreen({ next, slateId, onAgain }: EndScreenProps) {
  const navigate = useNavigate()
  const client = useClient()
  const [left, setLeft] = useState(next === null ? null : COUNT_SECONDS)
  const nextId = next?.id
  useEffect(() => {
    if (nextId !== undefined) warmUp(client, nextId, slateId)
  }, [client, nextId, slateId])
  useEffect(() => {
    if (left === null || nextId === undefined) return
    if (left === 0) {
      void navigate({ href: watchPath(nextId, slateId) })
      return
    }
    const timer = setTimeout(() => setLeft(left - 1), 1000)
    return () => clearTimeout(timer)
  }, [left, nextId, slateId, navigate])
  const again = (
    <Button
      variant="default"
      className={next === null ? 'sv-glass' : 'sv-glass sv-end-again'}
      leftSection={<IconRefresh size={18} />}
      onClick={onAgain}
    >
      Watch again
    </Button>
  )
  if (next === null) return <div className="sv-end">{again}</div>
  const play = (timeStamp: number): void => {
    askToPlay(next.id, timeStamp)
    void navigate({ href: watchPath(next.id, slateId) })
  }
  return (
    <section className="sv-end" aria-label="Up next">
      <div className="sv-end-card">
        <span className="sv-picture">
          <img src={next.posterUrl} alt="" />
          {next.durationMs !== null && <span className="sv-length">{formatDuration(next.durationMs)}</span>}
        </span>
        <div>
          <Text size="sm" fw={600} role="timer">
            {left === null ? 'Up next' : `Up next in ${left}`}
          </Text>
          <Text fw={650} size="xl" lineClamp={2} className="sv-end-name">
            {next.name}
          </Text>
          <Text size="sm" className="sv-end-by">
            {next.creator.name}
          </Text>
        </div>
      </div>
      <Group gap="sm" justify="center">
        <Button
          color="gray.0"
          c="dark.9"
          leftSection={<IconPlayerPlayFilled size={18} />}
          onClick={(event) => play(event.timeStamp)}
        >
          Play now
        </Button>
        {left !== null && (
          <Button className="sv-glass" variant="default" onClick={() => setLeft(null)}>
            Stay here
          </Button>
        )}
        {again}
      </Group>
    </section>
  )
}
