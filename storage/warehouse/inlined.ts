/**
 * A statement as text that any ClickHouse client runs: its parameters written in as literals. Whatever a text holds, it
 * stays within its quotes and means itself.
 */
import { DIALECT } from '#storage/warehouse/dialect.ts'
import type { Param, Statement } from '#storage/warehouse/warehouse.ts'

/** What may hold braces that are no placeholder, then a placeholder: `{name:Type}`. */
const PLACES =
  /'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"|`(?:[^`\\]|\\[^])*`|--[^\n]*|\/\*[^]*?\*\/|\{(\w+):([^{}]+)\}/g
/** Besides quotes: what an editor would not show, or would show as something else. */
const ESCAPED = /['\\]|(?! )[\p{C}\p{Z}]/gu
const LETTERS: Readonly<Record<string, string>> = {
  "'": "\\'",
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
}
const bytesOf = (char: string): string =>
  [...Buffer.from(char)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')

const quote = (text: string): string => `'${text.replace(ESCAPED, (char) => LETTERS[char] ?? bytesOf(char))}'`

const bare = (value: Exclude<Param, readonly unknown[]>): string => {
  if (value === null) return 'NULL'
  return typeof value === 'string' ? quote(value) : String(value)
}

/** The value as a literal of SQL. */
export const literal = (value: Param): string =>
  typeof value === 'object' && value !== null ? `[${value.map(bare).join(', ')}]` : bare(value)

const typed = (value: Param, type: string): string =>
  typeof value === 'string' && type === 'String' ? quote(value) : `CAST(${literal(value)} AS ${type})`

/** Throws when a parameter has no value. */
export const inlined = ({ sql, params = {} }: Statement): string =>
  sql.replace(PLACES, (text: string, name: string | undefined, type: string | undefined) => {
    if (name === undefined || type === undefined) return text
    const value = params[name]
    if (value === undefined) throw new TypeError(`the statement has no value for ${name}`)
    return typed(value, type.trim())
  })

const depthOf = (line: string): number => {
  const bare = line.replace(PLACES, '')
  return bare.split('(').length - bare.split(')').length
}

/** The same text, each line as far in as its brackets. For SQL of ours: no text in it goes over lines. */
export function laidOut(sql: string): string {
  let depth = 0
  return sql
    .split('\n')
    .map((line) => {
      const text = line.trim()
      const indent = '  '.repeat(Math.max(0, text.startsWith(')') ? depth - 1 : depth))
      depth += depthOf(text)
      return indent + text
    })
    .join('\n')
}

/** With the one setting of ours that changes what a query answers. */
export const runnable = <T>(statement: Statement<T>): Statement<T> => ({
  sql: `${inlined(statement)}\nSETTINGS join_use_nulls = ${DIALECT.join_use_nulls}`,
})
