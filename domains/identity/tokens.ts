/**
 * Signed tokens: sessions and grants, HS256 under keys derived from one secret, so that neither passes for the other.
 * Read tokens are remembered, because a player shows the same one with each batch.
 */
import { createHmac } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import type { Clock } from '#base/clock.ts'
import type { Grant } from '#events/grants.ts'

export type Session = { readonly tenantId: string; readonly personId: string }
/** Of a program on this machine that may read the secret: acts for the operator without being one of the people. */
export type LocalSession = { readonly tenantId: string; readonly operator: string }

/** Long enough for a command, too short to be kept. */
const LOCAL_SESSION_MS = 10 * 60_000
const SESSION_MS = 30 * 24 * 3_600_000
const MAX_REMEMBERED = 20_000
const MAX_TOKEN_LENGTH = 4096
const KINDS = new Set(['play', 'viewer', 'import'])

export const derivedKey = (secret: Uint8Array, purpose: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(createHmac('sha256', secret).update(`streamverse ${purpose}`).digest())

/** The least recently used goes first. */
function createMemory<V>(limit: number): {
  get(key: string): V | undefined
  set(key: string, value: V): void
} {
  const entries = new Map<string, V>()
  return {
    get: (key) => {
      const value = entries.get(key)
      if (value !== undefined) {
        entries.delete(key)
        entries.set(key, value)
      }
      return value
    },
    set: (key, value) => {
      if (entries.size >= limit) entries.delete(entries.keys().next().value as string)
      entries.set(key, value)
    },
  }
}

/** The claims when the token is ours and whole, else null. Its own expiry is for the reader to judge. */
async function claimsOf(token: string, key: Uint8Array, audience: string): Promise<object | null> {
  if (token.length > MAX_TOKEN_LENGTH) return null
  try {
    const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], audience })
    return payload
  } catch {
    return null
  }
}

export function createTokens(secret: Uint8Array, clock: Clock, lateMs: number) {
  const sessionKey = derivedKey(secret, 'session')
  const grantKey = derivedKey(secret, 'grant')
  const grants = createMemory<Grant>(MAX_REMEMBERED)
  const inTime = (grant: Grant): Grant | null => (clock.now() <= grant.expiresAt + lateMs ? grant : null)
  return {
    issueGrant: (grant: Grant): Promise<string> =>
      new SignJWT({ grant }).setProtectedHeader({ alg: 'HS256' }).setAudience('collector').sign(grantKey),
    readGrant: async (token: string): Promise<Grant | null> => {
      const known = grants.get(token)
      if (known !== undefined) return inTime(known)
      const claims = (await claimsOf(token, grantKey, 'collector')) as { grant?: Grant } | null
      const grant = claims?.grant
      if (grant === undefined || !KINDS.has(grant.kind)) return null
      grants.set(token, grant)
      return inTime(grant)
    },
    issueSession: ({ tenantId, personId }: Session): Promise<string> =>
      new SignJWT({ tenantId, expiresAt: clock.now() + SESSION_MS })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(personId)
        .setAudience('session')
        .sign(sessionKey),
    issueLocalSession: ({ tenantId, operator }: LocalSession): Promise<string> =>
      new SignJWT({ tenantId, operator, expiresAt: clock.now() + LOCAL_SESSION_MS })
        .setProtectedHeader({ alg: 'HS256' })
        .setAudience('session')
        .sign(sessionKey),
    readSession: async (token: string): Promise<Session | LocalSession | null> => {
      const claims = (await claimsOf(token, sessionKey, 'session')) as {
        sub?: string
        operator?: string
        tenantId?: string
        expiresAt?: number
      } | null
      if (claims === null || typeof claims.tenantId !== 'string') return null
      if (typeof claims.expiresAt !== 'number' || clock.now() > claims.expiresAt) return null
      if (typeof claims.operator === 'string') return { tenantId: claims.tenantId, operator: claims.operator }
      if (typeof claims.sub !== 'string') return null
      return { tenantId: claims.tenantId, personId: claims.sub }
    },
  }
}
