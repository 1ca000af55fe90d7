/** Everything that follows from the events of some views: their rows, whose viewers were too quick, which came late. */
import type { Clock } from '#base/clock.ts'
import type { StoredEvent } from '#events/define.ts'
import { noteLateViews } from '#pipelines/late-views.ts'
import { buildReportedViews } from '#pipelines/reported-views.ts'
import { flaggedHours, flagRushed } from '#pipelines/rushed-viewers.ts'
import type { TouchedView } from '#pipelines/views-find.ts'
import { rebuildViews } from '#pipelines/views-sql.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

/** Views built by one statement. */
export const ROUND = 2000

export type BuildPorts = {
  readonly warehouse: Warehouse
  readonly clock: Clock
  /** Hears what happened in views that players of others reported. */
  readonly onTold: (events: readonly StoredEvent[]) => Promise<void>
}

/** Builds the rows of the views again, whole; resolves when they can be read. */
export async function buildViews(
  { warehouse, clock, onTold }: BuildPorts,
  keys: readonly TouchedView[],
): Promise<void> {
  const options = { timeoutMs: 120_000 }
  for (let at = 0; at < keys.length; at += ROUND) {
    const part = keys.slice(at, at + ROUND)
    const flagged = await warehouse.query(flaggedHours(part), options)
    await warehouse.command(rebuildViews(part, clock.now()), options)
    const reported = part.filter((key) => key.reported)
    await buildReportedViews({ warehouse, onTold }, reported, clock.now())
    await flagRushed(warehouse, part, flagged)
    const late = part.filter((key) => key.late)
    if (late.length > 0) await warehouse.command(noteLateViews(late), options)
  }
}
