/** Parameters of a statement as ClickHouse takes them over HTTP: text in its escaped form, bound by the engine. */
import { assert } from '#base/assert.ts'
import type { Param } from '#storage/warehouse/warehouse.ts'

const escape = (text: string): string =>
  text.replace(/[\\\t\n\r\0\b\f]/g, (c) => {
    const letters: Record<string, string> = {
      '\\': '\\\\',
      '\t': '\\t',
      '\n': '\\n',
      '\r': '\\r',
      '\0': '\\0',
      '\b': '\\b',
      '\f': '\\f',
    }
    return letters[c] as string
  })
const quoteItem = (text: string): string => `'${escape(text).replaceAll("'", "\\'")}'`

/** The value of `param_<name>`. */
export function formatParam(value: Param): string {
  if (value === null) return '\\N'
  if (typeof value === 'string') return escape(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(Number(value))
  const items = value.map((item) => (typeof item === 'string' ? quoteItem(item) : String(item)))
  return `[${items.join(',')}]`
}

/** The name as it may stand in SQL. */
export function databaseName(name: string): string {
  assert(/^[A-Za-z]\w{0,60}$/.test(name), `${name} is no name of a database`)
  return name
}
