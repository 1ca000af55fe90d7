/** What a tenant and its write keys are, and which names they may have. */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#domains/tenancy/errors.ts'

export type Tenant = { readonly id: string; readonly name: string }
/** What a key lets its bearer send: only events, for now. */
export type WriteKeyScope = 'events'
export type KeyedTenant = Tenant & { readonly scope: WriteKeyScope }

/** Ids appear in addresses, folder names and keys: short, lower case, no surprises. */
export function checkedTenant({ id, name }: Tenant): Tenant {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(id)) {
    throw new Refusal(refusals.badTenant, `"${id}" cannot be the id of a tenant.`)
  }
  if (name.trim() === '' || name.length > 100) {
    throw new Refusal(refusals.badTenant, 'A tenant needs a name of 1 to 100 characters.')
  }
  return { id, name: name.trim() }
}

/** Public, but not to be guessed: 128 bits of `random`. */
export const writeKeyFrom = (tenantId: string, random: Uint8Array): string =>
  `wk_${tenantId}_${Buffer.from(random).toString('base64url')}`
