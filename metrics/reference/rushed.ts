/** Rule 11, across views: a viewer who begins or watches more within an hour of the clock than a person can. */
import type { ReferenceView } from '#metrics/reference/view.ts'

const HOUR = 3_600_000

/** The views of one tenant, with those of rushed viewers flagged. */
export function flagRushed<V extends ReferenceView>(views: readonly V[]): V[] {
  const hourOf = ({ viewerKey, startedAt }: V): string => `${viewerKey} ${Math.floor(startedAt / HOUR)}`
  const hours = Map.groupBy(
    views.filter(({ viewerKey }) => viewerKey !== null),
    hourOf,
  )
  const isRushed = (view: V): boolean => {
    const all = view.viewerKey === null ? [] : (hours.get(hourOf(view)) ?? [])
    const watched = all.reduce((sum, one) => sum + one.watchMs, 0)
    const from = all.reduce((least, one) => Math.min(least, one.startedAt), Number.POSITIVE_INFINITY)
    const to = all.reduce((last, one) => Math.max(last, one.endedAt), Number.NEGATIVE_INFINITY)
    return all.length > 240 || watched > 8 * Math.max(HOUR, to - from)
  }
  return views.map((view) => (isRushed(view) ? { ...view, rushed: true, bot: true } : view))
}
