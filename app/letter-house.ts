/** What replaying dead letters needs where no platform runs: a collector for them, its ledger, and the way to the warehouse. */
import type { Clock } from '#base/clock.ts'
import { createClosing } from '#base/closing.ts'
import { uuidv7 } from '#base/ids.ts'
import { silentLog } from '#base/log.ts'
import type { ReadGrant } from '#events/grants.ts'
import { streams } from '#events/registry.ts'
import { createCollector } from '#pipelines/collect.ts'
import { startLedgerWords } from '#pipelines/ledger-words.ts'
import { createLetters, type Letters } from '#pipelines/letters.ts'
import { openWarehouseSink } from '#pipelines/warehouse-sink.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export async function openLetterHouse(parts: {
  readonly warehouse: Warehouse
  readonly eventLog: EventLog
  readonly readGrant: ReadGrant
  readonly clock: Clock
}): Promise<{ readonly letters: Letters; close(): Promise<void> }> {
  const { warehouse, eventLog, readGrant, clock } = parts
  const log = silentLog
  const ids = (): string => uuidv7(clock.now())
  const closing = createClosing((name, error) => log.error({ err: error }, `${name} could not be closed`))
  // Letters know their tenant: no write key is asked for.
  const collector = createCollector({
    eventLog,
    readGrant,
    findTenantByWriteKey: async () => null,
    clock,
    log,
  })
  const words = startLedgerWords({ book: collector.book, eventLog, clock, ids, log })
  closing.add('ledger', () => words.close())
  const sink = await openWarehouseSink({ eventLog, warehouse, streams, clock, log })
  closing.add('warehouse sink', () => sink.close())
  return {
    letters: createLetters({ warehouse, collector, caughtUp: sink.caughtUp, clock, ids }),
    close: () => closing.close(),
  }
}
