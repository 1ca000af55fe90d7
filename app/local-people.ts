/** Who a visitor may step into on a platform that starts empty: one of each role, and the channel uploads go to. */
import type { Catalog } from '#domains/catalog/index.ts'
import type { Identity, Role } from '#domains/identity/index.ts'

const CHANNEL = { id: 'channel', name: 'My channel', avatarUrl: '' }

const PEOPLE: readonly { id: string; name: string; role: Role; about: string; creatorId: string | null }[] = [
  { id: 'creator', name: 'Creator', role: 'creator', about: 'Uploads videos.', creatorId: CHANNEL.id },
  { id: 'viewer', name: 'Viewer', role: 'viewer', about: 'Watches.', creatorId: null },
  {
    id: 'scientist',
    name: 'Data scientist',
    role: 'dataScientist',
    about: 'Trains models.',
    creatorId: null,
  },
  { id: 'operator', name: 'Operator', role: 'operator', about: 'Runs the platform.', creatorId: null },
]

/** What is there already stays as it is named now. */
export async function ensureLocalPeople(
  tenantId: string,
  { catalog, identity }: { readonly catalog: Catalog; readonly identity: Identity },
): Promise<void> {
  if ((await identity.people(tenantId)).length > 0) return
  await catalog.ensureCreator(tenantId, CHANNEL)
  for (const person of PEOPLE)
    await identity.ensurePerson({ ...person, tenantId, avatarUrl: '', kids: false })
}
