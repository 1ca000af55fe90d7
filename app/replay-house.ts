/** What a replay works on: the stores of a platform that is stopped, first brought up to date as a start would. */
import { refusals } from '#app/errors.ts'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { streams } from '#events/registry.ts'
import { openProjection } from '#pipelines/projection.ts'
import { type Replay, replay } from '#pipelines/replay.ts'
import type { Storage } from '#storage/open.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'

type Stores = Pick<Storage, 'attached' | 'eventLog' | 'warehouse'>

/** Everything in the log is in the tables, views included, when it resolves. */
async function bringUpToDate(
  { eventLog, warehouse }: Stores,
  ports: { clock: Clock; log: Log },
): Promise<void> {
  await ensureStreamTables(warehouse)
  const projection = await openProjection({ ...ports, eventLog, warehouse, streams })
  try {
    await projection.caughtUp()
  } finally {
    await projection.close()
  }
}

export async function replayStores(
  stores: Stores,
  ports: { clock: Clock; log: Log },
  onProgress: (table: string, done: number, of: number) => void,
): Promise<Replay> {
  if (stores.attached) throw new Refusal(refusals.mustStop, 'A platform is running on this data.')
  await bringUpToDate(stores, ports)
  const { eventLog, warehouse } = stores
  return replay({ eventLog, warehouse, streams, clock: ports.clock, onProgress })
}
