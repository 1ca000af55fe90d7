/**
 * Bounds what is being worked on at once: in all, and for each tenant so that none starves the rest. Of n tenants each
 * takes at most one part of n + 1 and leaves one part free, a tenant alone half: one that comes finds room at once, and
 * the first batch of a tenant is never its own fault.
 */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#pipelines/errors.ts'

export type InFlight = {
  /** Takes room or throws a refusal; the answer gives the room back. */
  enter(tenantId: string, bytes: number): () => void
  bytes(): number
}

export function createInFlight(limit: number): InFlight {
  const byTenant = new Map<string, number>()
  let all = 0
  return {
    enter: (tenantId, bytes) => {
      const held = byTenant.get(tenantId) ?? 0
      if (all + bytes > limit) {
        throw new Refusal(refusals.busy, 'The collector has as much in hand as it can hold.')
      }
      const tenants = byTenant.size + (held === 0 ? 1 : 0)
      const share = limit / (tenants + 1)
      if (held > 0 && (held + bytes > share || all + bytes > limit - share)) {
        throw new Refusal(refusals.tooManyEvents, 'Too much of this tenant is being taken in at once.')
      }
      byTenant.set(tenantId, held + bytes)
      all += bytes
      return () => {
        all -= bytes
        const left = (byTenant.get(tenantId) ?? 0) - bytes
        if (left > 0) byTenant.set(tenantId, left)
        else byTenant.delete(tenantId)
      }
    },
    bytes: () => all,
  }
}
