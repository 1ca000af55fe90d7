/** Rows out of an answer in `JSONCompactEachRowWithNames`: the first line names the columns, then one array a row. */

/** The format queries ask for. */
export const ROW_FORMAT = 'JSONCompactEachRowWithNames'

export function parseRows<T>(text: string): T[] {
  const lines = text.split('\n')
  const names = JSON.parse(lines[0] || '[]') as string[]
  const rows: T[] = []
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string
    if (line === '') continue
    const values = JSON.parse(line) as unknown[]
    const row: Record<string, unknown> = {}
    for (let k = 0; k < names.length; k++) row[names[k] as string] = values[k]
    rows.push(row as T)
  }
  return rows
}
