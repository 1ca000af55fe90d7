/** A title as a card: picture, name, length, how far it was watched; simulated titles say so. */
import { IconPlayerPlayFilled } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { MouseEvent } from 'react'
import { useClient } from 'urql'
import { formatDuration } from '../shared/format.ts'
import { type Place, type Surface, sayClicked, useImpression } from './impressions.ts'
import { titlePath, watchPath } from './play-link.tsx'
import { progressOf } from './progress.ts'
import type { CardTitle } from './queries.ts'
import { askToPlay, warmUp } from './warm.ts'

type CardProps = {
  readonly title: CardTitle
  /** Where it stands in a slate; null in lists nobody ranked. */
  readonly place: Place | null
  readonly surface?: Surface
  /** Straight to the player where there is something to go on with. */
  readonly resume?: boolean
}

export function Card({ title, place, surface = 'home', resume = false }: CardProps) {
  const ref = useImpression<HTMLAnchorElement>(place, surface)
  const client = useClient()
  const { id, name, posterUrl, durationMs, simulated, playable, creator } = title
  const progress = progressOf(title)
  const slateId = place?.slateId ?? null
  const plays = resume && playable
  const likely = (): void => {
    if (plays) warmUp(client, id, slateId)
  }
  const opened = ({ timeStamp }: MouseEvent): void => {
    if (place !== null) sayClicked(place, surface)
    if (plays) askToPlay(id, timeStamp)
  }
  return (
    <Link
      ref={ref}
      to={(plays ? watchPath(id, slateId) : titlePath(id, slateId)) as never}
      className="sv-card"
      onClick={opened}
      onPointerEnter={likely}
      onFocus={likely}
    >
      <span className="sv-picture">
        <img src={posterUrl} alt="" loading="lazy" decoding="async" width={320} height={180} />
        {simulated && <span className="sv-badge">Simulated</span>}
        {playable && (
          <span className="sv-glyph" aria-hidden="true">
            <IconPlayerPlayFilled size={20} />
          </span>
        )}
        {durationMs !== null && progress === null && (
          <span className="sv-length">{formatDuration(durationMs)}</span>
        )}
        {progress !== null && (
          <span className="sv-progress">
            <span style={{ width: `${Math.max(3, progress.share * 100)}%` }} />
          </span>
        )}
      </span>
      <span className="sv-name">{name}</span>
      <span className="sv-by">
        {progress === null ? creator.name : `${formatDuration(progress.leftMs)} left · ${creator.name}`}
      </span>
    </Link>
  )
}
