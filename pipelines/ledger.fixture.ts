/** A collector on a real log, warehouse and ledger for tests; killed by leaving it, opened again on the same folder. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { type Clock, systemClock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import { silentLog } from '#base/log.ts'
import { streams } from '#events/registry.ts'
import { UA } from '#pipelines/collect.fixture.ts'
import { createCollector } from '#pipelines/collect.ts'
import type { CollectorLimits } from '#pipelines/collector-limits.ts'
import { createLedger } from '#pipelines/ledger.ts'
import { minuteOf } from '#pipelines/ledger-book.ts'
import { startLedgerWords } from '#pipelines/ledger-words.ts'
import { createLetters } from '#pipelines/letters.ts'
import { openWarehouseSink } from '#pipelines/warehouse-sink.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export const common = {
  sid: 'sid-1',
  playerId: 'player-1',
  state: 'playing',
  playheadMs: 1000,
  rate: 1,
  visible: true,
  deviceKind: 'desktop',
  playerName: 'test',
  playerVersion: '1',
  surface: 'watch',
}
/** Begin of the tests: ten seconds into a minute. */
export const NOW = minuteOf(Date.now()) + 10_000

/** A folder, a warehouse and a clock that goes on by itself from where it is set. */
export async function openHouse(t: TestContext) {
  const dir = mkdtempSync(path.join(tmpdir(), 'ledger-'))
  const warehouse = await openChdb({ dir: path.join(dir, 'warehouse'), log: silentLog })
  let now = NOW
  const clock = {
    now: () => now++,
    set: (at: number) => {
      now = Math.max(now, at)
    },
  }
  t.after(async () => {
    await warehouse.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const open = (more: Partial<Parameters<typeof openLedgerParts>[0]> = {}) =>
    openLedgerParts({ dir, warehouse, clock, ...more })
  return { warehouse, clock, open }
}

/** Tokens are `<kind> <tenant>`. */
const readGrant = async (token: string) => {
  const [kind, tenantId] = token.split(' ') as [string, string]
  const span = { tenantId, issuedAt: 0, expiresAt: 9e12 }
  if (kind === 'import') return { kind: 'import', ...span } as const
  const rest = { playId: 'p', titleId: 't', viewerKey: 'v', kids: false, recommendationId: null }
  return { kind: 'play', ...rest, ...span } as const
}

export async function openLedgerParts(options: {
  readonly dir: string
  readonly warehouse: Warehouse
  readonly clock?: Clock
  readonly lateMs?: number
  readonly limits?: Partial<CollectorLimits>
  /** What the collector sees of the log. */
  readonly through?: (log: EventLog) => Pick<EventLog, 'append'>
}) {
  const { dir, warehouse, clock = systemClock, through = (log) => log } = options
  const log = silentLog
  const eventLog = await openSegmentLog({ dir: path.join(dir, 'log'), streams, clock, log })
  await ensureStreamTables(warehouse)
  const ids = (): string => uuidv7(Date.now())
  const collector = createCollector({
    eventLog: through(eventLog),
    readGrant,
    findTenantByWriteKey: async (key) => ({ id: key }),
    clock,
    log,
    ...(options.lateMs === undefined ? {} : { window: { lateMs: options.lateMs } }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  })
  const { book } = collector
  // Said when a test says so.
  const words = startLedgerWords({ book, eventLog, clock, ids, log, everyMs: 1e9 })
  const sink = await openWarehouseSink({ eventLog, warehouse, streams, clock, log })
  const ledger = createLedger({ warehouse, book, run: words, sinkCaughtUpTo: sink.caughtUpTo, clock })
  const letters = createLetters({ warehouse, collector, caughtUp: sink.caughtUp, clock, ids })
  return {
    eventLog,
    letters,
    collector,
    words,
    sink,
    ledger,
    send: (events: readonly unknown[], tenant = 'acme', more: object = {}) =>
      collector.collect({
        body: Buffer.from(
          JSON.stringify({
            writeKey: tenant,
            token: `play ${tenant}`,
            sentAt: clock.now(),
            common,
            events,
            ...more,
          }),
        ),
        userAgent: UA,
      }),
    /** What the collector said is in the warehouse, and known to be. */
    settle: async () => {
      await words.say()
      const saidAt = clock.now()
      await sink.caughtUp()
      while (sink.caughtUpTo() <= saidAt) await new Promise((resolve) => setTimeout(resolve, 20))
    },
    /** As a kill leaves it: nothing more is said. */
    leave: async () => {
      await sink.close()
      await eventLog.close()
    },
    close: async () => {
      await words.close()
      await sink.close()
      await eventLog.close()
    },
  }
}
