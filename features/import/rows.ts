/**
 * Each layout as one question to the engine, which reads the file itself: line, viewer, title, moment and strength as
 * text, and what is wrong with the row before anybody looks at its values. One thread, so that rows keep their places.
 */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#features/import/errors.ts'
import { type Header, type NamedRoles, type Roles, rolesOf } from '#features/import/header.ts'
import { type Statement, sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

/** Columns `line UInt64, breaks UInt64, viewer, title, moment, strength, problem`, the last five text. */
export type Rows = Statement & {
  /** What each role is read from, in words for the manifest. */
  readonly columns: Roles<string>
  /** The moment's unit where the file's own types say it. */
  readonly unit?: 'ms'
}

/** A line longer than this is no row of a table of ids. */
const MAX_LINE = 65_536

const IN_ORDER = sql`max_threads = 1, input_format_parallel_parsing = 0`

/** `user, item, rating, seconds`, four fields a line and no header. */
export const separatedRows = (file: string, separator: '\t' | '::'): Rows => ({
  sql: sql`
    SELECT line, toUInt64(0) AS breaks, fields[1] AS viewer, fields[2] AS title, fields[4] AS moment,
      fields[3] AS strength,
      multiIf(bytes > ${String(MAX_LINE)}, 'line too long', length(fields) != 4, 'not four fields', '') AS problem
    FROM (
      SELECT line, length(row) AS bytes,
        splitByString({separator:String}, trimRight(substring(row, 1, ${String(MAX_LINE)}), '\r')) AS fields
      FROM (SELECT rowNumberInAllBlocks() + 1 AS line, row FROM file({file:String}, 'LineAsString', 'row String')
        SETTINGS ${IN_ORDER})
      WHERE row NOT IN ('', '\r'))`,
  params: { file, separator },
  columns: { viewer: 'field 1', title: 'field 2', at: 'field 4', strength: 'field 3' },
})

/** CSV as RFC 4180 has it, with a header. Rows of too few fields lack what they lack; too many are told. */
export function csvRows(file: string, { delimiter, names }: Header, named?: NamedRoles): Rows {
  const roles = rolesOf(names, named)
  const column = (at: number): string => `c${at}`
  const structure = names.map((_, at) => `${column(at)} String`).join(', ')
  const all = [...names.map((_, at) => column(at)), 'extra'].join(', ')
  const separator = delimiter === '\t' ? '\\t' : delimiter
  return {
    sql: sql`
      SELECT line, breaks, ${column(roles.viewer)} AS viewer, ${column(roles.title)} AS title,
        ${column(roles.at)} AS moment, ${roles.strength === null ? "''" : column(roles.strength)} AS strength,
        if(extra = '', '', 'too many fields') AS problem
      FROM (
        SELECT rowNumberInAllBlocks() + 2 AS line, countSubstrings(concat('', ${all}), '\n') AS breaks, ${all}
        FROM file({file:String}, 'CSV', '${structure}, extra String')
        SETTINGS ${IN_ORDER}, format_csv_delimiter = '${separator}', input_format_csv_skip_first_lines = 1,
          input_format_csv_allow_variable_number_of_columns = 1, input_format_csv_detect_header = 0)
      WHERE concat('', ${all}) != ''`,
    params: { file },
    columns: describeRoles(names, roles),
  }
}

type Typed = { readonly name: string; readonly type: string }

/** Parquet says what its columns are called and of which type they are. */
export async function parquetRows(engine: Warehouse, file: string, named?: NamedRoles): Promise<Rows> {
  const columns = await engine.query<Typed>({
    sql: sql`DESCRIBE file({file:String}, 'Parquet')`,
    params: { file },
  })
  const names = columns.map(({ name }) => name)
  const roles = rolesOf(names, named)
  const at = columns[roles.at] as Typed
  const dated = /^(Nullable\()?Date/.test(at.type)
  const moment = dated
    ? sql`toString(toUnixTimestamp64Milli(toDateTime64(${quoteName(at.name)}, 3, 'UTC')))`
    : textOf(at)
  return {
    sql: sql`
      SELECT rowNumberInAllBlocks() + 1 AS line, toUInt64(0) AS breaks,
        ${textOf(columns[roles.viewer] as Typed)} AS viewer, ${textOf(columns[roles.title] as Typed)} AS title,
        ifNull(${moment}, '') AS moment,
        ${roles.strength === null ? "''" : textOf(columns[roles.strength] as Typed)} AS strength, '' AS problem
      FROM file({file:String}, 'Parquet') SETTINGS max_threads = 1, input_format_parquet_preserve_order = 1`,
    params: { file },
    columns: describeRoles(names, roles),
    ...(dated ? { unit: 'ms' as const } : {}),
  }
}

const quoteName = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``

/** The column as text, '' where it has none. */
function textOf({ name, type }: Typed): string {
  if (
    !/^(Nullable\()?(LowCardinality\()?(Nullable\()?(String|FixedString|U?Int|Float|UUID|Decimal|Enum)/.test(
      type,
    )
  ) {
    throw new Refusal(
      refusals.columnsUnknown,
      `Column ${name.slice(0, 80)} is of type ${type.slice(0, 80)}, which is no id, moment or number.`,
    )
  }
  return sql`ifNull(toString(${quoteName(name)}), '')`
}

const describeRoles = (names: readonly string[], roles: Roles<number>): Roles<string> => ({
  viewer: names[roles.viewer] as string,
  title: names[roles.title] as string,
  at: names[roles.at] as string,
  strength: roles.strength === null ? null : (names[roles.strength] as string),
})
