/**
 * The vocabulary of the event contract. One definition of an event gives its TypeScript type, its validation,
 * its columns in the warehouse and its page in docs/events.md. Browser-safe.
 */
import Type, { type Static, type TProperties, type TSchema } from 'typebox'
import { assert } from '#base/assert.ts'

/** Warehouse column types an event field may have. `Nullable(...)` wraps a scalar when the field is optional. */
export type ScalarColumn =
  | 'String'
  | 'LowCardinality(String)'
  | 'Bool'
  | 'UInt8'
  | 'UInt16'
  | 'UInt32'
  | 'UInt64'
  | 'Float32'
  | 'Float64'
  | "DateTime64(3, 'UTC')"
export type ColumnType =
  | ScalarColumn
  | `Nullable(${ScalarColumn})`
  | `LowCardinality(Nullable(String))`
  | `Array(${ScalarColumn})`

type Stored = { readonly 'x-column': ColumnType }
const stored = <const C extends ColumnType>(column: C): { 'x-column': C } => ({ 'x-column': column })

export const AT = "DateTime64(3, 'UTC')"
const UINT_MAX = { UInt8: 0xff, UInt16: 0xffff, UInt32: 0xffffffff, UInt64: Number.MAX_SAFE_INTEGER } as const

/** No control characters: names and ids go into keys, paths and stores that cannot hold them. */
const PRINTABLE = '^[^\\u0000-\\u001f\\u007f]*$'

/** An identifier of at most 64 characters. */
export const id = (description: string) =>
  Type.String({ minLength: 1, maxLength: 64, pattern: PRINTABLE, description, ...stored('String') })
/** Free text of at most `max` characters. */
export const text = (description: string, max = 500) =>
  Type.String({ maxLength: max, description, ...stored('String') })
/** Text that repeats a lot (a name, a code): stored once per block. */
export const label = (description: string, max = 80) =>
  Type.String({ maxLength: max, pattern: PRINTABLE, description, ...stored('LowCardinality(String)') })
/** One word of a closed list. */
export const oneOf = <const W extends string[]>(words: W, description: string) =>
  Type.Enum(words, { description, ...stored('LowCardinality(String)') })
/** A whole number; the unit is the last word of the field's name. */
export const whole = (
  column: keyof typeof UINT_MAX,
  description: string,
  bounds: { minimum?: number; maximum?: number } = {},
) => Type.Integer({ minimum: 0, maximum: UINT_MAX[column], description, ...stored(column), ...bounds })
export const real = (description: string, bounds: { minimum?: number; maximum?: number } = {}) =>
  Type.Number({ description, ...stored('Float64'), ...bounds })
export const flag = (description: string) => Type.Boolean({ description, ...stored('Bool') })
/** An instant in epoch milliseconds. */
export const instant = (description: string) =>
  Type.Integer({ minimum: 0, maximum: 9_000_000_000_000, description, ...stored(AT) })
export const labels = (description: string, maxItems = 64) =>
  Type.Array(Type.String({ maxLength: 80, pattern: PRINTABLE }), {
    maxItems,
    description,
    ...stored('Array(LowCardinality(String))' as 'Array(String)'),
  })
export const ids = (description: string, maxItems = 500) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 64, pattern: PRINTABLE }), {
    maxItems,
    description,
    ...stored('Array(String)'),
  })
export const wholes = (description: string, maxItems = 500) =>
  Type.Array(Type.Integer({ minimum: 0, maximum: UINT_MAX.UInt32 }), {
    maxItems,
    description,
    ...stored('Array(UInt32)'),
  })
export const reals = (description: string, maxItems = 500) =>
  Type.Array(Type.Number(), { maxItems, description, ...stored('Array(Float32)') })

/** The field may be absent or null; stored as NULL. Not for arrays: leave those empty. */
export function optional<S extends TSchema & Partial<Stored>>(schema: S) {
  const column = schema['x-column']
  assert(column !== undefined && !column.startsWith('Array'), 'only a scalar field can be optional')
  const nullable =
    column === 'LowCardinality(String)'
      ? 'LowCardinality(Nullable(String))'
      : (`Nullable(${column})` as ColumnType)
  return Type.Optional(
    Type.Union([schema, Type.Null()], {
      description: (schema as { description?: string }).description ?? '',
      'x-column': nullable,
    }),
  )
}

/** Fields every stored event has, whoever produced it. `stampedBy` the collector unless said otherwise. */
export const envelope = {
  eventId: id('UUIDv7 made by the producer: the idempotency key'),
  type: label('`<domain>.<entity>.<past verb>`'),
  version: whole('UInt8', 'version of this type of event', { minimum: 1 }),
  tenantId: id('the tenant the event belongs to'),
  createdAt: instant("when it happened, by the producer's clock"),
  sentAt: instant("when the batch left, by the producer's clock"),
  receivedAt: instant('when the collector received it'),
  derivedAt: instant('when it happened, corrected for clock skew: the time every figure uses'),
  sourceFormat: oneOf(['native', 'cmcd2', 'server', 'import'], 'how it reached us'),
}
export type Envelope = Static<ReturnType<typeof envelopeObject>>
const envelopeObject = () => Type.Object(envelope)

export type StreamDefinition<C extends TProperties = TProperties> = {
  /** Topic name on Kafka, folder name in the embedded log. */
  readonly name: string
  /** Warehouse table the stream is projected to. */
  readonly table: string
  /** Field whose value orders events: same value, same partition. Null values spread by event id. */
  readonly key: string
  readonly partitions: number
  /** Sorting key of the warehouse table. */
  readonly orderBy: readonly string[]
  readonly retentionDays: number | 'forever'
  /** Bytes kept in each partition of the log, where time alone is not bound enough. */
  readonly retentionBytes?: number
  /**
   * Only the newest event of each key (of a tenant) is kept in the log: events are whole snapshots, and who reads from
   * the start meets each key's last one, not all there were.
   */
  readonly compacted?: true
  readonly description: string
  /** Fields every event of the stream carries besides the envelope. */
  readonly common: C
}

export function defineStream<const C extends TProperties>(
  definition: StreamDefinition<C>,
): StreamDefinition<C> {
  return definition
}

export type EventDefinition<C extends TProperties = TProperties, P extends TProperties = TProperties> = {
  readonly type: string
  readonly version: number
  readonly stream: StreamDefinition<C>
  readonly description: string
  readonly fields: P
  /** Who may say it: `player` with a play token, `viewer` with a viewer token, `server` only our own parts. */
  readonly by: 'player' | 'viewer' | 'server'
}

/** Declares one event type. `type` is `<domain>.<entity>.<past verb>`; an incompatible change takes a new version. */
export function defineEvent<const C extends TProperties, const P extends TProperties>(
  stream: StreamDefinition<C>,
  definition: {
    type: string
    version: number
    by: 'player' | 'viewer' | 'server'
    description: string
    fields: P
  },
): EventDefinition<C, P> {
  assert(
    /^[a-z]+\.[a-z]+\.[a-zA-Z]+$/.test(definition.type),
    `event type ${definition.type} is not <domain>.<entity>.<past verb>`,
  )
  for (const name of Object.keys(definition.fields)) {
    assert(!(name in envelope) && !(name in stream.common), `${definition.type}.${name} hides a common field`)
  }
  return { ...definition, stream }
}

type FieldsOf<D> = D extends EventDefinition<infer C, infer P> ? C & P : never
/** The type of a whole stored event: envelope, the stream's common fields and its own. */
export type EventOf<D extends EventDefinition> = Envelope & Static<ReturnType<typeof objectOf<FieldsOf<D>>>>
const objectOf = <F extends TProperties>(fields: F) => Type.Object(fields)

/** Any stored event, before its type is known. */
export type StoredEvent = Envelope & { readonly [field: string]: unknown }

export type Column = { readonly name: string; readonly type: ColumnType; readonly description: string }

const columnOf = (name: string, schema: TSchema): Column => {
  const hint = schema as unknown as { 'x-column'?: ColumnType; description?: string }
  assert(hint['x-column'] !== undefined, `field ${name} has no column type`)
  return { name, type: hint['x-column'], description: hint.description ?? '' }
}

/** Makes a column able to hold "not said", for fields that only some events of a stream carry. */
function sparse(column: Column): Column {
  if (column.type === 'LowCardinality(String)') return { ...column, type: 'LowCardinality(Nullable(String))' }
  if (/^(Nullable|Array|LowCardinality)/.test(column.type)) return column
  return { ...column, type: `Nullable(${column.type as ScalarColumn})` }
}

/** Columns of a stream's table: envelope, common fields, then each event's own fields by first appearance. */
export function columnsOf(stream: StreamDefinition, events: readonly EventDefinition[]): Column[] {
  const columns = new Map<string, Column>()
  for (const [name, schema] of Object.entries({ ...envelope, ...stream.common }))
    columns.set(name, columnOf(name, schema))
  for (const event of events) {
    for (const [name, schema] of Object.entries(event.fields)) {
      const column = sparse(columnOf(name, schema))
      const known = columns.get(name)
      assert(known === undefined || known.type === column.type, `${stream.name}.${name} has two column types`)
      if (known === undefined) columns.set(name, column)
    }
  }
  return [...columns.values()]
}
