/** Identity: what other parts may call. */
export { type Identity, openIdentity } from '#domains/identity/identity.ts'
export { type Caller, type Person, ROLES, type Role } from '#domains/identity/person.ts'
export { readSecret } from '#domains/identity/secret.ts'
