/**
 * Reads batches of events from their JSON bytes straight into columns, without an object for any event. It takes only
 * batches whose events all come in forms it was taught, and takes them exactly as the collector's steps would: the
 * same checks, prints and ids, held equal by tests. What it does not take is read the long way.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { required } from '#base/assert.ts'
import type { EventDefinition, StreamDefinition } from '#events/define.ts'
import type { ColumnValues, SaidColumns } from '#events/run.ts'
import type { EventForm, Field } from '#pipelines/event-shape.ts'
import { isWordKind, kindOf } from '#pipelines/scan/kinds.ts'
import { createWords } from '#pipelines/scan/words.ts'

/** A batch in columns. They are the scanner's own memory: they hold until it scans again. */
export type Scanned = {
  readonly stream: StreamDefinition
  readonly count: number
  /** The forms its events came in, each once. */
  readonly forms: readonly ScannedForm[]
  /** Of each event the place of its form in `forms`. */
  readonly formAt: Float64Array
  readonly columns: SaidColumns
  /** What of the body is not events, with an empty list in their place. */
  readonly rest: string
  readonly createdAt: Float64Array
  /**
   * What tells each event from others. `seeds`: what the print of each form's type starts from; `tenantHash`: `fnv1a` of
   * the tenant's id. Two hashes an event, side by side.
   */
  tell(
    seeds: readonly number[],
    tenantHash: number,
  ): { readonly prints: Int32Array; readonly hashes: Int32Array }
}
export type ScannedForm = { readonly definition: EventDefinition; readonly form: EventForm }

export type Scanner = {
  /** Remembers a form that was met, when it is one of those it can take. */
  learn(definition: EventDefinition, form: EventForm): void
  /** Null when the batch must be read the long way. */
  scan(body: Uint8Array): Scanned | null
}

type Address = () => number
type Exports = {
  readonly memory: WebAssembly.Memory
  scan(length: number): number
  tell(count: number, tenant: number): void
  addType(): number
  addWordText(size: number): number
  forgetWords(): void
  wordCount: Address
  eventsFrom: Address
  eventsTo: Address
  idsEnd: Address
} & Record<(typeof ADDRESSES)[number], Address>
const ADDRESSES = [
  'end',
  'body',
  'text',
  'types',
  'typeBytes',
  'forms',
  'formBytes',
  'words',
  'states',
  'values',
  'ids',
  'formOf',
  'seeds',
  'prints',
  'hashes',
] as const

// As in assembly/layout.ts.
const MAX_EVENTS = 1000
const MAX_SLOTS = 96
const MAX_FORMS = 128
const MAX_TYPES = 64
const MAX_FIELDS = 40
const MAX_FORMS_OF_TYPE = 8
const FIELD_BYTES = 32
const PAGE_BYTES = 65_536
const MAX_BODY_BYTES = 1 << 20
const MAX_WORDS = 4096
/** Forms looked at, taken or not: senders choose them. */
const MAX_MET = 1000

const bytesOfModule = new WebAssembly.Module(readFileSync(path.join(import.meta.dirname, 'scanner.wasm')))

type KnownType = { readonly number: number; readonly definition: EventDefinition; forms: number }
type Slot = { readonly number: number; readonly field: Field; readonly isWord: boolean }
type KnownForm = ScannedForm & { readonly type: KnownType; readonly slots: readonly Slot[] }

export function createScanner(): Scanner {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const wasm = new WebAssembly.Instance(bytesOfModule, { env: { memory } }).exports as unknown as Exports
  memory.grow(Math.ceil(wasm.end() / PAGE_BYTES))
  const at = Object.fromEntries(ADDRESSES.map((name) => [name, wasm[name]()])) as Record<
    (typeof ADDRESSES)[number],
    number
  >
  const { buffer } = memory
  const bytes = Buffer.from(buffer)
  const view = new DataView(buffer)
  const states = new Uint8Array(buffer, at.states, MAX_SLOTS * MAX_EVENTS)
  const values = new Float64Array(buffer, at.values, MAX_SLOTS * MAX_EVENTS)
  const formOf = new Uint32Array(buffer, at.formOf, MAX_EVENTS)
  const prints = new Int32Array(buffer, at.prints, MAX_EVENTS)
  const hashes = new Int32Array(buffer, at.hashes, 2 * MAX_EVENTS)
  const words = createWords(bytes, view, at.words)

  const seeds = new Int32Array(buffer, at.seeds, MAX_TYPES)
  const types = new Map<EventDefinition, KnownType>()
  const forms: KnownForm[] = []
  const slots = new Map<string, Slot>()
  const taught = new Set<string>()
  /** Slots the last batch may have written to. */
  let used: readonly Slot[] = []

  const text = (value: string): number => {
    const address = wasm.addWordText(value.length)
    if (address !== 0) bytes.write(value, address, 'latin1')
    return address
  }
  const slotOf = ({ stream }: EventDefinition, field: Field): Slot | null => {
    const key = `${stream.name} ${field.name}`
    const known = slots.get(key)
    if (known !== undefined) return known.field.schema === field.schema ? known : null
    const kind = kindOf(field)
    if (kind === null || slots.size === MAX_SLOTS) return null
    const slot = { number: slots.size, field, isWord: isWordKind(kind) }
    slots.set(key, slot)
    return slot
  }
  const typeOf = (definition: EventDefinition): KnownType | null => {
    const known = types.get(definition)
    if (known !== undefined) return known
    const address = types.size < MAX_TYPES ? text(`${definition.type}"`) : 0
    if (address === 0) return null
    const type = { number: wasm.addType(), definition, forms: 0 }
    const entry = at.types + type.number * at.typeBytes
    view.setUint32(entry, address, true)
    view.setUint32(entry + 4, definition.type.length + 1, true)
    types.set(definition, type)
    return type
  }
  const writeField = (place: number, field: Field, slot: Slot): boolean => {
    const kind = kindOf(field)
    const address = text(`,"${field.name}":`)
    if (kind === null || address === 0) return false
    view.setUint32(place, address, true)
    view.setUint32(place + 4, field.name.length + 4, true)
    view.setUint32(place + 8, kind.code, true)
    view.setUint32(place + 12, slot.number, true)
    view.setFloat64(place + 16, kind.least, true)
    view.setFloat64(place + 24, kind.most, true)
    return true
  }
  const writeForm = (form: EventForm, type: KnownType, own: readonly Field[]): void => {
    const formSlots: Slot[] = []
    const entry = at.forms + forms.length * at.formBytes
    for (const [i, field] of own.entries()) {
      const slot = slotOf(type.definition, field)
      if (slot === null || !writeField(entry + 8 + i * FIELD_BYTES, field, slot)) return
      formSlots.push(slot)
    }
    view.setUint32(entry, type.number, true)
    view.setUint32(entry + 4, own.length, true)
    const typeEntry = at.types + type.number * at.typeBytes
    view.setUint32(typeEntry + 16 + 4 * type.forms, forms.length, true)
    view.setUint32(typeEntry + 8, ++type.forms, true)
    view.setUint32(typeEntry + 12, forms.length, true)
    forms.push({ definition: type.definition, type, form, slots: formSlots })
  }
  const forgetWords = (): void => {
    wasm.forgetWords()
    words.forget()
  }
  const metForms = (count: number): { met: KnownForm[]; formAt: Float64Array } => {
    const met: KnownForm[] = []
    const formAt = new Float64Array(count)
    let last = -1
    let place = 0
    for (let i = 0; i < count; i++) {
      const number = formOf[i] as number
      if (number !== last) {
        last = number
        const form = required(forms[number], 'form')
        place = met.indexOf(form)
        if (place === -1) place = met.push(form) - 1
      }
      formAt[i] = place
    }
    return { met, formAt }
  }
  const valuesOf = ({ number, field, isWord }: Slot, count: number): ColumnValues | null => {
    if (field.name === 'eventId') return { kind: 'ids', bytes: bytes.subarray(at.ids, wasm.idsEnd()) }
    const from = number * MAX_EVENTS
    const own = {
      states: states.subarray(from, from + count),
      values: values.subarray(from, from + count),
    }
    if (!isWord) return { kind: 'numbers', ...own }
    return words.areRight(field, own, count) ? { kind: 'words', ...own, textOf: words.textOf } : null
  }
  const restOf = (length: number): string => {
    const before = bytes.toString('utf8', at.body, at.body + wasm.eventsFrom())
    return `${before}[]${bytes.toString('utf8', at.body + wasm.eventsTo(), at.body + length)}`
  }
  const tell = (met: readonly KnownForm[], count: number): Scanned['tell'] => {
    return (own, tenantHash) => {
      for (const [i, { type }] of met.entries()) seeds[type.number] = own[i] as number
      wasm.tell(count, tenantHash)
      return { prints: prints.subarray(0, count), hashes: hashes.subarray(0, 2 * count) }
    }
  }

  return {
    learn: (definition, form) => {
      const [first, ...own] = form.fields
      const key = `${definition.type} ${form.fields.map(({ name }) => name).join()}`
      if (forms.length === MAX_FORMS || taught.size === MAX_MET || taught.has(key)) return
      taught.add(key)
      if (definition.version !== 1 || first?.name !== 'type' || own.length > MAX_FIELDS || !form.plain) return
      const names = new Set(own.map(({ name }) => name))
      if (!names.has('eventId') || !names.has('createdAt') || names.has(definition.stream.key)) return
      // Text of words stands behind that of types and forms, which is never moved.
      forgetWords()
      const type = typeOf(definition)
      if (type !== null && type.forms < MAX_FORMS_OF_TYPE) writeForm(form, type, own)
      forgetWords()
    },
    scan: (body) => {
      if (body.length > MAX_BODY_BYTES || forms.length === 0) return null
      for (const { number } of used) states.fill(0, number * MAX_EVENTS, (number + 1) * MAX_EVENTS)
      bytes.set(body, at.body)
      const count = wasm.scan(body.length)
      if (count === 0) {
        used = [...slots.values()]
        if (wasm.wordCount() === MAX_WORDS) forgetWords()
        return null
      }
      const { met, formAt } = metForms(count)
      const slotsMet = new Set(met.flatMap((form) => form.slots))
      used = [...slotsMet]
      const stream = required(met[0], 'form').definition.stream
      if (met.some(({ definition }) => definition.stream !== stream)) return null
      const columns = new Map<string, ColumnValues>()
      for (const slot of slotsMet) {
        const own = valuesOf(slot, count)
        if (own === null) return null
        columns.set(slot.field.name, own)
      }
      const createdAt = (columns.get('createdAt') as { values: Float64Array }).values
      return {
        stream,
        count,
        forms: met,
        formAt,
        columns,
        rest: restOf(body.length),
        createdAt,
        tell: tell(met, count),
      }
    },
  }
}
