/** The event contract as plain data, and what of it may not change while a version lives. */
import type { TProperties, TSchema } from 'typebox'
import { fnv1a } from '#base/ids.ts'
import { type ColumnType, envelope, type StreamDefinition } from '#events/define.ts'
import { eventsOf, streamColumns, streams } from '#events/registry.ts'

export type FieldPrint = {
  readonly column: ColumnType
  readonly required: boolean
  /** The words of a closed list. */
  readonly words?: readonly string[]
  readonly bounds?: Readonly<Record<string, number>>
  readonly description: string
}
type Fields = Readonly<Record<string, FieldPrint>>
type EventPrint = { readonly by: string; readonly description: string; readonly fields: Fields }
export type Contract = {
  readonly envelope: Fields
  readonly streams: Readonly<
    Record<
      string,
      {
        readonly table: string
        readonly key: string
        readonly retentionDays: number | 'forever'
        readonly compacted?: true
        readonly description: string
        readonly fields: Fields
        /** By `type@version`. */
        readonly events: Readonly<Record<string, EventPrint>>
      }
    >
  >
}

/** Tells the columns of a stream from those it had before. */
export const schemaPrintOf = (stream: StreamDefinition): string =>
  fnv1a(
    streamColumns(stream)
      .map(({ name, type }) => `${name} ${type}`)
      .join(),
  ).toString(36)

const BOUNDS = { minimum: 1, minLength: 1, maximum: -1, maxLength: -1, maxItems: -1 } as const

type Printed = { [bound in keyof typeof BOUNDS]?: number } & {
  'x-column': ColumnType
  description?: string
  enum?: string[]
  anyOf?: Printed[]
  '~optional'?: true
}

function printField(schema: TSchema): FieldPrint {
  const printed = schema as unknown as Printed
  const value = printed.anyOf?.[0] ?? printed
  const words = value.enum
  const names = Object.keys(BOUNDS) as (keyof typeof BOUNDS)[]
  const bounds = Object.fromEntries(
    names.filter((name) => value[name] !== undefined).map((name) => [name, value[name] as number]),
  )
  return {
    column: printed['x-column'],
    required: printed['~optional'] !== true,
    ...(words === undefined ? {} : { words }),
    ...(Object.keys(bounds).length === 0 ? {} : { bounds }),
    description: printed.description ?? '',
  }
}
const printFields = (fields: TProperties): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name, printField(schema)]))

export function printContract(): Contract {
  return {
    envelope: printFields(envelope),
    streams: Object.fromEntries(
      streams.map((stream) => [
        stream.name,
        {
          table: stream.table,
          key: stream.key,
          retentionDays: stream.retentionDays,
          ...(stream.compacted === true ? { compacted: true as const } : {}),
          description: stream.description,
          fields: printFields(stream.common),
          events: Object.fromEntries(
            eventsOf(stream).map(({ type, version, by, description, fields }) => [
              `${type}@${version}`,
              { by, description, fields: printFields(fields) },
            ]),
          ),
        },
      ]),
    ),
  }
}

/** What a column holds, whether or not it may be empty. */
const held = ({ column }: FieldPrint): string =>
  column.replace('Nullable(String)', 'String').replace(/^Nullable\((.*)\)$/, '$1')

function isTighter(before: FieldPrint, after: FieldPrint, bound: keyof typeof BOUNDS): boolean {
  const [was, is] = [before.bounds?.[bound], after.bounds?.[bound]]
  return is !== undefined && (was === undefined || (is - was) * BOUNDS[bound] > 0)
}

function fieldBreaks(where: string, before: Fields, after: Fields): string[] {
  const breaks: string[] = []
  for (const [name, old] of Object.entries(before)) {
    const now = after[name]
    if (now === undefined) breaks.push(`${where}.${name} was removed`)
    else {
      if (held(now) !== held(old)) {
        breaks.push(`${where}.${name} changed from ${old.column} to ${now.column}`)
      }
      if (now.required && !old.required) breaks.push(`${where}.${name} was optional and is required`)
      for (const word of old.words ?? []) {
        if (now.words !== undefined && !now.words.includes(word))
          breaks.push(`${where}.${name} lost the word ${word}`)
      }
      for (const bound of Object.keys(BOUNDS) as (keyof typeof BOUNDS)[]) {
        if (isTighter(old, now, bound)) breaks.push(`${where}.${name} has a tighter ${bound}`)
      }
      if (old.words === undefined && now.words !== undefined)
        breaks.push(`${where}.${name} became a closed list`)
    }
  }
  for (const [name, now] of Object.entries(after)) {
    if (before[name] === undefined && now.required) breaks.push(`${where}.${name} is new and required`)
  }
  return breaks
}

/** What in `after` would turn away or misread what was sent or stored under `before`. */
export function breaksOf(before: Contract, after: Contract): readonly string[] {
  const breaks = fieldBreaks('envelope', before.envelope, after.envelope)
  for (const [name, old] of Object.entries(before.streams)) {
    const now = after.streams[name]
    if (now === undefined) {
      breaks.push(`the stream ${name} was removed`)
      continue
    }
    if (now.table !== old.table) breaks.push(`${name} moved from table ${old.table} to ${now.table}`)
    if (now.key !== old.key) breaks.push(`${name} is ordered by ${now.key} instead of ${old.key}`)
    breaks.push(...fieldBreaks(name, old.fields, now.fields))
    for (const [type, event] of Object.entries(old.events)) {
      const next = now.events[type]
      if (next === undefined) breaks.push(`${type} was removed`)
      else {
        breaks.push(...fieldBreaks(type, event.fields, next.fields))
        if (next.by !== event.by) breaks.push(`${type} is said by ${next.by} instead of ${event.by}`)
      }
    }
  }
  return breaks
}
