/** Everything that follows from the events of some views: their rows, whose viewers were too quick, which came late. */
import type { Clock } from '#base/clock.ts'
import type { StoredEvent } from '#events/define.ts'
import { noteLateViews } from '#pipelines/late-views.ts'
import { buildReportedViews } from '#pipelines/reported-views.ts'
import { flagRushed } from '#pipelines/rushed-viewers.ts'
import type { TouchedView } from '#pipelines/views-find.ts'
import { rebuildViews } from '#pipelines/views-sql.ts'
import { wasOverMemory } from '#storage/warehouse/errors.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

/** Views built by one statement. */
export const ROUND = 2000
const OPTIONS = { timeoutMs: 120_000 }

export type BuildPorts = {
  readonly warehouse: Warehouse
  readonly clock: Clock
  /** Hears what happened in views that players of others reported. */
  readonly onTold: (events: readonly StoredEvent[]) => Promise<void>
}

function* partsOf(keys: readonly TouchedView[]): Generator<readonly TouchedView[]> {
  for (let at = 0; at < keys.length; at += ROUND) yield keys.slice(at, at + ROUND)
}

/** Views of very many events are built in smaller parts, down to one by one. */
async function rebuild(warehouse: Warehouse, keys: readonly TouchedView[], now: number): Promise<void> {
  try {
    await warehouse.command(rebuildViews(keys, now), OPTIONS)
  } catch (error) {
    if (keys.length === 1 || !wasOverMemory(error)) throw error
    const half = keys.length >> 1
    await rebuild(warehouse, keys.slice(0, half), now)
    await rebuild(warehouse, keys.slice(half), now)
  }
}

/** Builds the rows of the views again, whole; resolves when they can be read. They are to be settled before long. */
export async function buildViews(
  { warehouse, clock, onTold }: BuildPorts,
  keys: readonly TouchedView[],
): Promise<void> {
  for (const part of partsOf(keys)) {
    await rebuild(warehouse, part, clock.now())
    const reported = part.filter((key) => key.reported)
    await buildReportedViews({ warehouse, onTold }, reported, clock.now())
  }
}

/** What hangs on more than one view, or on when its events came: judged of views that were built since it was last. */
export async function settleViews(warehouse: Warehouse, keys: readonly TouchedView[]): Promise<void> {
  for (const part of partsOf(keys)) {
    await flagRushed(warehouse, part)
    const late = part.filter((key) => key.late)
    if (late.length > 0) await warehouse.command(noteLateViews(late), OPTIONS)
  }
}
