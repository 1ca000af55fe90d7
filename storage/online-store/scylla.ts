/**
 * The online store at size: ScyllaDB or Apache Cassandra. One partition an entity, `at` as the write's own timestamp, so
 * that the cluster itself keeps the newest. A deleted row is an empty text, not a CQL delete: at equal times the larger
 * text wins, as online-store.ts promises, and it outlives every grace period.
 */
import cassandra from 'cassandra-driver'
import type { Log } from '#base/log.ts'
import {
  type Json,
  LIST_LIMIT,
  type OnlineStore,
  type Row,
  type RowKey,
} from '#storage/online-store/online-store.ts'
import { connectScylla } from '#storage/online-store/scylla-connect.ts'
import { ROWS_TABLE } from '#storage/online-store/scylla-table.ts'
import { inChunks, patiently, pool } from '#storage/online-store/scylla-work.ts'

const { types } = cassandra

/** Rows of one partition written together; batches over several partitions cost the coordinator more than they save. */
const BATCH_ROWS = 50
const BATCH_BYTES = 32_768
const PAGE_ROWS = 1000
const CONCURRENT = 64

const PUT =
  'INSERT INTO online_rows (space, tenant, entity, item, value) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?'
const COLUMNS = 'item, value, writetime(value) AS micros'
const OF_ENTITY = 'FROM online_rows WHERE space = ? AND tenant = ? AND entity = ?'
const SOME = `SELECT ${COLUMNS} ${OF_ENTITY} AND item IN ?`
const ALL = `SELECT ${COLUMNS} ${OF_ENTITY}`

type Write = RowKey & { readonly at: number; readonly text: string }
type Entity = readonly [space: string, tenantId: string, entity: string]

const entityOf = ({ space, tenantId, entity }: RowKey): Entity => [space, tenantId, entity]
const byEntity = <K extends RowKey>(keys: readonly K[]): K[][] => [
  ...Map.groupBy(keys, (key) => JSON.stringify(entityOf(key))).values(),
]

/** Timestamps of CQL are microseconds. */
const micros = (at: number) => types.Long.fromString(String(BigInt(Math.trunc(at)) * 1000n))

/** The row, or null where nothing is or only what a delete left. */
function rowOf([space, tenantId, entity]: Entity, found: cassandra.types.Row): Row | null {
  const text = found['value'] as string
  if (text === '') return null
  const at = Number((found['micros'] as cassandra.types.Long).toString()) / 1000
  return { space, tenantId, entity, item: found['item'] as string, at, value: JSON.parse(text) as Json }
}

/** Connects, makes keyspace and table when they are not there. */
export async function openScylla({
  url,
  log,
}: {
  readonly url: string
  readonly log: Log
}): Promise<OnlineStore> {
  const client = await connectScylla(url, log)
  try {
    await patiently(() => client.execute(ROWS_TABLE))
  } catch (error) {
    await client.shutdown()
    throw error
  }

  const writeBatch = (writes: readonly Write[]): Promise<unknown> => {
    const queries = writes.map(({ item, text, at, ...key }) => ({
      query: PUT,
      params: [...entityOf({ ...key, item }), item, text, micros(at)],
    }))
    return patiently(() => client.batch(queries, { prepare: true, logged: false, isIdempotent: true }))
  }
  const write = async (writes: readonly Write[]): Promise<void> => {
    const batches = byEntity(writes).flatMap((one) =>
      inChunks(one, BATCH_ROWS, BATCH_BYTES, ({ text }) => text.length),
    )
    await pool(batches, CONCURRENT, writeBatch)
  }
  const read = async (keys: readonly RowKey[]): Promise<(Row | null)[]> => {
    const found = new Map<string, Row | null>()
    const nameOf = (key: RowKey): string => JSON.stringify([...entityOf(key), key.item])
    const asked = byEntity(keys).flatMap((one) => inChunks(one, PAGE_ROWS))
    await pool(asked, CONCURRENT, async (part) => {
      const entity = entityOf(part[0] as RowKey)
      const items = [...new Set(part.map(({ item }) => item))]
      const { rows } = await patiently(() => client.execute(SOME, [...entity, items]))
      for (const row of rows) {
        const [space, tenantId, name] = entity
        const key = { space, tenantId, entity: name, item: row['item'] as string }
        found.set(nameOf(key), rowOf(entity, row))
      }
    })
    return keys.map((key) => found.get(nameOf(key)) ?? null)
  }
  /** Page by page, for what deletes left is not counted against the limit. */
  const list = async (entity: Entity, limit: number): Promise<Row[]> => {
    const rows: Row[] = []
    let pageState: string | undefined
    do {
      const options = {
        fetchSize: Math.min(limit, PAGE_ROWS),
        ...(pageState === undefined ? {} : { pageState }),
      }
      const page = await patiently(() => client.execute(ALL, [...entity], options))
      rows.push(...page.rows.map((row) => rowOf(entity, row)).filter((row) => row !== null))
      pageState = page.pageState ?? undefined
    } while (pageState !== undefined && rows.length < limit)
    return rows.slice(0, limit)
  }
  return {
    get: async (key) => (await read([key]))[0] ?? null,
    getMany: read,
    list: (space, tenantId, entity, { limit = LIST_LIMIT } = {}) =>
      limit < 1 ? Promise.resolve([]) : list([space, tenantId, entity], limit),
    put: (rows) => write(rows.map(({ value, ...key }) => ({ ...key, text: JSON.stringify(value) }))),
    delete: (keys) => write(keys.map((key) => ({ ...key, text: '' }))),
    close: () => client.shutdown(),
  }
}
