/**
 * What became of everything that came to the collector's door, counted from its start.
 * Promise: for each tenant, accepted = stored + duplicate + the sum over deadLettered.
 */
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '#events/dead-letters.ts'

export type TenantCounts = {
  /** Events of batches that were answered with 2xx. */
  accepted: number
  stored: number
  /** Same id and same payload as one stored a moment ago. */
  duplicate: number
  /** Part of stored: an id used again for another payload, kept under an id of its own. */
  reusedId: number
  deadLettered: Record<DeadLetterReason, number>
}
export type CollectorCounts = {
  readonly tenants: Readonly<Record<string, Readonly<TenantCounts>>>
  /** Whole batches turned away, by code of the refusal. */
  readonly refused: Readonly<Record<string, number>>
  readonly inFlightBytes: number
}

const zero = (): TenantCounts => ({
  accepted: 0,
  stored: 0,
  duplicate: 0,
  reusedId: 0,
  deadLettered: Object.fromEntries(DEAD_LETTER_REASONS.map((reason) => [reason, 0])) as Record<
    DeadLetterReason,
    number
  >,
})

export type Counting = {
  of(tenantId: string): TenantCounts
  refuse(code: string): void
  snapshot(inFlightBytes: number): CollectorCounts
}

export function createCounting(): Counting {
  const tenants = new Map<string, TenantCounts>()
  const refused = new Map<string, number>()
  return {
    of: (tenantId) => {
      let counts = tenants.get(tenantId)
      if (counts === undefined) tenants.set(tenantId, (counts = zero()))
      return counts
    },
    refuse: (code) => {
      refused.set(code, (refused.get(code) ?? 0) + 1)
    },
    snapshot: (inFlightBytes) => ({
      tenants: structuredClone(Object.fromEntries(tenants)),
      refused: Object.fromEntries(refused),
      inFlightBytes,
    }),
  }
}
