/**
 * From checked rows to what is kept: one row a viewer and title under the platform's pseudonyms, in order of time, as
 * Parquet. Equal files and options give equal bytes.
 */
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#features/import/errors.ts'
import type { Layout } from '#features/import/source.ts'
import { type Staged, TIMEOUT_MS } from '#features/import/stage.ts'
import type { Interactions } from '#features/interactions.ts'
import { type Statement, sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export type Kept = {
  readonly rows: number
  readonly viewers: number
  readonly titles: number
  readonly firstAt: number
  readonly lastAt: number
  readonly belowRating: number
  /** Rows of children's profiles: nothing about them is kept. */
  readonly ofChildren: number
  /** Rows of a viewer and title that had one before: the earliest moment and the greatest strength stay. */
  readonly repeated: number
}

/** Makes the table `kept` out of `staged`. Groups beyond this many bytes of memory go by way of the disk. */
const IN_MEMORY = 300_000_000

export async function keepRows(
  engine: Warehouse,
  staged: Staged,
  options: {
    readonly folder: string
    readonly minRating?: number
    readonly viewerKey: (id: string) => string
    readonly children: readonly string[]
  },
): Promise<Kept> {
  const { minRating = -Number.MAX_VALUE } = options
  const params = { minRating: String(minRating), children: options.children }
  const enough = sql`problem = '' AND ifNull(strength >= {minRating:Float64}, true)`
  const wanted = sql`${enough} AND NOT has({children:Array(String)}, viewer)`
  const people = await engine.columns(
    { sql: sql`SELECT DISTINCT viewer FROM staged WHERE ${wanted} ORDER BY viewer`, params },
    { timeoutMs: TIMEOUT_MS },
  )
  if (people.rows === 0) {
    throw new Refusal(
      refusals.nothingLeft,
      `None of ${staged.sound} rows is left: rated too low, or of children’s profiles.`,
    )
  }
  const ids = Array.from((people.columns['viewer'] ?? []) as ArrayLike<string>, String)
  const keysFile = path.join(options.folder, 'keys.tsv')
  const lines = ids.map((id) => `${Buffer.from(id).toString('base64')}\t${options.viewerKey(id)}\n`)
  try {
    await writeFile(keysFile, lines, { mode: 0o600 })
    const { lowest, highest } = staged.scale ?? { lowest: 0, highest: 0 }
    const strength =
      highest > lowest
        ? sql`0.5 + 0.5 * (max(strength) - {lowest:Float64}) / ({highest:Float64} - {lowest:Float64})`
        : '1'
    await engine.command({
      sql: sql`
        CREATE TABLE kept ENGINE = MergeTree ORDER BY (at, line) AS
        SELECT key AS viewerKey, title AS titleId, fromUnixTimestamp64Milli(min(at), 'UTC') AS at,
          toFloat32(${strength}) AS strength,
          min(line) AS line
        FROM (SELECT viewer, title, at, ifNull(strength, 0) AS strength, line FROM staged WHERE ${wanted}) AS rows
        INNER JOIN (SELECT base64Decode(id) AS viewer, key FROM file({keys:String}, 'TSV', 'id String, key String')) AS people
          ON people.viewer = rows.viewer
        GROUP BY key, title
        SETTINGS max_bytes_before_external_group_by = ${String(IN_MEMORY)},
          max_execution_time = ${String(TIMEOUT_MS / 1000)}`,
      params: { ...params, keys: keysFile, lowest: String(lowest), highest: String(highest) },
    })
  } finally {
    await rm(keysFile, { force: true })
  }
  return countKept(engine, staged, { enough, wanted, params })
}

type Conditions = { readonly enough: string; readonly wanted: string; readonly params: Statement['params'] }

async function countKept(
  engine: Warehouse,
  staged: Staged,
  { enough, wanted, params = {} }: Conditions,
): Promise<Kept> {
  const ask = async <T>(question: string): Promise<T> =>
    (await engine.query<T>({ sql: question, params }, { timeoutMs: TIMEOUT_MS }))[0] as T
  const taken = await ask<{ rated: number; wanted: number }>(
    sql`SELECT countIf(${enough}) AS rated, countIf(${wanted}) AS wanted FROM staged`,
  )
  const counts = await ask<Omit<Kept, 'belowRating' | 'ofChildren' | 'repeated'>>(
    sql`SELECT count() AS rows, uniqExact(viewerKey) AS viewers, uniqExact(titleId) AS titles,
      toUnixTimestamp64Milli(min(at)) AS firstAt, toUnixTimestamp64Milli(max(at)) AS lastAt FROM kept`,
  )
  return {
    ...counts,
    belowRating: staged.sound - taken.rated,
    ofChildren: taken.rated - taken.wanted,
    repeated: taken.wanted - counts.rows,
  }
}

/** Columns viewerKey, titleId, at (UTC, ms), strength, and the line of the source, in order of time. */
export const writeKept = (engine: Warehouse, file: string): Promise<void> =>
  engine.command(
    {
      sql: sql`INSERT INTO FUNCTION file({file:String}, 'Parquet')
        SELECT viewerKey, titleId, at, strength, line FROM kept ORDER BY at, line`,
      params: { file },
    },
    { timeoutMs: TIMEOUT_MS },
  )

const GENRES =
  "'unknown','Action','Adventure','Animation','Children''s','Comedy','Crime','Documentary','Drama','Fantasy'," +
  "'Film-Noir','Horror','Musical','Mystery','Romance','Sci-Fi','Thriller','War','Western'"
const UTF8 = sql`if(isValidUTF8(row), row, convertCharset(row, 'ISO-8859-1', 'UTF-8'))`
const LINES = sql`file({titles:String}, 'LineAsString', 'row String')`

/** Names and genres as each layout of MovieLens has them; the older ones are Latin-1. */
const TITLES: Partial<Record<Layout, string>> = {
  'ml-100k': sql`SELECT f[1] AS titleId, f[2] AS name,
      arrayFilter((genre, has) -> has = '1', [${GENRES}], arrayResize(arraySlice(f, 6, 19), 19, '0')) AS genres
    FROM (SELECT splitByChar('|', trimRight(${UTF8}, '\r')) AS f FROM ${LINES})`,
  'ml-1m': sql`SELECT f[1] AS titleId, f[2] AS name, splitByChar('|', f[3]) AS genres
    FROM (SELECT splitByString('::', trimRight(${UTF8}, '\r')) AS f FROM ${LINES})`,
  'ml-25m': sql`SELECT movieId AS titleId, title AS name,
      if(genres = '(no genres listed)', [], splitByChar('|', genres)) AS genres
    FROM (SELECT movieId, title, genres FROM file({titles:String}, 'CSV', 'movieId String, title String, genres String')
      SETTINGS input_format_csv_skip_first_lines = 1, input_format_csv_allow_variable_number_of_columns = 1)`,
}

/** Writes what is known of the titles that were kept; resolves to how many are described. */
export async function writeTitles(
  engine: Warehouse,
  layout: Layout,
  { titlesFile, file }: { readonly titlesFile: string; readonly file: string },
): Promise<number> {
  const described = sql`SELECT titleId, name, toUInt16OrZero(extract(name, '[(]([0-9]{4})[)] *$')) AS year, genres
    FROM (${TITLES[layout] as string})
    WHERE name != '' AND titleId IN (SELECT titleId FROM kept)
    ORDER BY length(titleId), titleId LIMIT 1 BY titleId`
  const params = { titles: titlesFile, file }
  await engine.command({
    sql: sql`INSERT INTO FUNCTION file({file:String}, 'Parquet') ${described}`,
    params,
  })
  const [found] = await engine.query<{ count: number }>({
    sql: sql`SELECT count() AS count FROM file({file:String}, 'Parquet')`,
    params,
  })
  return found?.count ?? 0
}

/** Encoded by the engine: no row is ever an object here. Dictionaries are sorted, rows in order of time. */
export async function readKept(engine: Warehouse, file: string): Promise<Interactions> {
  const options = { timeoutMs: TIMEOUT_MS }
  const params = { file }
  const kept = sql`file({file:String}, 'Parquet')`
  const names = async (column: 'viewerKey' | 'titleId'): Promise<string[]> => {
    const { columns } = await engine.columns(
      { sql: sql`SELECT DISTINCT ${column} AS name FROM ${kept} ORDER BY name`, params },
      options,
    )
    return Array.from((columns['name'] ?? []) as ArrayLike<string>, String)
  }
  const numbered = (
    column: string,
  ): string => sql`(SELECT name, toInt32(row_number() OVER (ORDER BY name) - 1) AS number
    FROM (SELECT DISTINCT ${column} AS name FROM ${kept}))`
  const { columns } = await engine.columns(
    {
      sql: sql`SELECT viewers.number AS viewer, titles.number AS title,
          toFloat64(toUnixTimestamp64Milli(rows.at)) AS at, rows.strength AS strength
        FROM ${kept} AS rows
        INNER JOIN ${numbered('viewerKey')} AS viewers ON viewers.name = rows.viewerKey
        INNER JOIN ${numbered('titleId')} AS titles ON titles.name = rows.titleId
        ORDER BY rows.at, rows.line`,
      params,
    },
    options,
  )
  const numbers = (name: string): ArrayLike<number> => (columns[name] ?? []) as ArrayLike<number>
  return {
    viewers: await names('viewerKey'),
    titles: await names('titleId'),
    viewer: Int32Array.from(numbers('viewer')),
    title: Int32Array.from(numbers('title')),
    at: Float64Array.from(numbers('at')),
    strength: Float32Array.from(numbers('strength')),
  }
}
