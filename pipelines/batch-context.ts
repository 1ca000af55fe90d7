/** What all events of one batch share, and per type of event what its events start from. */
import type { EventDefinition, StoredEvent } from '#events/define.ts'
import type { Grant } from '#events/grants.ts'
import type { Fields } from '#events/run.ts'
import type { Problem } from '#pipelines/dead-letters.ts'
import { type EventForm, type EventShape, fingerprint, shapeOf, wrongValue } from '#pipelines/event-shape.ts'

export type BatchContext = {
  readonly tenantId: string
  readonly grant: Grant
  readonly common: Fields
  readonly sentAt: number
  readonly receivedAt: number
  /** When it really came, whatever an importer says. */
  readonly now: number
  readonly sourceFormat: StoredEvent['sourceFormat']
  readonly bot: boolean
  readonly lateMs: number
  readonly maxEventBytes: number
  /** Whether an event of the batch can be over the limit at all. */
  readonly mayHoldLarge: boolean
  /** Templates met so far of version 1. Few: looking through them costs less than hashing the name of each type. */
  readonly firstVersions: Template[]
  /** What the events of a stream share, by who may say them. */
  readonly shared: SharedFields[]
}
/** What a batch says wrongly: of no consequence to an event that says it itself. */
type WrongField = { readonly name: string; readonly detail: string }
type SharedFields = {
  readonly stream: EventDefinition['stream']
  readonly by: EventDefinition['by']
  readonly fields: Fields
  /** What the grant says: the sender may leave it out, but not contradict it. */
  readonly bound: Fields
  readonly print: number
  /** The batch contradicts its grant. */
  readonly contradiction: Problem | null
  readonly wrong: readonly WrongField[]
  /** Fields each event has to say itself. */
  readonly missing: readonly string[]
}

export type Template = SharedFields & {
  readonly shape: EventShape
  /** What the batch says of all its events of this type and not of others of its stream. */
  readonly extras: Fields | null
  readonly notAllowed: Problem | null
  /** The form of the event met last. */
  form: EventForm
  /** Null when events of this form say all that is missing and nothing wrong is left. */
  problemOfForm: Problem | null
}

export const NO_FORM: EventForm = {
  fields: [],
  number: -1,
  said: new Set(),
  plain: true,
  uses: 0,
  whole: null,
}

function boundBy({ by }: EventDefinition, { grant, tenantId, bot }: BatchContext): Fields {
  if (grant.kind === 'import') return { tenantId }
  const isOfThePlayer = grant.kind === 'play' && by === 'player'
  return {
    tenantId,
    viewerKey: grant.viewerKey,
    titleId: isOfThePlayer ? grant.titleId : undefined,
    recommendationId: isOfThePlayer ? grant.recommendationId : undefined,
    kids: isOfThePlayer ? grant.kids : undefined,
    own: isOfThePlayer ? grant.own === true : undefined,
    staff: isOfThePlayer ? grant.staff === true : undefined,
    bot,
  }
}

function notAllowed(definition: EventDefinition, grant: Grant): Problem | null {
  const allowed =
    grant.kind === 'import' ||
    (definition.by === 'player' && grant.kind === 'play') ||
    (definition.by === 'viewer' && (grant.kind === 'viewer' || grant.kind === 'play'))
  return allowed
    ? null
    : { reason: 'not-allowed', detail: `a ${grant.kind} token may not say ${definition.type}` }
}

/** Takes from the batch what it says of fields all events of the stream have, or only those of this type. */
function readCommon(
  shape: EventShape,
  { common }: BatchContext,
  ofStream: boolean,
  into: { [field: string]: unknown },
  bound: Fields,
  seed: number,
) {
  let print = seed
  let contradiction: Problem | null = null
  const wrong: WrongField[] = []
  for (const name in common) {
    const said = common[name]
    const field = shape.fields.get(name)
    if (field?.ofStream !== ofStream || field.decider === 'collector' || said === undefined) continue
    const held = field.decider === 'grant' ? bound[name] : undefined
    into[name] = said
    if (held === undefined) {
      if (field.told) print = fingerprint(print, said)
      const detail = wrongValue(field, said)
      if (detail !== null) wrong.push({ name, detail })
    } else if (said !== null && said !== held) {
      contradiction = { reason: 'token-mismatch', detail: `${name} is not the one the token was given for` }
    }
  }
  for (const name in bound) {
    if (bound[name] !== undefined && shape.fields.get(name)?.ofStream === ofStream) into[name] = bound[name]
  }
  return { print, contradiction, wrong }
}

function sharedBy(shape: EventShape, batch: BatchContext): SharedFields {
  const { stream, by } = shape.definition
  const met = batch.shared.find((one) => one.stream === stream && one.by === by)
  if (met !== undefined) return met
  const bound = boundBy(shape.definition, batch)
  const fields = shape.blank()
  const read = readCommon(shape, batch, true, fields, bound, 0x811c9dc5)
  fields['sentAt'] = batch.sentAt
  fields['receivedAt'] = batch.receivedAt
  fields['derivedAt'] = batch.receivedAt
  fields['sourceFormat'] = batch.sourceFormat
  const missing = shape.requiredOfStream.filter((name) => fields[name] === undefined)
  const shared = { stream, by, fields, bound, missing, ...read }
  batch.shared.push(shared)
  return shared
}

export function templateOf(definition: EventDefinition, batch: BatchContext): Template {
  const shape = shapeOf(definition)
  const shared = sharedBy(shape, batch)
  const extras: { [field: string]: unknown } = {}
  const own = readCommon(shape, batch, false, extras, shared.bound, shared.print)
  const missing = shape.requiredOfType.filter((name) => extras[name] === undefined)
  return {
    ...shared,
    shape,
    extras: Object.keys(extras).length > 0 ? extras : null,
    print: fingerprint(own.print, definition.type),
    notAllowed: notAllowed(definition, batch.grant),
    contradiction: shared.contradiction ?? own.contradiction,
    wrong: own.wrong.length === 0 ? shared.wrong : [...shared.wrong, ...own.wrong],
    missing: missing.length === 0 ? shared.missing : [...shared.missing, ...missing],
    form: NO_FORM,
    problemOfForm: null,
  }
}

/** Whether something stays missing or wrong in events of this form. */
export function problemOfForm({ missing, wrong }: Template, { said }: EventForm): Problem | null {
  const lacks = missing.find((name) => !said.has(name))
  if (lacks !== undefined) return { reason: 'invalid-event', detail: `${lacks} is missing` }
  const bad = wrong.find(({ name }) => !said.has(name))
  return bad === undefined ? null : { reason: 'invalid-event', detail: bad.detail }
}
