/** Titles removed long ago lose their video for good; until then a removal can be taken back. */
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Catalog } from '#domains/catalog/index.ts'
import type { Playback } from '#playback/playback.ts'

const KEPT_MS = 30 * 86_400_000
const EVERY_MS = 3_600_000

export type RemovedTitlesPorts = {
  readonly catalog: Pick<Catalog, 'removedBefore' | 'setStatus'>
  readonly playback: Pick<Playback, 'job' | 'remove'>
  readonly clock: Clock
}

/** Resolves to how many titles lost their video. A title taken back afterwards waits for a new upload. */
export async function purgeRemoved({ catalog, playback, clock }: RemovedTitlesPorts): Promise<number> {
  let purged = 0
  for (const { tenantId, id } of await catalog.removedBefore(clock.now() - KEPT_MS)) {
    if ((await playback.job(tenantId, id)) === null) continue
    await catalog.setStatus(tenantId, id, 'draft')
    await playback.remove(tenantId, id)
    purged++
  }
  return purged
}

/** Looks now and every hour. */
export function keepPurging(ports: RemovedTitlesPorts, log: Log): { close(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve()
  const look = (): void => {
    running = purgeRemoved(ports).then(
      (purged) => purged > 0 && log.info({ purged }, 'removed titles lost their video for good'),
      (error: unknown) => log.warn({ err: error }, 'removed titles were not purged'),
    )
  }
  look()
  const timer = setInterval(look, EVERY_MS).unref()
  return {
    close: async () => {
      clearInterval(timer)
      await running
    },
  }
}
