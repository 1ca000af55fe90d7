/** The people of each tenant. */
import type { Generated, Kysely } from 'kysely'
import type { Role } from '#domains/identity/person.ts'
import type { Migration } from '#storage/records/records.ts'

export const identityMigrations: readonly Migration[] = [
  {
    id: 'identity-001-people',
    sql: `
      CREATE TABLE "people" (
        "tenantId" text NOT NULL,
        "id" text NOT NULL,
        "name" text NOT NULL,
        "role" text NOT NULL,
        "about" text NOT NULL,
        "avatarUrl" text NOT NULL,
        "kids" boolean NOT NULL,
        "creatorId" text,
        "createdAt" bigint NOT NULL,
        "number" bigserial NOT NULL,
        PRIMARY KEY ("tenantId", "id")
      );`,
  },
]

export type IdentityTables = {
  people: {
    tenantId: string
    id: string
    name: string
    role: Role
    about: string
    avatarUrl: string
    kids: boolean
    creatorId: string | null
    createdAt: string
    number: Generated<string>
  }
}
export type IdentityDb = Kysely<IdentityTables>
