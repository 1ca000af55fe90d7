/** Who asks, and stepping into one of the demo people until accounts exist. */
import type { Builder, Enums } from '#api/builder.ts'
import { refusals } from '#api/errors.ts'
import type { Caller, PersonRecord } from '#api/ports.ts'
import { Refusal } from '#base/refusal.ts'

const VIEWER_TOKEN_MS = 12 * 3_600_000

export function definePeople(builder: Builder, enums: Enums) {
  const Tenant = builder.objectRef<{ id: string; name: string }>('Tenant').implement({
    fields: (t) => ({ id: t.exposeID('id'), name: t.exposeString('name') }),
  })
  const Person = builder.objectRef<PersonRecord>('Person').implement({
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.exposeString('name'),
      role: t.expose('role', { type: enums.Role }),
      about: t.exposeString('about'),
      avatarUrl: t.exposeString('avatarUrl'),
      kids: t.exposeBoolean('kids'),
    }),
  })
  const Me = builder.objectRef<Caller>('Me').implement({
    fields: (t) => ({
      person: t.expose('person', { type: Person, nullable: true }),
      tenant: t.field({
        type: Tenant,
        resolve: async (me, _, { ports }) => ({ id: me.tenantId, name: await ports.tenantName(me.tenantId) }),
      }),
      roles: t.field({ type: [enums.Role], resolve: (me) => [...me.roles] }),
      writeKey: t.string({
        description: 'Public key that names the tenant at the collector.',
        resolve: (me, _, { ports }) => ports.writeKeyOf(me.tenantId),
      }),
      viewerToken: t.string({
        nullable: true,
        description: 'Token for discovery and feedback events of this viewer; null for visitors and kids.',
        resolve: async ({ tenantId, viewerKey }, _, { ports }) => {
          if (viewerKey === null) return null
          const issuedAt = ports.now()
          const expiresAt = issuedAt + VIEWER_TOKEN_MS
          return ports.issueGrant({ kind: 'viewer', tenantId, viewerKey, issuedAt, expiresAt })
        },
      }),
    }),
  })
  builder.queryFields((t) => ({
    me: t.field({ type: Me, resolve: (_, __, { caller }) => caller }),
    people: t.field({
      type: [Person],
      description: 'People a visitor may step into until accounts exist.',
      resolve: async (_, __, { ports, caller }) => [...(await ports.people(caller.tenantId))],
    }),
  }))
  builder.mutationFields((t) => ({
    stepInto: t.field({
      type: Me,
      description: 'Become one of the demo people; sets the session cookie.',
      args: { personId: t.arg.id({ required: true }) },
      resolve: async (_, { personId }, { ports, caller, setSession }) => {
        const session = await ports.startSession(caller.tenantId, personId)
        if (session === null) throw new Refusal(refusals.noSuchPerson, `There is no person ${personId}.`)
        setSession(session.cookie)
        return session.caller
      },
    }),
  }))
}
