/**
 * Events as Kafka messages: the event as JSON, what it is as CloudEvents headers (binary content mode), so that others
 * can route and filter without reading it. docs/kafka.md says the same for people.
 * Binding: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
import type { StoredEvent, StreamDefinition } from '#events/define.ts'
import { type EventRun, eventsOf, type Fields } from '#events/run.ts'
import {
  type HeaderSet,
  headerSet,
  type RecordWriter,
  readRecords,
  type StoredBatch,
} from '#storage/event-log/kafka-records.ts'

/** Writes events one after the other; `written` is called after each, so that the caller can end a batch there. */
export function writeEvents(
  run: EventRun,
  stream: StreamDefinition,
  out: RecordWriter,
  written: () => void = () => {},
): void {
  const { shared, own } = run
  const text = jsonOf(run)
  const said = (event: Fields, name: string): unknown =>
    event[name] === undefined ? shared[name] : event[name]
  for (const event of own) {
    const key = said(event, stream.key)
    const headers = headersOf(said(event, 'type') as string, said(event, 'version') as number)
    out.add(typeof key === 'string' ? key : null, text(event), headers, [
      said(event, 'eventId') as string,
      `/tenants/${said(event, 'tenantId') as string}`,
      timeOf(said(event, 'createdAt') as number),
    ])
    written()
  }
}

/** The JSON of an event of the run; what the run shares is put into words once. */
function jsonOf(run: EventRun): (own: Fields) => string {
  const { said, shared } = run
  if (said === null) return (own) => JSON.stringify(eventsOf({ ...run, own: [own] })[0])
  const common = Object.entries(shared).filter(([name]) => !said.has(name))
  const head = JSON.stringify(Object.fromEntries(common)).slice(0, -1)
  const fallbacks = Object.entries(shared).filter(([name]) => said.has(name))
  return (own) => {
    let fields = own
    for (const [name, value] of fallbacks) {
      if (own[name] === undefined) fields = { ...fields, [name]: value }
    }
    const tail = JSON.stringify(fields).slice(1)
    if (head.length === 1) return `{${tail}`
    return tail.length === 1 ? `${head}}` : `${head},${tail}`
  }
}

/** Where the schema of an event is told: the name under which deploy/kafka-schemas.json has it. */
export const schemaOf = (type: string, version: number): string => `urn:streamverse:event:${type}:${version}`

const headerSets = new Map<string, HeaderSet[]>()

/** Whose own headers are id, source and time. */
function headersOf(type: string, version: number): HeaderSet {
  let byVersion = headerSets.get(type)
  if (byVersion === undefined) headerSets.set(type, (byVersion = []))
  return (byVersion[version] ??= headerSet(
    {
      ce_specversion: '1.0',
      ce_type: type,
      ce_dataschema: schemaOf(type, version),
      'content-type': 'application/json',
    },
    ['ce_id', 'ce_source', 'ce_time'],
  ))
}

const MINUTE_MS = 60_000
let minute = Number.NaN
let minuteText = ''

/** An instant as RFC 3339 has it. Neighbours are of the same minute mostly. */
function timeOf(at: number): string {
  const own = at - (at % MINUTE_MS)
  if (own !== minute) {
    minuteText = new Date(own).toISOString().slice(0, 'yyyy-mm-ddThh:mm:'.length)
    minute = own
  }
  return `${minuteText}${String(at - own + 100_000).slice(1, 3)}.${String(at - own + 100_000).slice(3)}Z`
}

export type Positioned = { readonly events: StoredEvent[]; readonly offsets: number[] }

/** The events of batches from an offset on, each with its own: where something was taken out, offsets have gaps. */
export function readEvents(batches: readonly StoredBatch[], fromOffset: number): Positioned {
  const events: StoredEvent[] = []
  const offsets: number[] = []
  for (const batch of batches) {
    readRecords(batch, (offset, value) => {
      if (offset < fromOffset) return
      events.push(JSON.parse(value) as StoredEvent)
      offsets.push(offset)
    })
  }
  return { events, offsets }
}

/**
 * The partition of a key as Kafka's own clients place it (murmur2 over its UTF-8 bytes), so that streams of others that
 * are keyed alike can be joined partition by partition.
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
}

const MIX = 0x5bd1e995
function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  let hash = 0x9747b28c ^ length
  let at = 0
  const byte = (i: number): number => bytes[i] as number
  for (; at + 4 <= length; at += 4) {
    let k = byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24)
    k = Math.imul(k, MIX)
    k ^= k >>> 24
    hash = Math.imul(hash, MIX) ^ Math.imul(k, MIX)
  }
  const rest = length - at
  if (rest === 3) hash ^= byte(at + 2) << 16
  if (rest >= 2) hash ^= byte(at + 1) << 8
  if (rest >= 1) hash = Math.imul(hash ^ byte(at), MIX)
  hash ^= hash >>> 13
  hash = Math.imul(hash, MIX)
  return hash ^ (hash >>> 15)
}
