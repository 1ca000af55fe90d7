/** How far in the log the views are built: by partition of the playback events, the next offset. */
import { encodeRows } from '#storage/warehouse/native.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

/** By partition, the next offset. */
export type Marks = ReadonlyMap<number, number>

const COLUMNS = [
  { name: 'logPartition', type: 'UInt16' },
  { name: 'nextOffset', type: 'UInt64' },
]

export async function readMarks(warehouse: Pick<Warehouse, 'query'>): Promise<Map<number, number>> {
  const rows = await warehouse.query<{ logPartition: number; nextOffset: number }>({
    sql: sql`SELECT logPartition, nextOffset FROM view_marks FINAL`,
  })
  return new Map(rows.map((row) => [row.logPartition, row.nextOffset]))
}

export async function writeMarks(
  warehouse: Pick<Warehouse, 'insertNative'>,
  marks: Iterable<readonly [partition: number, nextOffset: number]>,
): Promise<void> {
  const rows = [...marks].map(([logPartition, nextOffset]) => ({ logPartition, nextOffset }))
  await warehouse.insertNative('view_marks', [encodeRows(COLUMNS, rows)], {})
}
