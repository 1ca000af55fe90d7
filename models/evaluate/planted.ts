/**
 * A small world with known tastes, for tests and benches: titles belong to one taste each, some are loved by all,
 * and each viewer watches mostly from their own tastes, over a stretch of days.
 */
import { createRandom } from '#base/random.ts'
import { encodeInteractions, type InteractionRow, type Interactions } from '#features/interactions.ts'

export type PlantedWorld = {
  readonly interactions: Interactions
  readonly tasteOfTitle: ReadonlyMap<string, number>
  readonly tastesOfViewer: ReadonlyMap<string, readonly number[]>
}

const DAY = 86_400_000
const padded = (n: number): string => String(n).padStart(5, '0')

export function plantWorld(options: {
  readonly viewers: number
  readonly titles: number
  readonly tastes: number
  readonly plays: number
  readonly seed: number
  /** Share of plays that follow taste; the rest follow popularity alone. */
  readonly loyalty?: number
  readonly beganAt?: number
  readonly days?: number
}): PlantedWorld {
  const { viewers, titles, tastes, plays } = options
  const random = createRandom(options.seed)
  const loyalty = options.loyalty ?? 0.75
  const tasteOfTitle = new Map(Array.from({ length: titles }, (_, t) => [`title-${padded(t)}`, t % tastes]))
  const ids = [...tasteOfTitle.keys()]
  const byTaste = Array.from({ length: tastes }, (_, taste) =>
    ids.filter((id) => tasteOfTitle.get(id) === taste),
  )
  const skewed = (list: readonly string[]): string =>
    list[Math.floor(list.length * random.next() ** 2)] as string
  const tastesOfViewer = new Map<string, readonly number[]>()
  const rows: InteractionRow[] = []
  for (let v = 0; v < viewers; v++) {
    const viewerKey = `viewer-${padded(v)}`
    const own = tastes <= 2 ? [v % tastes] : [random.below(tastes), random.below(tastes)]
    tastesOfViewer.set(viewerKey, own)
    const watched = new Set<string>()
    const mine = Math.round((plays / viewers) * (0.3 + 1.4 * random.next()))
    for (let n = 0; n < mine; n++) {
      const titleId = skewed(random.next() < loyalty ? (byTaste[random.pick(own)] as string[]) : ids)
      if (watched.has(titleId)) continue
      watched.add(titleId)
      const at = (options.beganAt ?? 0) + Math.floor(random.next() * (options.days ?? 28) * DAY)
      rows.push({ viewerKey, titleId, at, strength: 0.5 + 0.5 * random.next() })
    }
  }
  rows.sort((a, b) => a.at - b.at || (a.viewerKey < b.viewerKey ? -1 : 1))
  return { interactions: encodeInteractions(rows), tasteOfTitle, tastesOfViewer }
}
