/** The way to the player. Remembers when it was pressed, so that the wait counts from there. */
import { Button, type ButtonProps } from '@mantine/core'
import { IconPlayerPlayFilled } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { CardTitle } from './queries.ts'
import { askToPlay } from './warm.ts'

type PlayLinkProps = ButtonProps & {
  readonly title: Pick<CardTitle, 'id'>
  /** The slate that led here. */
  readonly slateId: string | null
  readonly children: ReactNode
}

export const watchPath = (titleId: string, slateId: string | null): string =>
  `/watch/${titleId}${slateId === null ? '' : `?from=${encodeURIComponent(slateId)}`}`

export const titlePath = (titleId: string, slateId: string | null): string =>
  `/title/${titleId}${slateId === null ? '' : `?from=${encodeURIComponent(slateId)}`}`

export function PlayLink({ title, slateId, children, ...button }: PlayLinkProps) {
  return (
    <Button
      component={Link}
      to={watchPath(title.id, slateId) as never}
      leftSection={<IconPlayerPlayFilled size={18} />}
      onClick={(event: React.MouseEvent) => askToPlay(title.id, event.timeStamp)}
      {...button}
    >
      {children}
    </Button>
  )
}
