/** People, what their role lets them do, and how events name them without naming them. */
import { createHmac } from 'node:crypto'

export const ROLES = ['viewer', 'creator', 'dataScientist', 'operator'] as const
export type Role = (typeof ROLES)[number]

export type Person = {
  readonly tenantId: string
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly about: string
  readonly avatarUrl: string
  /** A children's profile: nothing about it is kept. */
  readonly kids: boolean
  /** The channel a creator speaks for. */
  readonly creatorId: string | null
}

/** Who asks, as every other part sees it. */
export type Caller = {
  readonly tenantId: string
  readonly person: Person
  readonly roles: readonly Role[]
  readonly viewerKey: string | null
  readonly kids: boolean
  readonly creatorId: string | null
}

/** Everybody watches; the other roles come on top. */
export const rolesOf = (person: Person): Role[] =>
  person.role === 'viewer' ? ['viewer'] : ['viewer', person.role]

/** The same for life, and no way back to the person without the secret. */
export const viewerKeyOf = (secret: Uint8Array, tenantId: string, personId: string): string =>
  `v_${createHmac('sha256', secret).update(`${tenantId}\n${personId}`).digest('base64url').slice(0, 22)}`
