/** The first line of a CSV: what separates its fields, what its columns are called, and which of them we need. */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#features/import/errors.ts'

export type Header = { readonly delimiter: string; readonly names: readonly string[] }

/** Which column says what; by its place in the file. */
export type Roles<Column> = {
  readonly viewer: Column
  readonly title: Column
  readonly at: Column
  readonly strength: Column | null
}
export type NamedRoles = Partial<Record<keyof Roles<string>, string>>

const MAX_COLUMNS = 500
const DELIMITERS = [',', ';', '\t', '|'] as const

/** What such columns are usually called, lower case without `_` and `-`. */
const USUAL: Record<keyof Roles<string>, readonly string[]> = {
  viewer: ['viewer', 'viewerid', 'viewerkey', 'user', 'userid', 'customerid', 'profileid'],
  title: ['title', 'titleid', 'item', 'itemid', 'movieid', 'videoid', 'contentid', 'productid'],
  at: ['at', 'timestamp', 'ts', 'time', 'datetime', 'date', 'createdat', 'eventtime', 'watchedat'],
  strength: ['strength', 'rating', 'score', 'stars', 'weight'],
}

/** Reads the names of the columns. The separator is what cuts the line into most fields. */
export function readHeader(head: Uint8Array): Header {
  const text = new TextDecoder('utf-8').decode(head).replace(/^\uFEFF/, '')
  const line = text.split(/\r\n|\n|\r/, 1)[0] ?? ''
  const cuts = DELIMITERS.map((delimiter) => ({ delimiter, names: cutLine(line, delimiter) }))
  const widest = cuts.reduce((best, one) => (one.names.length > best.names.length ? one : best))
  if (line.trim() === '') throw new Refusal(refusals.nothingLeft, 'The first line of the file is empty.')
  if (line.includes('\0') || widest.names.length > MAX_COLUMNS) {
    throw new Refusal(refusals.unreadable, 'The first line of the file does not name columns.')
  }
  return widest
}

/** Fields of one line; a quoted one may hold the separator, and `""` in it is a quote. */
function cutLine(line: string, delimiter: string): string[] {
  const fields: string[] = []
  let field = ''
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string
    if (quoted && c === '"' && line[i + 1] === '"') field += line[++i]
    else if (c === '"') quoted = !quoted
    else if (c === delimiter && !quoted) {
      fields.push(field.trim())
      field = ''
    } else field += c
  }
  return [...fields, field.trim()]
}

export const looksLikeMovieLens = ({ names }: Header): boolean =>
  names.join(',') === 'userId,movieId,rating,timestamp'

/** The columns named, or those with a usual name. Refuses with the names there are. */
export function rolesOf(names: readonly string[], named: NamedRoles = {}): Roles<number> {
  const plain = names.map((name) => name.toLowerCase().replace(/[_\s-]/g, ''))
  const shown = names
    .slice(0, 20)
    .map((name) => name.slice(0, 40))
    .join(', ')
  const find = (role: keyof Roles<string>): number => {
    const asked = named[role]
    if (asked !== undefined) {
      const at = names.indexOf(asked)
      if (at >= 0) return at
      throw new Refusal(refusals.columnsUnknown, `There is no column ${asked}; there are ${shown}.`)
    }
    for (const usual of USUAL[role]) if (plain.includes(usual)) return plain.indexOf(usual)
    return -1
  }
  const roles = { viewer: find('viewer'), title: find('title'), at: find('at') }
  const missing = Object.entries(roles).filter(([, at]) => at < 0)
  if (missing.length > 0) {
    const wanted = missing.map(([role]) => role).join(', ')
    throw new Refusal(refusals.columnsUnknown, `No column is surely ${wanted}; there are ${shown}.`)
  }
  const strength = find('strength')
  return { ...roles, strength: strength < 0 ? null : strength }
}
