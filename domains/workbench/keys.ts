/**
 * Keys of data scientists: 256 bits of chance each, so that a plain hash is enough to keep. A key reads the rows of one
 * tenant and is good for nothing else.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#domains/workbench/errors.ts'
import { type WorkbenchTables, workbenchMigrations } from '#domains/workbench/records.ts'
import type { Records } from '#storage/records/records.ts'

export type SqlKey = {
  readonly id: string
  readonly tenantId: string
  /** Who has it. */
  readonly name: string
  readonly createdAt: number
  readonly createdBy: string
  readonly revokedAt: number | null
}
export type SqlKeys = {
  /** The key itself comes back this once. */
  make(key: {
    readonly tenantId: string
    readonly name: string
    readonly by: string
  }): Promise<SqlKey & { readonly key: string }>
  /** Newest first. */
  list(tenantId: string): Promise<SqlKey[]>
  /** Refuses ids that are not the tenant's. */
  revoke(tenantId: string, id: string): Promise<SqlKey>
  /** Null for unknown and revoked keys. A revocation is seen within 5 s. */
  find(key: string): Promise<SqlKey | null>
  /** Whether anybody has a key. */
  any(): Promise<boolean>
}

const REMEMBER_MS = 5000
const MOST_REMEMBERED = 1000
const KEY = /^sk_[A-Za-z0-9_-]{43}$/
const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex')
const keyOf = (row: Omit<WorkbenchTables['sqlKeys'], 'hash'>): SqlKey => ({
  id: row.id,
  tenantId: row.tenantId,
  name: row.name,
  createdAt: Number(row.createdAt),
  createdBy: row.createdBy,
  revokedAt: row.revokedAt === null ? null : Number(row.revokedAt),
})

export async function openSqlKeys(options: {
  readonly records: Records
  readonly clock: Clock
}): Promise<SqlKeys> {
  const { records, clock } = options
  await records.migrate(workbenchMigrations)
  const db = records.tables<WorkbenchTables>()
  const known = new Map<string, { readonly key: SqlKey | null; readonly at: number }>()
  return {
    make: async ({ tenantId, name, by }) => {
      if (!/^[^\p{Cc}]{1,80}$/u.test(name) || name.trim() === '')
        throw new Refusal(refusals.badKeyName, 'That is no name for a key.')
      const key = `sk_${randomBytes(32).toString('base64url')}`
      const row = {
        id: randomBytes(4).toString('hex'),
        tenantId,
        name: name.trim(),
        hash: hashOf(key),
        createdAt: String(clock.now()),
        createdBy: by,
        revokedAt: null,
      }
      await db.insertInto('sqlKeys').values(row).execute()
      return { ...keyOf(row), key }
    },
    list: async (tenantId) => {
      const rows = await db
        .selectFrom('sqlKeys')
        .selectAll()
        .where('tenantId', '=', tenantId)
        .orderBy('createdAt', 'desc')
        .orderBy('id')
        .limit(500)
        .execute()
      return rows.map(keyOf)
    },
    revoke: async (tenantId, id) => {
      const row = await db
        .updateTable('sqlKeys')
        .set((set) => ({ revokedAt: set.fn.coalesce('revokedAt', set.val(String(clock.now()))) }))
        .where('tenantId', '=', tenantId)
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst()
      if (row === undefined) throw new Refusal(refusals.noSuchKey, `${tenantId} has no key ${id}.`)
      known.clear()
      return keyOf(row)
    },
    find: async (key) => {
      if (!KEY.test(key)) return null
      const hash = hashOf(key)
      const held = known.get(hash)
      if (held !== undefined && clock.now() - held.at < REMEMBER_MS) return held.key
      const row = await db
        .selectFrom('sqlKeys')
        .selectAll()
        .where('hash', '=', hash)
        .where('revokedAt', 'is', null)
        .executeTakeFirst()
      if (known.size >= MOST_REMEMBERED) known.clear()
      known.set(hash, { key: row === undefined ? null : keyOf(row), at: clock.now() })
      return row === undefined ? null : keyOf(row)
    },
    any: async () =>
      (await db
        .selectFrom('sqlKeys')
        .select('id')
        .where('revokedAt', 'is', null)
        .limit(1)
        .executeTakeFirst()) !== undefined,
  }
}
