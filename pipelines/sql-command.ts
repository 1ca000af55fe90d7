/** The command line that asks SQL of a tenant's rows: the same sandbox as the endpoint's, over a snapshot taken for it. */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Command, Commands, Shell } from '#base/command.ts'
import { SQL_FORMATS, type SqlFormat } from '#pipelines/sandboxes.ts'

export type SqlCommandPorts = Shell & {
  /** The tenant when --tenant does not say. */
  readonly tenantId: string
  readonly ask: (tenantId: string, statement: string, format: SqlFormat) => Promise<Uint8Array>
  /** Refuses tenants that are not there. */
  readonly checkTenant: (tenantId: string) => Promise<void>
}

type Table = {
  readonly meta: readonly { readonly name: string; readonly type: string }[]
  readonly data: readonly Readonly<Record<string, unknown>>[]
}

const WIDEST = 60
const MOST_SHOWN = 1000
const isNumber = (type: string): boolean => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type)

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  // Columns stay columns, and a terminal takes no orders.
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replace(/\p{Cc}/gu, ' ')
  return text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text
}

/** Columns as wide as what they hold, numbers to the right. */
export function drawTable({ meta, data }: Table): string[] {
  const shown = data.slice(0, MOST_SHOWN)
  const cells = shown.map((row) => meta.map(({ name }) => textOf(row[name])))
  const widths = meta.map(({ name }, at) =>
    cells.reduce((width, row) => Math.max(width, (row[at] as string).length), name.length),
  )
  const line = (row: readonly string[], isHead: boolean): string =>
    row
      .map((cell, at) => {
        const width = widths[at] as number
        return !isHead && isNumber(meta[at]?.type ?? '') ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  const head = meta.map(({ name }) => textOf(name))
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  const rest = data.length - shown.length
  const end = rest > 0 ? `... ${rest} rows more` : `${data.length} row${data.length === 1 ? '' : 's'}`
  return [line(head, true), rule, ...cells.map((row) => line(row, false)), end]
}

const command: Command<SqlCommandPorts> = {
  usage: 'sql "SELECT ..." [--format table|json|csv|arrow|parquet] [--out FILE]',
  summary: 'ask SQL of your rows, read-only',
  help: `Takes a snapshot of a tenant's rows (views, events, titles; viewers as pseudonyms) and runs one SELECT over it, in
the dialect of ClickHouse, in a process that can read nothing else. SHOW TABLES lists the tables, DESCRIBE <table> tells
their columns, and the table \`snapshot\` says what was too much to take along.

  streamverse sql "SELECT titleId, count() AS views FROM views GROUP BY titleId ORDER BY views DESC LIMIT 10"
  streamverse sql "SELECT * FROM views" --format parquet --out views.parquet

  --format f      table (default), json, csv, arrow or parquet; the last two need --out
  --out FILE      write there instead of here
  --tenant <id>   whose rows; the platform's own tenant without it

Tools ask over HTTP instead: streamverse sql-key --help`,
  run: async (args, { tenantId, ask, checkTenant, print }) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { format: { type: 'string' }, out: { type: 'string' }, tenant: { type: 'string' } },
      allowPositionals: true,
    })
    const [statement] = positionals
    if (statement === undefined || positionals.length > 1)
      throw new TypeError('sql takes one statement, in quotes; `streamverse sql --help` shows two')
    const format = values.format ?? 'table'
    if (format !== 'table' && !Object.hasOwn(SQL_FORMATS, format))
      throw new TypeError(`--format takes table, ${Object.keys(SQL_FORMATS).join(', ')}, not ${format}`)
    if (/^(arrow|parquet)$/.test(format) && values.out === undefined)
      throw new TypeError(`--format ${format} is not text: say --out FILE`)
    const whose = values.tenant ?? tenantId
    await checkTenant(whose)
    const bytes = await ask(whose, statement, format === 'table' ? 'json' : (format as SqlFormat))
    const lines = (): string[] =>
      format === 'table'
        ? drawTable(JSON.parse(Buffer.from(bytes).toString()) as Table)
        : [Buffer.from(bytes).toString().trimEnd()]
    if (values.out === undefined) for (const line of lines()) print(line)
    else writeFileSync(values.out, format === 'table' ? `${lines().join('\n')}\n` : bytes)
    return 0
  },
}

export const sqlCommands: Commands<SqlCommandPorts> = { sql: command }
