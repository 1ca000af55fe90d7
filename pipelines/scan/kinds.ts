/** What the scanner must know of a field: how its values look in JSON, and within which bounds they are right. */
import type { Field } from '#pipelines/event-shape.ts'

/** As in assembly/index.ts and assembly/tell.ts. */
const CODES = { integer: 0, real: 1, flag: 2, word: 3, id: 4 } as const
const MAY_BE_NULL = 8
const TOLD = 16
const KIND_MASK = 7
const MAX_WORD_BYTES = 80

export type FieldKind = {
  readonly code: number
  /** Of a number its value, of text its length. */
  readonly least: number
  readonly most: number
}
export const isWordKind = ({ code }: FieldKind): boolean => (code & KIND_MASK) === CODES.word

/** What the contract's builders write in a schema (events/define.ts). */
type Schema = {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
}

/** Null for what the scanner does not take: lists, long text, ids that may be empty. */
export function kindOf({ name, schema, told }: Field): FieldKind | null {
  const whole = schema as unknown as Schema
  const parts = whole.anyOf ?? [whole]
  const [only, ...more] = parts.filter(({ type }) => type !== 'null')
  if (only === undefined || more.length > 0) return null
  const mayBeNull = parts.length > 1
  const bounds = boundsOf(only, name)
  if (bounds === null || (name === 'eventId' && mayBeNull)) return null
  const { kind, least, most } = bounds
  return { code: CODES[kind] | (mayBeNull ? MAY_BE_NULL : 0) | (told ? TOLD : 0), least, most }
}

function boundsOf(
  schema: Schema,
  name: string,
): { kind: keyof typeof CODES; least: number; most: number } | null {
  const { type, minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema
  if (type === 'integer') return { kind: 'integer', least: minimum, most: maximum }
  if (type === 'number') return { kind: 'real', least: minimum, most: maximum }
  if (type === 'boolean') return { kind: 'flag', least: 0, most: 1 }
  if (schema.enum !== undefined) return { kind: 'word', least: 0, most: MAX_WORD_BYTES }
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema
  if (type !== 'string' || maxLength > MAX_WORD_BYTES) return null
  return { kind: name === 'eventId' ? 'id' : 'word', least: minLength, most: maxLength }
}
