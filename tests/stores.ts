/** Everything the stores of a halted platform hold, searched for words: for tests of what must not be there. */
import { globSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { streams } from '#events/registry.ts'
import { openStorage, type Storage } from '#storage/open.ts'

/** Tables in which identity itself keeps who people are. */
const OF_IDENTITY = new Set(['people'])

/** Places that hold one of the words, as `store: place: word`. */
export async function findInStores(dataDir: string, words: readonly string[]): Promise<string[]> {
  const storage = await openStorage({
    dataDir,
    urls: {},
    clock: systemClock,
    log: silentLog,
    role: 'platform',
  })
  try {
    return [
      ...(await inLog(storage, words)),
      ...(await inWarehouse(storage, words)),
      ...(await inRecords(storage, words)),
      ...inFiles(dataDir, words),
    ]
  } finally {
    await storage.close()
  }
}

async function inLog({ eventLog }: Storage, words: readonly string[]): Promise<string[]> {
  const found = new Set<string>()
  for (const stream of streams) {
    for (const [partition, end] of (await eventLog.ends(stream)).entries()) {
      for (let at = 0; at < end; ) {
        const batch = await eventLog.read(stream, partition, at, 10_000)
        if (batch === null) break
        const text = JSON.stringify(batch.events())
        for (const word of words) if (text.includes(word)) found.add(`log: ${stream.name}: ${word}`)
        at = batch.lastOffset + 1
      }
    }
  }
  return [...found]
}

async function inWarehouse({ warehouse }: Storage, words: readonly string[]): Promise<string[]> {
  const tables = await warehouse.query<{ name: string }>({
    sql: "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'Memory'",
  })
  const found: string[] = []
  for (const { name } of tables) {
    for (const word of words) {
      const [rows] = await warehouse.query<{ n: number }>({
        sql: `SELECT count() AS n FROM ${name} WHERE position(formatRow('JSONEachRow', *), {word:String}) > 0`,
        params: { word },
      })
      if ((rows?.n ?? 0) > 0) found.push(`warehouse: ${name}: ${word}`)
    }
  }
  return found
}

async function inRecords({ records }: Storage, words: readonly string[]): Promise<string[]> {
  const db = records.tables<Record<string, never>>()
  const { rows: tables } = await sql<{ schema: string; name: string }>`
    SELECT schemaname AS schema, tablename AS name FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`.execute(db)
  const found: string[] = []
  for (const { schema, name } of tables.filter((table) => !OF_IDENTITY.has(table.name))) {
    for (const word of words) {
      const table = sql.table(`${schema}.${name}`)
      const { rows } = await sql<{ n: string }>`
        SELECT count(*) AS n FROM ${table} AS row WHERE row::text LIKE ${`%${word}%`}`.execute(db)
      if (Number(rows[0]?.n) > 0) found.push(`records: ${name}: ${word}`)
    }
  }
  return found
}

/** Bytes of all other files: the online store, media, what lies beside. PostgreSQL keeps identity's own tables too. */
function inFiles(dataDir: string, words: readonly string[]): string[] {
  const files = globSync('**/*', {
    cwd: dataDir,
    exclude: (name) => name === 'records' || name === 'warehouse',
  })
  return files.flatMap((file) => {
    const full = path.join(dataDir, file)
    if (!statSync(full).isFile()) return []
    const bytes = readFileSync(full)
    return words.filter((word) => bytes.includes(word)).map((word) => `files: ${file}: ${word}`)
  })
}
