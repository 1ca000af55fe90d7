/**
 * From the rows of a file to rows that are checked: each is either sound or has one reason why not. All of it happens in
 * the engine; what comes out here are counts and a few examples.
 */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#features/import/errors.ts'
import type { Rows } from '#features/import/rows.ts'
import { type Statement, sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export const AT_UNITS = ['s', 'ms', 'iso'] as const
export type AtUnit = (typeof AT_UNITS)[number]

export type BadRow = { readonly line: number; readonly reason: string; readonly excerpt: string }
export type Staged = {
  readonly unit: AtUnit
  /** Rows in the file, blank lines aside. */
  readonly read: number
  readonly sound: number
  readonly viewers: number
  readonly titles: number
  /** Rows by the reason they were refused for. */
  readonly refused: Readonly<Record<string, number>>
  readonly examples: readonly BadRow[]
  /** Ends of the scale the file's ratings use; null without ratings. */
  readonly scale: { readonly lowest: number; readonly highest: number } | null
}

const MAX_ROWS = 200_000_000
const MAX_VIEWERS = 5_000_000
export const TIMEOUT_MS = 900_000
const DAY_MS = 86_400_000
const SAMPLE = 1000
const MAX_ID = 64
const EXAMPLES = 20
/** So many bad rows are let pass without asking how many rows there are. */
const FEW = 5
const MAX_BAD_SHARE = 0.01

const MOMENTS: Record<AtUnit, string> = {
  s: sql`if(match(moment, '^-?[0-9]{1,12}([.][0-9]{1,9})?$'), toInt64(round(toFloat64(moment) * 1000)), NULL)`,
  ms: sql`if(match(moment, '^-?[0-9]{1,15}([.][0-9]{1,9})?$'), toInt64(round(toFloat64(moment))), NULL)`,
  iso: sql`toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull(moment, 3, 'UTC'))`,
}

/** Reads the file into the table `staged` of the engine's database. Refuses a file that cannot be read or is mostly bad. */
export async function stageRows(
  engine: Warehouse,
  rows: Rows,
  options: { readonly unit?: AtUnit; readonly now: number },
): Promise<Staged> {
  const unit = rows.unit ?? options.unit ?? (await reading(() => guessUnit(engine, rows)))
  const rated = rows.columns.strength !== null
  await reading(() =>
    engine.command({
      sql: sql`
        CREATE TABLE staged ENGINE = MergeTree ORDER BY line AS
        SELECT line, breaks, viewer, title, ifNull(ms, 0) AS at, number AS strength,
          CAST(wrong, 'LowCardinality(String)') AS problem,
          if(wrong = '', '', replaceRegexpAll(toValidUTF8(substring(
            arrayStringConcat([viewer, title, moment, strength], ' '), 1, 80)), '[[:cntrl:]]', '?')) AS excerpt
        FROM (
          SELECT *, ${MOMENTS[unit]} AS ms,
            ${rated ? sql`toFloat64OrNull(strength)` : sql`CAST(NULL, 'Nullable(Float64)')`} AS number,
            multiIf(problem != '', problem,
              viewer = '', 'no viewer', title = '', 'no title',
              ${isNoId('viewer')}, 'viewer is no id', ${isNoId('title')}, 'title is no id',
              ms IS NULL, 'time cannot be read', ms < 0, 'time before 1970', ms > {latest:Int64}, 'time in the future',
              ${rated ? sql`number IS NULL OR NOT isFinite(number)` : sql`false`}, 'strength is no number', '') AS wrong
          FROM (${rows.sql}))
        LIMIT ${String(MAX_ROWS + 1)}
        SETTINGS max_execution_time = ${String(TIMEOUT_MS / 1000)}`,
      params: { ...rows.params, latest: options.now + DAY_MS },
    }),
  )
  const staged = { unit, ...(await look(engine)) }
  judge(staged)
  return staged
}

/** Ids are as events have them: printable, of at most 64 characters. */
const isNoId = (column: 'viewer' | 'title'): string => sql`(NOT isValidUTF8(${column})
  OR lengthUTF8(${column}) > ${String(MAX_ID)} OR match(${column}, '[[:cntrl:]]'))`

/** What the engine says of a file it cannot read, as a refusal. */
export async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const text = String((cause as Error).message)
    if (cause instanceof Refusal || /SYNTAX_ERROR|\(UNKNOWN_/.test(text)) throw cause
    const row = /\(at row (\d+)\)/.exec(text)?.[1]
    const what = /MEMORY_LIMIT/.test(text)
      ? 'A row of it is too large for memory'
      : (/DB::Exception: ([^\n]*)/.exec(text)?.[1] ?? 'The engine cannot read it').slice(0, 200)
    throw new Refusal(
      refusals.unreadable,
      `${row === undefined ? '' : `Row ${row}, the header not counted: `}${what}.`,
      { cause },
    )
  }
}

async function guessUnit(engine: Warehouse, rows: Rows): Promise<AtUnit> {
  const found = await engine.query<{ all: number; numbers: number; digits: number }>({
    sql: sql`
      SELECT count() AS all, countIf(match(moment, '^-?[0-9]+([.][0-9]+)?$')) AS numbers,
        ifNull(medianIf(length(splitByChar('.', moment)[1]), numeric), 0) AS digits
      FROM (SELECT moment, match(moment, '^-?[0-9]+([.][0-9]+)?$') AS numeric FROM (${rows.sql})
        WHERE moment != '' LIMIT ${String(SAMPLE)})`,
    params: rows.params ?? {},
  })
  const { all = 0, numbers = 0, digits = 0 } = found[0] ?? {}
  if (numbers * 2 < all) return 'iso'
  return digits >= 12 ? 'ms' : 's'
}

async function look(engine: Warehouse): Promise<Omit<Staged, 'unit'>> {
  const ask = async <T>(statement: Statement<T>): Promise<T[]> =>
    engine.query(statement, { timeoutMs: TIMEOUT_MS })
  const counts = await ask<{ problem: string; rows: number }>({
    sql: sql`SELECT problem, count() AS rows FROM staged GROUP BY problem ORDER BY problem`,
  })
  const [sums] = await ask<{
    viewers: number
    titles: number
    lowest: number | null
    highest: number | null
  }>({
    sql: sql`SELECT uniqExact(viewer) AS viewers, uniqExact(title) AS titles, min(strength) AS lowest,
      max(strength) AS highest FROM staged WHERE problem = ''`,
  })
  const { viewers = 0, titles = 0, lowest = null, highest = null } = sums ?? {}
  const refused = counts.filter(({ problem }) => problem !== '')
  return {
    read: counts.reduce((sum, { rows }) => sum + rows, 0),
    sound: counts.find(({ problem }) => problem === '')?.rows ?? 0,
    viewers,
    titles,
    refused: Object.fromEntries(refused.map(({ problem, rows }) => [problem, rows])),
    examples: refused.length === 0 ? [] : await examplesOf(engine),
    scale: lowest === null || highest === null ? null : { lowest, highest },
  }
}

/** The first few of each reason; a field that goes over several lines moves the lines after it. */
async function examplesOf(engine: Warehouse): Promise<BadRow[]> {
  return engine.query<BadRow>({
    sql: sql`
      SELECT line + before AS line, toString(problem) AS reason, excerpt FROM (
        SELECT line, problem, excerpt, sum(breaks) OVER (ORDER BY line ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
          - breaks AS before
        FROM (SELECT line, problem, excerpt, breaks FROM staged WHERE problem != '' OR breaks > 0))
      WHERE problem != '' ORDER BY line LIMIT 3 BY problem LIMIT ${String(EXAMPLES)}`,
  })
}

function judge({ read, sound, viewers, refused, examples }: Staged): void {
  if (read > MAX_ROWS || viewers > MAX_VIEWERS) {
    throw new Refusal(
      refusals.tooLarge,
      `At most ${MAX_ROWS} rows of ${MAX_VIEWERS} viewers are imported; the file has ${read} of ${viewers}.`,
    )
  }
  if (read === 0) throw new Refusal(refusals.nothingLeft, 'The file has no rows.')
  const bad = read - sound
  if (bad < sound && (bad <= FEW || bad <= read * MAX_BAD_SHARE)) return
  const why = Object.entries(refused).map(([reason, rows]) => `${rows} ${reason}`)
  const shown = examples.slice(0, 3).map(({ line, reason }) => `line ${line}: ${reason}`)
  throw new Refusal(
    refusals.tooManyBadRows,
    `${bad} of ${read} rows cannot be taken (${why.join(', ')}), such as ${shown.join('; ')}.`,
  )
}
