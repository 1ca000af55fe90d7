/**
 * The online store on one machine: lmdb, a memory-mapped B-tree. Keys are [space, tenant, entity, item] in sorted
 * order; a value holds when it was written and what, a delete leaves `null` and its time.
 */
import { mkdirSync } from 'node:fs'
import { open } from 'lmdb'
import type { Json, OnlineStore, Row, RowKey } from '#storage/online-store/online-store.ts'

/** [at, JSON text]; null text is a tombstone. JSON text so that ties are decided by the same bytes on every driver. */
type Stored = readonly [at: number, text: string | null]
type Key = [string, string, string, string]

const keyOf = ({ space, tenantId, entity, item }: RowKey): Key => [space, tenantId, entity, item]

/** Whether `next` replaces `held`: newer wins, equal times by larger text, a tombstone before any text. */
const wins = (next: Stored, held: Stored | undefined): boolean =>
  held === undefined || next[0] > held[0] || (next[0] === held[0] && (next[1] ?? '') > (held[1] ?? ''))

const LIST_LIMIT = 10_000

export function openLmdb({ dir }: { readonly dir: string }): OnlineStore {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const db = open<Stored, Key>({ path: dir, encoding: 'msgpack', cache: false, overlappingSync: true })
  const read = (key: RowKey): Row | null => {
    const held = db.get(keyOf(key))
    if (held === undefined || held[1] === null) return null
    const { space, tenantId, entity, item } = key
    return { space, tenantId, entity, item, at: held[0], value: JSON.parse(held[1]) as Json }
  }
  const write = async (entries: readonly { key: Key; next: Stored }[]): Promise<void> => {
    if (entries.length === 0) return
    await db.transaction(() => {
      for (const { key, next } of entries) {
        if (wins(next, db.get(key))) void db.put(key, next)
      }
    })
    await db.flushed
  }
  return {
    get: async (key) => read(key),
    getMany: async (keys) => keys.map(read),
    list: async (space, tenantId, entity, { limit = LIST_LIMIT } = {}) => {
      const rows: Row[] = []
      const start: Key = [space, tenantId, entity, '']
      for (const { key, value } of db.getRange({ start })) {
        if (key[0] !== space || key[1] !== tenantId || key[2] !== entity || rows.length >= limit) break
        if (value[1] === null) continue
        rows.push({
          space,
          tenantId,
          entity,
          item: key[3],
          at: value[0],
          value: JSON.parse(value[1]) as Json,
        })
      }
      return rows
    },
    put: (rows) =>
      write(rows.map((row) => ({ key: keyOf(row), next: [row.at, JSON.stringify(row.value)] as const }))),
    delete: (keys) => write(keys.map((key) => ({ key: keyOf(key), next: [key.at, null] as const }))),
    close: () => db.close(),
  }
}
