/**
 * The online store on one machine: lmdb, a memory-mapped B-tree. Keys are [space, tenant, entity, item] in sorted
 * order; a value holds when it was written and what, a delete leaves `null` and its time.
 */
import { openLmdbFile } from '#storage/lmdb-file.ts'
import {
  type Json,
  LIST_LIMIT,
  type OnlineStore,
  type Row,
  type RowKey,
} from '#storage/online-store/online-store.ts'

/** [at, JSON text]; null text is a tombstone. JSON text so that ties are decided by the same bytes on every driver. */
type Stored = readonly [at: number, text: string | null]
type Key = [string, string, string, string]

const keyOf = ({ space, tenantId, entity, item }: RowKey): Key => [space, tenantId, entity, item]

/** Whether `next` replaces `held`: newer wins, equal times by larger text in bytes, any text before a tombstone. */
const wins = (next: Stored, held: Stored | undefined): boolean => {
  if (held === undefined || next[0] !== held[0]) return held === undefined || next[0] > held[0]
  return Buffer.compare(Buffer.from(next[1] ?? ''), Buffer.from(held[1] ?? '')) > 0
}

export function openLmdb({ dir }: { readonly dir: string }): OnlineStore {
  const { db, write: writeFile, close } = openLmdbFile<Stored, Key>(dir)
  const read = (key: RowKey): Row | null => {
    const held = db.get(keyOf(key))
    if (held === undefined || held[1] === null) return null
    const { space, tenantId, entity, item } = key
    return { space, tenantId, entity, item, at: held[0], value: JSON.parse(held[1]) as Json }
  }
  const writeNow = async (entries: readonly { key: Key; next: Stored }[]): Promise<void> => {
    const winning = new Map<string, { key: Key; next: Stored }>()
    for (const entry of entries) {
      const name = JSON.stringify(entry.key)
      if (wins(entry.next, winning.get(name)?.next ?? db.get(entry.key))) winning.set(name, entry)
    }
    let bytes = 0
    for (const [name, { next }] of winning) bytes += 4 * (name.length + (next[1]?.length ?? 0))
    await writeFile({ entries: winning.size, bytes }, () =>
      db.batch(() => {
        for (const { key, next } of winning.values()) void db.put(key, next)
      }),
    )
  }
  // What a write compares with must be there whole: one after the other.
  let last: Promise<void> = Promise.resolve()
  const write = (entries: readonly { key: Key; next: Stored }[]): Promise<void> => {
    if (entries.length === 0) return Promise.resolve()
    const turn = last.then(() => writeNow(entries))
    last = turn.catch(() => undefined)
    return turn
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
    close: async () => {
      await last
      await close()
    },
  }
}
