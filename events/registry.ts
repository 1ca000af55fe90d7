/** Every stream and every event there is, looked up by name, with one compiled validator each. */
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { required } from '#base/assert.ts'
import { catalog, catalogEvents } from '#events/catalog.ts'
import { deadLetterEvents, deadLetters } from '#events/dead-letters.ts'
import {
  type Column,
  columnsOf,
  type EventDefinition,
  envelope,
  type StoredEvent,
  type StreamDefinition,
} from '#events/define.ts'
import { delivery, deliveryEvents } from '#events/delivery.ts'
import { discovery, discoveryEvents } from '#events/discovery.ts'
import { feedback, feedbackEvents } from '#events/feedback.ts'
import { ledger, ledgerEvents } from '#events/ledger.ts'
import { media, mediaEvents } from '#events/media.ts'
import { modelEvents, models } from '#events/models.ts'
import { playback, playbackEvents } from '#events/playback.ts'

export const streams: readonly StreamDefinition[] = [
  playbackEvents,
  discoveryEvents,
  feedbackEvents,
  catalogEvents,
  mediaEvents,
  modelEvents,
  deliveryEvents,
  deadLetterEvents,
  ledgerEvents,
]
export const events: readonly EventDefinition[] = [
  ...playback,
  ...discovery,
  ...feedback,
  ...catalog,
  ...media,
  ...models,
  ...delivery,
  ...deadLetters,
  ...ledger,
] as unknown as EventDefinition[]

export const eventsOf = (stream: StreamDefinition): EventDefinition[] =>
  events.filter((event) => event.stream === stream)

const columnsByStream = new Map(streams.map((stream) => [stream.name, columnsOf(stream, eventsOf(stream))]))
/** Columns of the stream's table, without the position columns the log adds (`logPartition`, `logOffset`). */
export const streamColumns = (stream: StreamDefinition): readonly Column[] =>
  required(columnsByStream.get(stream.name), stream.name)

const byTypeAndVersion = new Map(events.map((event) => [`${event.type}@${event.version}`, event]))
export const findEvent = (type: string, version: number): EventDefinition | undefined =>
  byTypeAndVersion.get(`${type}@${version}`)
export const findStream = (name: string): StreamDefinition | undefined =>
  streams.find((stream) => stream.name === name)

type Check = {
  Check(value: unknown): boolean
  Errors(value: unknown): { instancePath: string; message: string }[]
}
const checks = new Map<EventDefinition, Check>()

/** Null when every field of the definition is there and right; else which is wrong and why. Other fields are not seen. */
export function wrongField(definition: EventDefinition, value: unknown): string | null {
  let check = checks.get(definition)
  if (check === undefined) {
    const fields = { ...envelope, ...definition.stream.common, ...definition.fields }
    check = Compile(Type.Object(fields)) as unknown as Check
    checks.set(definition, check)
  }
  if (check.Check(value)) return null
  const [first] = check.Errors(value)
  return first === undefined ? 'invalid' : `${first.instancePath.slice(1) || 'event'} ${first.message}`
}

/** Null when `value` is a whole, valid stored event of this definition and nothing else; else what is wrong. */
export function problemWith(definition: EventDefinition, value: unknown): string | null {
  const wrong = wrongField(definition, value)
  if (wrong !== null) return wrong
  const { stream, fields, type } = definition
  for (const name in value as object) {
    if (![fields, stream.common, envelope].some((known) => Object.hasOwn(known, name))) {
      return `${name} is not a field of ${type}`
    }
  }
  return null
}

/** Builds an event our own parts say: envelope filled in, `sourceFormat` server. Times are one instant. */
export function serverEvent(
  definition: EventDefinition,
  at: number,
  eventId: string,
  data: { readonly tenantId: string; readonly [field: string]: unknown },
): StoredEvent {
  return {
    eventId,
    type: definition.type,
    version: definition.version,
    createdAt: at,
    sentAt: at,
    receivedAt: at,
    derivedAt: at,
    sourceFormat: 'server',
    ...data,
  }
}
