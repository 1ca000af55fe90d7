/** Builds the views of a warehouse that has none or not all: after a replay, and of what was known at some instant. */
import type { Clock } from '#base/clock.ts'
import { buildViews, ROUND, settleViews } from '#pipelines/build-views.ts'
import { everyView, type TouchedView } from '#pipelines/views-find.ts'
import type { Statement, Warehouse } from '#storage/warehouse/warehouse.ts'

export type BuildEveryView = {
  readonly warehouse: Warehouse
  readonly clock: Clock
  /** Which; without it every one. */
  readonly views?: Statement<TouchedView>
  /** More views than this are not begun with: the answer is their number. */
  readonly most?: number
  readonly onProgress?: (built: number, of: number) => void
}

/** The tables of views are there. Answers how many views there are; all of them can be read, unless they are more than `most`. */
export async function buildEveryView(options: BuildEveryView): Promise<number> {
  const { warehouse, clock, views: wanted = everyView, most = Number.POSITIVE_INFINITY, onProgress } = options
  const views = await warehouse.query(wanted, { timeoutMs: 600_000 })
  if (views.length > most) return views.length
  for (let at = 0; at < views.length; at += ROUND) {
    const part = views.slice(at, at + ROUND)
    await buildViews({ warehouse, clock, onTold: async () => {} }, part)
    await settleViews(warehouse, part)
    onProgress?.(Math.min(at + ROUND, views.length), views.length)
  }
  return views.length
}
