/**
 * A snapshot: one tenant's rows as files, and the statements that make tables of them in a sandbox. Bounded: of each table
 * the newest whole hours that fit, and the table `snapshot` says what was left out.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { type SnapshotTable, snapshotTables } from '#pipelines/snapshot-tables.ts'
import { type QueryOptions, type Statement, sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export type SnapshotLimits = {
  /** Of one table. */
  readonly rows: number
  /** Of all tables together, as they are written. */
  readonly bytes: number
}
export const SNAPSHOT_LIMITS: SnapshotLimits = { rows: 2_000_000, bytes: 1024 ** 3 }

export type Snapshot = {
  /** Changes with each snapshot, as the pseudonyms do. */
  readonly id: string
  readonly takenAt: number
  readonly tables: readonly TakenTable[]
  readonly statements: readonly string[]
}
export type TakenTable = {
  readonly name: string
  readonly rows: number
  /** Begin of the first whole hour that is there, epoch ms; null: everything is. */
  readonly since: number | null
}

/** Rows are read in pieces of about as many. */
const PIECE_ROWS = 100_000
const TIMEOUT_MS = 120_000
const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

/** Writes the files into `dir`. */
export async function takeSnapshot(options: {
  readonly warehouse: Warehouse
  readonly tenantId: string
  readonly dir: string
  readonly clock: Clock
  readonly limits?: SnapshotLimits
  /** Rejects as soon as it is aborted. */
  readonly signal?: AbortSignal
}): Promise<Snapshot> {
  const { warehouse, tenantId, dir, clock, limits = SNAPSHOT_LIMITS } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const id = randomBytes(6).toString('hex')
  const takenAt = clock.now()
  const params = { tenantId, salt: randomBytes(32).toString('hex'), until: takenAt }
  const { signal } = options
  const query = { timeoutMs: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) }
  const tables: TakenTable[] = []
  const statements: string[] = []
  let left = limits.bytes
  for (const table of snapshotTables) {
    const file = path.join(dir, `${table.name}.native`)
    const pieces = await piecesOf({ warehouse, query }, table, params, limits.rows)
    const taken = await writePieces({ warehouse, query, table, params, pieces, file, bytes: left })
    left -= taken.bytes
    tables.push({ name: table.name, rows: taken.rows, since: taken.since })
    statements.push(createTable(table))
    // A piece is inserted as a whole: the file holds one block after the other.
    if (taken.bytes > 0)
      statements.push(sql`INSERT INTO ${table.name} FROM INFILE ${quote(file)} FORMAT Native`)
  }
  statements.push(...aboutItself(tables, id, takenAt))
  return { id, takenAt, tables, statements }
}

function createTable({ name, about, columns, engine, orderBy }: SnapshotTable): string {
  const lines = columns.map(({ name, type, about }) => `${name} ${type} COMMENT ${quote(about)}`)
  return sql`CREATE TABLE ${name} (${lines.join(', ')}) ENGINE = ${engine} ORDER BY (${orderBy})
    SETTINGS allow_nullable_key = 1 COMMENT ${quote(about)}`
}

/** The table `snapshot`. */
function aboutItself(tables: readonly TakenTable[], id: string, takenAt: number): string[] {
  const at = (ms: number | null): string => (ms === null ? 'NULL' : `fromUnixTimestamp64Milli(${ms}, 'UTC')`)
  const row = ({ name, since }: TakenTable): string => {
    const about = snapshotTables.find((table) => table.name === name)?.about ?? ''
    const note =
      since === null ? 'complete' : `only rows since ${new Date(since).toISOString()}: it was too much`
    return sql`SELECT ${quote(name)}, count(), ${at(since)}, ${quote(note)}, ${quote(about)}, ${quote(id)}, ${at(takenAt)}
      FROM ${name}`
  }
  return [
    sql`CREATE TABLE snapshot (tableName String COMMENT 'a table here', rowCount UInt64 COMMENT 'its rows',
      since Nullable(DateTime64(3, 'UTC')) COMMENT 'the first hour that is there; null when everything is',
      note String COMMENT 'what was left out', about String COMMENT 'what a row is',
      snapshotId String COMMENT 'changes with each snapshot, and with it the pseudonyms',
      takenAt DateTime64(3, 'UTC') COMMENT 'what came later is not there') ENGINE = MergeTree ORDER BY tableName`,
    sql`INSERT INTO snapshot ${tables.map(row).join(' UNION ALL ')}`,
  ]
}

type Reading = { readonly warehouse: Warehouse; readonly query: QueryOptions }
type Params = { readonly tenantId: string; readonly salt: string; readonly until: number }
/** Rows from `from` to before `to`, epoch ms; the newest first. */
type Piece = { readonly from: number; readonly to: number; readonly rows: number }
type Pieces = { readonly list: readonly Piece[]; readonly isAll: boolean }

const EVER: Piece = { from: 0, to: 9_000_000_000_000, rows: 0 }

/** Whole hours, newest first, joined to pieces of some rows, as long as they are no more than `most`. */
async function piecesOf(
  { warehouse, query }: Reading,
  { source, time }: SnapshotTable,
  params: Params,
  most: number,
): Promise<Pieces> {
  if (time === null) return { list: [EVER], isAll: true }
  const hours = await warehouse.query<{ hour: number; rows: number }>(
    {
      sql: sql`SELECT toUnixTimestamp(toStartOfHour(${time})) * 1000 AS hour, count() AS rows
        FROM ${source} AND toUnixTimestamp64Milli(${time}) < {until:Int64} GROUP BY hour ORDER BY hour DESC`,
      params: { tenantId: params.tenantId, until: params.until },
    },
    query,
  )
  const list: Piece[] = []
  let total = 0
  for (const { hour, rows } of hours) {
    if (total + rows > most) return { list, isAll: false }
    total += rows
    const last = list.at(-1)
    if (last === undefined || last.rows >= PIECE_ROWS) {
      list.push({ from: hour, to: last?.from ?? EVER.to, rows })
    } else list[list.length - 1] = { from: hour, to: last.to, rows: last.rows + rows }
  }
  return { list, isAll: true }
}

type Written = { readonly rows: number; readonly bytes: number; readonly since: number | null }

async function writePieces(
  options: Reading & {
    readonly table: SnapshotTable
    readonly params: Params
    readonly pieces: Pieces
    readonly file: string
    /** No more than these. */
    readonly bytes: number
  },
): Promise<Written> {
  const { warehouse, query, table, params, pieces, file } = options
  const handle = await open(file, 'wx', 0o600)
  try {
    let bytes = 0
    let rows = 0
    let since = params.until
    for (const piece of pieces.list) {
      const block = await warehouse.bytes(select(table, piece, params), 'Native', query)
      if (bytes + block.length > options.bytes) return { rows, bytes, since }
      await handle.writeFile(block)
      bytes += block.length
      rows += piece.rows
      since = piece.from
    }
    return { rows, bytes, since: pieces.isAll ? null : since }
  } finally {
    await handle.close()
  }
}

function select({ columns, source, time }: SnapshotTable, piece: Piece, params: Params): Statement {
  const { tenantId, salt, until } = params
  const isKeyed = columns.some(({ name }) => name === 'viewerKey')
  const values = columns.map(({ name, value, type }) => `CAST(${value}, ${quote(type)}) AS ${name}`)
  const ms = `toUnixTimestamp64Milli(source.${time})`
  const within =
    time === null ? '' : sql`WHERE ${ms} >= {from:Int64} AND ${ms} < least({to:Int64}, {until:Int64})`
  return {
    sql: sql`SELECT ${values.join(', ')} FROM (SELECT * FROM ${source}) AS source ${within}`,
    params: {
      tenantId,
      ...(isKeyed ? { salt } : {}),
      ...(time === null ? {} : { from: piece.from, to: piece.to, until }),
    },
  }
}
