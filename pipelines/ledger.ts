/**
 * The ledger: what the collector said it took in, beside what the warehouse holds. Promises: survives restarts, since
 * both sides are tables; a minute is judged when it is over and all of it is in the warehouse, never before.
 */
import type { Clock } from '#base/clock.ts'
import { LEDGER_DAYS } from '#events/ledger.ts'
import { HOUR_MS, type LedgerBook, MINUTE_MS, minuteOf } from '#pipelines/ledger-book.ts'
import { judge, type LedgerMinute, type SilentEnd, surplusOf } from '#pipelines/ledger-judgement.ts'
import { type LedgerPage, type LedgerTotals, pageOf, totalsOf } from '#pipelines/ledger-page.ts'
import {
  doubledRows,
  type LedgerRange,
  lastWords,
  ledgerMinutes,
  ledgerRuns,
  ledgerTotals,
  type MinuteRow,
  repeatedEvents,
} from '#pipelines/ledger-sql.ts'
import type { Statement, Warehouse } from '#storage/warehouse/warehouse.ts'

export type Ledger = {
  /** The tenant's minutes in which something was said or is there, oldest first. */
  minutes(tenantId: string, from: number, to: number): Promise<LedgerMinute[]>
  /** The same by steps of whole minutes, with their sums and the minutes that do not balance. */
  page(tenantId: string, from: number, to: number, stepMs: number): Promise<LedgerPage>
  /** Events of the tenant's minutes whose id had been there before. */
  repeated(tenantId: string, from: number, to: number): Promise<number>
  /** Per tenant over all minutes compared, at most some seconds old: for those who watch. */
  totals(): Promise<ReadonlyMap<string, LedgerTotals>>
}

const TIMEOUT_MS = 30_000
const SHARE_MS = 5000
/** Minutes older than the hour before this one are counted whole each hour, or when one of them has changed. */
const RECOUNT_MS = 60_000
/** Of surplus minutes this many are looked at closely; a platform with more has other worries. */
const MAX_CLOSE = 200

export function createLedger(ports: {
  readonly warehouse: Pick<Warehouse, 'query'>
  readonly book: LedgerBook
  readonly run: { readonly runId: string; readonly beganAt: number }
  /** Everything appended to the log before this instant is in the warehouse. */
  readonly sinkCaughtUpTo: () => number
  readonly clock: Clock
}): Ledger {
  const { warehouse, book, run, sinkCaughtUpTo, clock } = ports
  const ask = <T>(statement: Statement<T>): Promise<T[]> =>
    warehouse.query(statement, { timeoutMs: TIMEOUT_MS })

  const silentEnds = async (from: number): Promise<SilentEnd[]> => {
    // The run that was going on when the range began may have begun long before.
    const runs = await ask(ledgerRuns(Math.min(from, clock.now() - LEDGER_DAYS * 24 * HOUR_MS)))
    const silent = runs.filter(({ runId, ended }) => !ended && runId !== run.runId)
    if (silent.length === 0) return []
    const last = new Map(
      (await ask(lastWords(silent.map(({ runId }) => runId)))).map((one) => [one.runId, one.at]),
    )
    return silent.map((one) => ({
      lastWordAt: last.get(one.runId) ?? one.beganAt,
      until: runs[runs.indexOf(one) + 1]?.beganAt ?? run.beganAt,
    }))
  }
  /** What was open before or after the tables were read may be half read. */
  const read = async (statement: Statement<MinuteRow>, from: number): Promise<LedgerMinute[]> => {
    const openNow = (): ((at: number) => boolean) => {
      const caughtUpTo = sinkCaughtUpTo()
      const unsettled = book.open(caughtUpTo)
      // A word of an earlier run may still be on its way.
      if (caughtUpTo < run.beganAt) return (at) => at !== 0
      const current = minuteOf(clock.now())
      return (at) => at >= current || unsettled.has(at)
    }
    const before = openNow()
    const rows = await ask(statement)
    const after = openNow()
    const isOpen = ({ at }: MinuteRow): boolean => before(at) || after(at)
    const surplus = rows.filter((row) => surplusOf(row) > 0 && !isOpen(row)).slice(0, MAX_CLOSE)
    const ends = surplus.length > 0 ? await silentEnds(from) : []
    const doubled = new Map<MinuteRow, number>()
    for (const row of surplus) {
      const minute = { tenantId: row.tenantId, from: row.at, to: row.at + MINUTE_MS }
      const [found] = await ask(doubledRows(minute))
      doubled.set(row, found?.doubled ?? 0)
    }
    return rows.map((row) =>
      judge(row, { isOpen: isOpen(row), doubled: doubled.get(row) ?? 0, silentEnds: ends }),
    )
  }
  const readTotals = (from: number, to: number): Promise<LedgerMinute[]> =>
    read(ledgerTotals({ tenantId: null, from, to }), from)

  type Counted = {
    readonly minutes: readonly LedgerMinute[]
    readonly to: number
    readonly late: number
    readonly at: number
  }
  let older: Counted | undefined
  /** Minutes that no longer change of themselves, counted seldom. */
  const readOlder = async (to: number, from: number): Promise<readonly LedgerMinute[]> => {
    const now = clock.now()
    const isStale =
      older === undefined ||
      older.to !== to ||
      (now - older.at > RECOUNT_MS &&
        (older.late !== book.late() || older.minutes.some(({ state }) => state === 'open')))
    if (isStale) {
      const late = book.late()
      older = { minutes: await readTotals(from, to), to, late, at: now }
    }
    return older?.minutes ?? []
  }
  const countTotals = async (): Promise<ReadonlyMap<string, LedgerTotals>> => {
    const now = clock.now()
    const boundary = now - (now % HOUR_MS) - HOUR_MS
    const from = minuteOf(now - LEDGER_DAYS * 24 * HOUR_MS)
    const minutes = [...(await readOlder(boundary, from)), ...(await readTotals(boundary, now + MINUTE_MS))]
    const byTenant = Map.groupBy(minutes, ({ tenantId }) => tenantId)
    return new Map([...byTenant].map(([tenantId, own]) => [tenantId, totalsOf(own)]))
  }
  let shared: { readonly at: number; readonly answer: ReturnType<Ledger['totals']> } | undefined

  const range = (tenantId: string, from: number, to: number): LedgerRange => ({
    tenantId,
    from: minuteOf(from),
    to: minuteOf(to + MINUTE_MS - 1),
  })
  const minutes: Ledger['minutes'] = (tenantId, from, to) =>
    read(ledgerMinutes(range(tenantId, from, to)), from)
  return {
    minutes,
    page: async (tenantId, from, to, stepMs) => pageOf(await minutes(tenantId, from, to), stepMs),
    repeated: async (tenantId, from, to) =>
      (await ask(repeatedEvents(range(tenantId, from, to))))[0]?.repeated ?? 0,
    totals: () => {
      const now = clock.now()
      if (shared === undefined || now - shared.at > SHARE_MS) {
        const answer = countTotals()
        shared = { at: now, answer }
        // A failure is told to those who ask, and not kept.
        answer.catch(() => {
          shared = undefined
        })
      }
      return shared.answer
    },
  }
}
