/**
 * Who stands at the door: grants read from tokens and tenants found by write key, remembered for a short time,
 * with how many events each grant has brought. Bounded by dropping the oldest.
 */
import type { Clock } from '#base/clock.ts'
import { Refusal } from '#base/refusal.ts'
import type { Grant, ReadGrant } from '#events/grants.ts'
import { refusals } from '#pipelines/errors.ts'

const REMEMBER_MS = 30_000
const MAX_REMEMBERED = 20_000
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

export type GrantLimits = {
  /** Events one play session may bring in all. */
  readonly perPlay: number
  /** Events one viewer token may bring in an hour. */
  readonly perViewerHour: number
  /** Bodies that are not JSON kept for one tenant in a minute. */
  readonly unparsedPerMinute: number
}
export type FindTenant = (writeKey: string) => Promise<{ readonly id: string } | null>

type Entry = { grant: Grant; readAt: number; spent: number; since: number }

function put<V>(map: Map<string, V>, key: string, value: V): void {
  if (map.size >= MAX_REMEMBERED) map.delete(map.keys().next().value as string)
  map.set(key, value)
}

/** Who brings a batch; `tenantId` is null where no write key was asked for. */
export type Caller = { readonly token: string; readonly tenantId: string | null; readonly grant: Grant }

export type GrantBook = {
  /** What `tenantOf` and `read` would answer, where both are known already; null where they must be asked. */
  remembered(writeKey: string | undefined, token: string | undefined): Caller | null
  tenantOf(writeKey: string): Promise<string>
  /** Rejects with a refusal when the token is none of ours or over. */
  read(token: string): Promise<Grant>
  /** Counts `events` against the grant's limit; a negative number gives back what was counted. */
  spend(token: string, events: number): void
  /** Counts a body nobody signed against the limit of its tenant. */
  spendUnparsed(tenantId: string): void
}

export function createGrantBook(ports: {
  readonly readGrant: ReadGrant
  readonly findTenantByWriteKey: FindTenant
  readonly clock: Clock
  readonly limits: GrantLimits
  readonly lateMs: number
}): GrantBook {
  const { readGrant, findTenantByWriteKey, clock, limits, lateMs } = ports
  const entries = new Map<string, Entry>()
  const tenants = new Map<string, { id: string; readAt: number }>()
  const unparsed = new Map<string, { count: number; since: number }>()

  const find = async (token: string): Promise<Entry> => {
    const now = clock.now()
    const known = entries.get(token)
    if (known !== undefined && now - known.readAt < REMEMBER_MS) return known
    const grant = await readGrant(token)
    if (grant === null) throw new Refusal(refusals.tokenRefused, 'This token is not valid.')
    const entry = known ?? { grant, readAt: now, spent: 0, since: now }
    entry.grant = grant
    entry.readAt = now
    if (known === undefined) put(entries, token, entry)
    return entry
  }

  return {
    remembered: (writeKey, token) => {
      const now = clock.now()
      if (token === undefined) return null
      const entry = entries.get(token)
      if (entry === undefined || now - entry.readAt >= REMEMBER_MS) return null
      const { grant } = entry
      if (now > grant.expiresAt + lateMs) return null
      if (writeKey === undefined) return { token, tenantId: null, grant }
      const tenant = tenants.get(writeKey)
      if (tenant === undefined || now - tenant.readAt >= REMEMBER_MS) return null
      return { token, tenantId: tenant.id, grant }
    },
    tenantOf: async (writeKey) => {
      const now = clock.now()
      const known = tenants.get(writeKey)
      if (known !== undefined && now - known.readAt < REMEMBER_MS) return known.id
      const tenant = await findTenantByWriteKey(writeKey)
      if (tenant === null) throw new Refusal(refusals.unknownWriteKey, 'No tenant has this write key.')
      put(tenants, writeKey, { id: tenant.id, readAt: now })
      return tenant.id
    },
    read: async (token) => {
      const { grant } = await find(token)
      if (clock.now() > grant.expiresAt + lateMs) {
        throw new Refusal(refusals.tokenOver, 'This token has run out.')
      }
      return grant
    },
    spend: (token, events) => {
      const entry = entries.get(token)
      if (entry === undefined || entry.grant.kind === 'import') return
      const now = clock.now()
      if (entry.grant.kind === 'viewer' && now - entry.since > HOUR_MS) {
        entry.since = now
        entry.spent = 0
      }
      const limit = entry.grant.kind === 'play' ? limits.perPlay : limits.perViewerHour
      if (entry.spent + events > limit) {
        const over = entry.grant.kind === 'play'
        throw new Refusal(
          over ? refusals.tokenOver : refusals.tooManyEvents,
          `This token has brought ${entry.spent} events; at most ${limit} are taken.`,
        )
      }
      entry.spent += events
    },
    spendUnparsed: (tenantId) => {
      const now = clock.now()
      const known = unparsed.get(tenantId)
      const window = known === undefined || now - known.since > MINUTE_MS ? { count: 0, since: now } : known
      unparsed.set(tenantId, window)
      if (window.count >= limits.unparsedPerMinute) {
        throw new Refusal(refusals.tooManyEvents, 'Too many bodies that are not JSON.')
      }
      window.count++
    },
  }
}
