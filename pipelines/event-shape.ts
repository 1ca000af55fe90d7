/**
 * The shape of one event type, worked out once: which fields it has and who decides them. Every event of a type starts
 * as a copy of one blank and so has one hidden class, which is what keeps the collector and the log fast.
 */
import { type EventDefinition, envelope } from '#events/define.ts'

export type Fields = { [field: string]: unknown }

/** Who decides a field: the sender, the sender's grant, or the collector. */
export type Decider = 'sender' | 'grant' | 'collector'

const BY_GRANT: ReadonlySet<string> = new Set([
  'tenantId',
  'viewerKey',
  'titleId',
  'recommendationId',
  'kids',
])
const BY_COLLECTOR: ReadonlySet<string> = new Set([
  'sentAt',
  'receivedAt',
  'derivedAt',
  'sourceFormat',
  'bot',
])

export type EventShape = {
  readonly deciders: ReadonlyMap<string, Decider>
  /** A whole event of nothing: null where a field may be empty, undefined where somebody must say it. */
  readonly blank: Readonly<Fields>
}

const shapes = new Map<EventDefinition, EventShape>()

export function shapeOf(definition: EventDefinition): EventShape {
  let shape = shapes.get(definition)
  if (shape === undefined) shapes.set(definition, (shape = createShape(definition)))
  return shape
}

function createShape({ stream, fields, type, version }: EventDefinition): EventShape {
  const all = { ...envelope, ...stream.common, ...fields }
  const deciders = new Map<string, Decider>()
  const blank: Fields = {}
  for (const [name, schema] of Object.entries(all)) {
    deciders.set(name, BY_GRANT.has(name) ? 'grant' : BY_COLLECTOR.has(name) ? 'collector' : 'sender')
    blank[name] = '~optional' in schema ? null : undefined
  }
  blank['type'] = type
  blank['version'] = version
  if ('experiments' in all) blank['experiments'] = []
  if ('kids' in all) blank['kids'] = false
  if ('bot' in all) blank['bot'] = false
  return { deciders, blank }
}

/** A number that differs when the value very likely does. */
export function fingerprint(hash: number, value: unknown): number {
  if (typeof value === 'number') {
    const whole = Math.trunc(value)
    const mixed = Math.imul(hash ^ whole, 0x01000193) ^ (whole / 0x100000000)
    return Math.imul(mixed ^ ((value - whole) * 0x7fffffff), 0x01000193)
  }
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  let mixed = hash
  for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x01000193)
  return Math.imul(mixed ^ text.length, 0x01000193)
}
