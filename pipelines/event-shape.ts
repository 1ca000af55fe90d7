/**
 * The shape of one event type, worked out once: which fields it has, who decides them, and a function that makes whole
 * events of it. All events of a type get one hidden class, which is what keeps the collector and the log fast.
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

export type Stamps = Pick<Fields, 'sentAt' | 'receivedAt' | 'sourceFormat'>

export type EventShape = {
  readonly deciders: ReadonlyMap<string, Decider>
  /** What a field is when nobody says: null where it may be empty. */
  readonly empty: Readonly<Fields>
  /** A whole event: what the grant bound, else what the sender said, else what the batch said. */
  readonly build: (raw: Fields, bound: Fields, start: Fields, stamps: Stamps, derivedAt: number) => Fields
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
  const empty: Fields = {}
  for (const [name, schema] of Object.entries(all)) {
    deciders.set(name, BY_GRANT.has(name) ? 'grant' : BY_COLLECTOR.has(name) ? 'collector' : 'sender')
    empty[name] = '~optional' in schema ? null : undefined
  }
  empty['type'] = type
  empty['version'] = version
  if ('experiments' in all) empty['experiments'] = []
  if ('kids' in all) empty['kids'] = false
  if ('bot' in all) empty['bot'] = false
  return { deciders, empty, build: compileBuild([...deciders]) }
}

/** One object literal naming every field. The names are those of our own contract. */
function compileBuild(fields: readonly (readonly [string, Decider])[]): EventShape['build'] {
  const value = (name: string, decider: Decider): string => {
    const said = `raw.${name} !== undefined ? raw.${name} : start.${name}`
    if (name === 'derivedAt') return 'derivedAt'
    if (decider === 'sender') return said
    if (decider === 'grant' || name === 'bot') return `bound.${name} !== undefined ? bound.${name} : ${said}`
    return `stamps.${name}`
  }
  const body = fields.map(([name, decider]) => `${name}: ${value(name, decider)}`).join(',\n')
  return new Function(
    'raw',
    'bound',
    'start',
    'stamps',
    'derivedAt',
    `return {${body}}`,
  ) as EventShape['build']
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
