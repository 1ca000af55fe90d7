/** Appends that belong together but go to several places: durable as one, or an error that says what of them is. */
import type { EventRun } from '#events/run.ts'
import { PartlyStored } from '#storage/event-log/errors.ts'

/** Resolves when every append has; `appends[i]` is of `runs[i]`. Waits for all before it rejects. */
export async function allStored(runs: readonly EventRun[], appends: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(appends)
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed === undefined) return
  const stored = runs.flatMap((run, i) => {
    const end = ends[i]
    if (end?.status === 'fulfilled') return [run]
    return end?.reason instanceof PartlyStored ? end.reason.stored : []
  })
  throw stored.length === 0 ? failed.reason : new PartlyStored(stored, failed.reason)
}
