/**
 * The shape of one event type, worked out once: its fields, who decides each and what each may hold. Senders say the
 * same fields again and again, so the shape remembers the forms its events came in: a known form costs one comparison
 * of names, and no name is looked up for an event.
 */
import Type, { type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { type EventDefinition, envelope } from '#events/define.ts'
import type { Fields } from '#events/run.ts'

/** Who decides a field: the sender, the sender's grant, or the collector. */
export type Decider = 'sender' | 'grant' | 'collector'

const BY_GRANT: ReadonlySet<string> = new Set([
  'tenantId',
  'viewerKey',
  'titleId',
  'recommendationId',
  'kids',
  'own',
  'staff',
])
const BY_COLLECTOR: ReadonlySet<string> = new Set([
  'sentAt',
  'receivedAt',
  'derivedAt',
  'sourceFormat',
  'bot',
])
/** Forms remembered of one type: senders choose them, so they are bounded. */
const MAX_FORMS = 200
const USES_BEFORE_WHOLE = 1000

type Check = { Check(value: unknown): boolean; Errors(value: unknown): { message: string }[] }
export type Field = {
  readonly name: string
  readonly decider: Decider
  readonly required: boolean
  /** Of the fields every event of its stream has. */
  readonly ofStream: boolean
  readonly schema: TSchema
  readonly check: Check
  /** Whether it tells one payload from another. */
  readonly told: boolean
}
/** The fields an event came with, in its order. */
export type EventForm = {
  readonly fields: readonly Field[]
  /** Of all forms another. */
  readonly number: number
  /** Their names, and of what the collector adds. */
  readonly said: ReadonlySet<string>
  /** Holds nothing that somebody else than the sender decides. */
  readonly plain: boolean
  /** Events met in this form. */
  uses: number
  /** One check of all its fields, for a form that is met often. */
  whole: Check | null
}
export type EventShape = {
  readonly definition: EventDefinition
  readonly fields: ReadonlyMap<string, Field>
  /**
   * Makes what all events of the stream start from: null where a field may be empty, undefined where somebody must
   * say it.
   */
  readonly blank: () => { [field: string]: unknown }
  readonly forms: Map<string, EventForm>
  /** Fields an event must have: those of all events of its stream, and those of its type. */
  readonly requiredOfStream: readonly string[]
  readonly requiredOfType: readonly string[]
}

const shapes = new Map<EventDefinition, EventShape>()
let formsMade = 0

export function shapeOf(definition: EventDefinition): EventShape {
  let shape = shapes.get(definition)
  if (shape === undefined) shapes.set(definition, (shape = createShape(definition)))
  return shape
}

function createShape(definition: EventDefinition): EventShape {
  const ofStream = { ...envelope, ...definition.stream.common }
  const fields = new Map<string, Field>()
  const blank: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries({ ...ofStream, ...definition.fields })) {
    const required = !('~optional' in schema)
    fields.set(name, {
      name,
      decider: BY_GRANT.has(name) ? 'grant' : BY_COLLECTOR.has(name) ? 'collector' : 'sender',
      required,
      ofStream: name in ofStream,
      schema,
      check: Compile(schema) as unknown as Check,
      told: name !== 'eventId' && name !== 'type' && !BY_COLLECTOR.has(name),
    })
    if (name in ofStream) blank[name] = required ? undefined : null
  }
  blank['version'] = 1
  if ('experiments' in ofStream) blank['experiments'] = []
  if ('kids' in ofStream) blank['kids'] = false
  if ('bot' in ofStream) blank['bot'] = false
  const required = [...fields.values()].filter((field) => field.required)
  return {
    definition,
    fields,
    blank: makerOf(blank),
    forms: new Map(),
    requiredOfStream: required.filter(({ ofStream }) => ofStream).map(({ name }) => name),
    requiredOfType: required.filter(({ ofStream }) => !ofStream).map(({ name }) => name),
  }
}

/** Objects made as a literal keep their fields in place; made field by field, one this wide becomes a slow dictionary. */
function makerOf(blank: Fields): () => { [field: string]: unknown } {
  const parts = Object.entries(blank).map(
    ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value) ?? 'undefined'}`,
  )
  // oxlint-disable-next-line typescript/no-implied-eval -- the names are quoted and come from our own contract
  return new Function(`return { ${parts.join(', ')} }`) as () => { [field: string]: unknown }
}

/** What is wrong with a value of a field, or null. */
export function wrongValue({ name, check }: Field, value: unknown): string | null {
  if (check.Check(value)) return null
  return `${name} ${check.Errors(value)[0]?.message ?? 'is invalid'}`
}

/** Whether every field holds what it may. Making one check of many costs as much as a thousand events. */
export function isRight(form: EventForm, own: Fields): boolean {
  if (form.whole === null) {
    if (++form.uses === USES_BEFORE_WHOLE) {
      const schemas = form.fields.map(({ name, schema }) => [name, schema] as const)
      form.whole = Compile(Type.Object(Object.fromEntries(schemas))) as unknown as Check
    }
    return form.fields.every(({ name, check }) => check.Check(own[name]))
  }
  return form.whole.Check(own)
}

/** The print of an event that has exactly the fields of the form, in its order; NaN when it has not. */
export function printOf({ fields }: EventForm, raw: Fields, seed: number): number {
  let print = seed
  let i = 0
  for (const name in raw) {
    const field = fields[i++]
    if (field?.name !== name) return Number.NaN
    if (field.told) print = fingerprint(print, raw[name])
  }
  return i === fields.length ? print : Number.NaN
}

/** The form an event came in, or the name of a field that its type has not. */
export function formOf(shape: EventShape, raw: Fields): EventForm | string {
  const names = Object.keys(raw)
  const key = names.join()
  const known = shape.forms.get(key)
  if (known !== undefined && !Number.isNaN(printOf(known, raw, 0))) return known
  const fields: Field[] = []
  for (const name of names) {
    const field = shape.fields.get(name)
    if (field === undefined) return name
    fields.push(field)
  }
  const form: EventForm = {
    fields,
    number: formsMade++,
    said: new Set([...names, 'derivedAt']),
    plain: fields.every(({ decider }) => decider === 'sender'),
    uses: 0,
    whole: null,
  }
  if (shape.forms.size >= MAX_FORMS) shape.forms.clear()
  shape.forms.set(key, form)
  return form
}

/** No field holds objects, nor lists of lists: what does is set aside by the checks that follow, however deep it goes. */
const NESTED = '{}'

/** A number that differs when the value very likely does. */
export function fingerprint(hash: number, value: unknown): number {
  if (typeof value === 'number') {
    if ((value | 0) === value) return Math.imul(hash ^ value, 0x01000193)
    const whole = Math.trunc(value)
    const mixed = Math.imul(hash ^ whole, 0x01000193) ^ (whole / 0x100000000)
    return Math.imul(mixed ^ ((value - whole) * 0x7fffffff), 0x01000193)
  }
  if (Array.isArray(value)) {
    let mixed = Math.imul(hash ^ value.length, 0x01000193)
    for (const item of value) mixed = fingerprint(mixed, typeof item === 'object' ? NESTED : item)
    return mixed
  }
  const text =
    typeof value === 'string' ? value : typeof value === 'object' ? NESTED : (JSON.stringify(value) ?? '')
  let mixed = hash
  for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x01000193)
  return Math.imul(mixed ^ text.length, 0x01000193)
}
