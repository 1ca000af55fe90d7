/** A title as a card: picture, name, length, how far it was watched; simulated titles say so. */
import { Link } from '@tanstack/react-router'
import { formatDuration } from '../shared/format.ts'
import { type Place, sayClicked, useImpression } from './impressions.ts'
import type { CardTitle } from './queries.ts'

type CardProps = {
  readonly title: CardTitle
  /** Where it stands in a slate; null in lists nobody ranked. */
  readonly place: Place | null
  readonly surface?: 'home' | 'title'
  /** Straight to the player where there is something to go on with. */
  readonly resume?: boolean
}

export function Card({ title, place, surface = 'home', resume = false }: CardProps) {
  const ref = useImpression<HTMLAnchorElement>(place, surface)
  const { id, name, posterUrl, durationMs, simulated, playable, creator } = title
  const share =
    title.resume === null || title.resume.completed || durationMs === null
      ? 0
      : Math.min(1, title.resume.positionMs / durationMs)
  const href = `${resume && playable ? '/watch' : '/title'}/${id}${place === null ? '' : `?from=${place.slateId}`}`
  return (
    <Link
      ref={ref}
      to={href as never}
      className="sv-card"
      onClick={() => {
        if (place !== null) sayClicked(place, surface)
      }}
    >
      <span className="sv-picture">
        <img src={posterUrl} alt="" loading="lazy" width={320} height={180} />
        {durationMs !== null && <span className="sv-length">{formatDuration(durationMs)}</span>}
        {simulated && <span className="sv-badge">Simulated</span>}
        {share > 0 && (
          <span className="sv-progress">
            <span style={{ width: `${Math.max(3, share * 100)}%` }} />
          </span>
        )}
      </span>
      <span className="sv-name">{name}</span>
      <span className="sv-by">
        {creator.name}
        {share > 0 && durationMs !== null && ` · ${formatDuration(durationMs - share * durationMs)} left`}
      </span>
    </Link>
  )
}
