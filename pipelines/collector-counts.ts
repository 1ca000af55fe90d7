/**
 * What became of everything that came to the collector's door and of what our own parts said, counted when the log is
 * durable: in all since the start, and by tenant and minute for the ledger (`ledger-words.ts` says those).
 * Promise: for each tenant and minute, accepted = stored + duplicate + the sum over deadLettered.
 */
import {
  type Added,
  addTo,
  createLedgerBook,
  type LedgerBook,
  type TenantCounts,
  zeroCounts,
} from '#pipelines/ledger-book.ts'

export type CollectorCounts = {
  readonly tenants: Readonly<Record<string, Readonly<TenantCounts>>>
  /** Whole batches turned away, by code of the refusal. */
  readonly refused: Readonly<Record<string, number>>
  readonly inFlightBytes: number
}

export type Counting = {
  add(tenantId: string, receivedAt: number, added: Added): void
  refuse(code: string): void
  snapshot(inFlightBytes: number): CollectorCounts
  readonly book: LedgerBook
}

export function createCounting(): Counting {
  const tenants = new Map<string, TenantCounts>()
  const refused = new Map<string, number>()
  const book = createLedgerBook()
  return {
    add: (tenantId, receivedAt, added) => {
      let counts = tenants.get(tenantId)
      if (counts === undefined) tenants.set(tenantId, (counts = zeroCounts()))
      addTo(counts, added)
      book.add(tenantId, receivedAt, added)
    },
    refuse: (code) => {
      refused.set(code, (refused.get(code) ?? 0) + 1)
    },
    snapshot: (inFlightBytes) => ({
      tenants: structuredClone(Object.fromEntries(tenants)),
      refused: Object.fromEntries(refused),
      inFlightBytes,
    }),
    book,
  }
}
