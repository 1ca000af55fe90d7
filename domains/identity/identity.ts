/** People in the records, sessions that name them, and grants for the collector's door. */
import type { Clock } from '#base/clock.ts'
import { type Caller, type Person, rolesOf, viewerKeyOf } from '#domains/identity/person.ts'
import { type IdentityTables, identityMigrations } from '#domains/identity/records.ts'
import { createTokens, derivedKey, type LocalSession } from '#domains/identity/tokens.ts'
import type { IssueGrant, ReadGrant } from '#events/grants.ts'
import type { Records } from '#storage/records/records.ts'

export type Identity = {
  /** In the order they came. */
  people(tenantId: string): Promise<Person[]>
  find(tenantId: string, personId: string): Promise<Person | null>
  /** Makes the person, or brings what is known of them up to date. */
  ensurePerson(person: Person): Promise<void>
  /** The value of the session cookie; null when the tenant has no such person. */
  issueSession(tenantId: string, personId: string): Promise<string | null>
  /** A short session of the command line on this machine: an operator of the tenant who is none of its people. */
  issueLocalSession(tenantId: string, by: string): Promise<string>
  /** Who the cookie names, with today's roles; null for forged, outdated and orphaned ones. */
  readSession(token: string): Promise<Caller | null>
  callerOf(person: Person): Caller
  readonly issueGrant: IssueGrant
  readonly readGrant: ReadGrant
  /** The pseudonym an adult's events carry. For kids use `callerOf`, which gives none. */
  viewerKey(tenantId: string, personId: string): string
}

/** How long after its end a grant's events may still come. */
const LATE_MS = 7 * 24 * 3_600_000

export async function openIdentity(options: {
  readonly records: Records
  readonly clock: Clock
  readonly secret: Uint8Array
  readonly lateMs?: number
}): Promise<Identity> {
  const { records, clock, secret, lateMs = LATE_MS } = options
  await records.migrate(identityMigrations)
  const db = records.tables<IdentityTables>()
  const tokens = createTokens(secret, clock, lateMs)
  const pseudonyms = derivedKey(secret, 'viewer key')
  const columns = ['tenantId', 'id', 'name', 'role', 'about', 'avatarUrl', 'kids', 'creatorId'] as const
  const viewerKey = (tenantId: string, personId: string): string =>
    viewerKeyOf(pseudonyms, tenantId, personId)

  const find = async (tenantId: string, personId: string): Promise<Person | null> =>
    (await db
      .selectFrom('people')
      .select(columns)
      .where('tenantId', '=', tenantId)
      .where('id', '=', personId)
      .executeTakeFirst()) ?? null
  const callerOf = (person: Person): Caller => ({
    tenantId: person.tenantId,
    person,
    roles: rolesOf(person),
    viewerKey: person.kids ? null : viewerKey(person.tenantId, person.id),
    kids: person.kids,
    creatorId: person.creatorId,
  })

  return {
    people: (tenantId) =>
      db.selectFrom('people').select(columns).where('tenantId', '=', tenantId).orderBy('number').execute(),
    find,
    ensurePerson: async (person) => {
      const { tenantId, id, name, role, about, avatarUrl, kids, creatorId } = person
      const told = { name, role, about, avatarUrl, kids, creatorId }
      await db
        .insertInto('people')
        .values({ tenantId, id, ...told, createdAt: String(clock.now()) })
        .onConflict((conflict) => conflict.columns(['tenantId', 'id']).doUpdateSet(told))
        .execute()
    },
    issueSession: async (tenantId, personId) =>
      (await find(tenantId, personId)) === null ? null : tokens.issueSession({ tenantId, personId }),
    issueLocalSession: (tenantId, by) => tokens.issueLocalSession({ tenantId, operator: by }),
    readSession: async (token) => {
      const session = await tokens.readSession(token)
      if (session !== null && 'operator' in session) return localCaller(session)
      const person = session === null ? null : await find(session.tenantId, session.personId)
      return person === null ? null : callerOf(person)
    },
    callerOf,
    issueGrant: tokens.issueGrant,
    readGrant: tokens.readGrant,
    viewerKey,
  }
}

/** Watches nothing: no event carries a name of theirs. */
const localCaller = ({ tenantId, operator }: LocalSession): Caller => ({
  tenantId,
  person: {
    tenantId,
    id: 'local-operator',
    name: operator,
    role: 'operator',
    about: 'The command line on this machine.',
    avatarUrl: '',
    kids: false,
    creatorId: null,
  },
  roles: ['operator'],
  viewerKey: null,
  kids: false,
  creatorId: null,
})
