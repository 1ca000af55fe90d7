/**
 * The steps one event goes through at the collector, in running order. Each returns null to go on, or why the event
 * is set aside. Steps write to the draft only; `raw` stays as it came, for the dead letter.
 */
import type { EventDefinition, StoredEvent } from '#events/define.ts'
import type { Grant } from '#events/grants.ts'
import { findEvent, problemWith } from '#events/registry.ts'
import type { Problem } from '#pipelines/dead-letters.ts'

const MINUTE_MS = 60_000
/** Clock differences up to this are left alone; beyond it the times of the sender are shifted. */
export const SKEW_MS = 5 * MINUTE_MS

type Fields = { [field: string]: unknown }

/** What all events of one batch share. */
export type BatchContext = {
  readonly tenantId: string
  readonly grant: Grant
  readonly common: Readonly<Fields>
  readonly sentAt: number
  readonly receivedAt: number
  readonly sourceFormat: StoredEvent['sourceFormat']
  readonly bot: boolean
  readonly lateMs: number
  readonly maxEventBytes: number
  /** Whether an event of the batch can be over the limit at all. */
  readonly mayHoldLarge: boolean
  /** Per definition: what its events start from. */
  readonly templates: Map<EventDefinition, Template>
}
type Template = { readonly start: Fields; readonly bound: Fields }

export type Draft = { readonly raw: Fields; definition: EventDefinition; event: Fields }

const problem = (reason: Problem['reason'], detail: string): Problem => ({ reason, detail })

/** Characters of text in a value, counted no further than `limit`. */
function sizeOf(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let size = 2
  for (const [name, held] of Object.entries(value)) {
    size += name.length + sizeOf(held, limit)
    if (size > limit) break
  }
  return size
}

function isAnEventOfBoundedSize(draft: Draft, batch: BatchContext): Problem | null {
  if (typeof draft.raw !== 'object' || draft.raw === null || Array.isArray(draft.raw)) {
    return problem('invalid-event', 'event must be an object')
  }
  if (!batch.mayHoldLarge || sizeOf(draft.raw, batch.maxEventBytes) <= batch.maxEventBytes) return null
  return problem('too-large', `event is over ${batch.maxEventBytes} characters`)
}

function hasAKnownType(draft: Draft): Problem | null {
  const { type, version = 1 } = draft.raw
  const known = typeof type === 'string' && typeof version === 'number' ? findEvent(type, version) : undefined
  if (known === undefined)
    return problem('unknown-type', `no event ${String(type)} version ${String(version)}`)
  draft.definition = known
  return null
}

function mayBeSaidWithThisGrant({ definition }: Draft, { grant }: BatchContext): Problem | null {
  const allowed =
    grant.kind === 'import' ||
    (definition.by === 'player' && grant.kind === 'play') ||
    (definition.by === 'viewer' && (grant.kind === 'viewer' || grant.kind === 'play'))
  return allowed ? null : problem('not-allowed', `a ${grant.kind} token may not say ${definition.type}`)
}

/** What the grant says about events of this definition: the sender can leave it out, but not contradict it. */
function boundBy(definition: EventDefinition, { grant, tenantId }: BatchContext): Fields {
  if (grant.kind === 'import') return { tenantId }
  const said: Fields = { tenantId, viewerKey: grant.viewerKey }
  if (grant.kind === 'play' && definition.by === 'player') {
    said['titleId'] = grant.titleId
    said['recommendationId'] = grant.recommendationId
    said['kids'] = grant.kids
  }
  const fields = { ...definition.stream.common, ...definition.fields }
  return Object.fromEntries(Object.entries(said).filter(([name]) => name === 'tenantId' || name in fields))
}

function templateOf(definition: EventDefinition, batch: BatchContext): Template {
  const known = batch.templates.get(definition)
  if (known !== undefined) return known
  const fields = { ...definition.stream.common, ...definition.fields }
  const start: Fields = { eventId: '', type: definition.type, version: definition.version }
  if ('experiments' in fields) start['experiments'] = []
  if ('kids' in fields) start['kids'] = false
  for (const [name, value] of Object.entries(batch.common)) if (name in fields) start[name] = value
  const template = { start, bound: boundBy(definition, batch) }
  batch.templates.set(definition, template)
  return template
}

function agreesWithItsGrant(draft: Draft, batch: BatchContext): Problem | null {
  const { start, bound } = templateOf(draft.definition, batch)
  const event: Fields = { ...start, ...draft.raw }
  for (const name in bound) {
    const said = event[name]
    if (said !== undefined && said !== null && said !== bound[name]) {
      return problem('token-mismatch', `${name} is not the one the token was given for`)
    }
    event[name] = bound[name]
  }
  draft.event = event
  return null
}

function isStampedWithTimes(
  { event }: Draft,
  { sentAt, receivedAt, sourceFormat }: BatchContext,
): Problem | null {
  const { createdAt } = event
  if (typeof createdAt !== 'number') return problem('invalid-event', 'createdAt must be epoch ms')
  event['sentAt'] = sentAt
  event['receivedAt'] = receivedAt
  event['sourceFormat'] = sourceFormat
  const clocksAgree = Math.abs(receivedAt - sentAt) <= SKEW_MS
  event['derivedAt'] = clocksAgree ? createdAt : receivedAt - (sentAt - createdAt)
  return null
}

function liesInsideItsWindow({ event }: Draft, batch: BatchContext): Problem | null {
  const { grant, receivedAt, lateMs } = batch
  const at = event['derivedAt'] as number
  if (at > receivedAt + SKEW_MS) return problem('outside-window', 'more than 5 minutes in the future')
  if (grant.kind === 'import') return null
  if (at < receivedAt - lateMs) return problem('outside-window', 'older than late events may be')
  if (at < grant.issuedAt - SKEW_MS) return problem('outside-window', 'before the token was given')
  if (at > grant.expiresAt) return problem('outside-window', 'after the token ran out')
  return null
}

function isFlaggedWhenFromAProgram({ definition, event }: Draft, { grant, bot }: BatchContext): null {
  if (!('bot' in definition.stream.common)) return null
  if (grant.kind !== 'import') event['bot'] = bot
  else if (event['bot'] === undefined) event['bot'] = false
  return null
}

function isAWholeValidEvent({ definition, event }: Draft): Problem | null {
  const wrong = problemWith(definition, event)
  return wrong === null ? null : problem('invalid-event', wrong)
}

export const steps: readonly ((draft: Draft, batch: BatchContext) => Problem | null)[] = [
  isAnEventOfBoundedSize,
  hasAKnownType,
  mayBeSaidWithThisGrant,
  agreesWithItsGrant,
  isStampedWithTimes,
  liesInsideItsWindow,
  isFlaggedWhenFromAProgram,
  isAWholeValidEvent,
]

/** Runs the steps; the event when it passed all, else the problem of the first it did not pass. */
export function takeEvent(
  raw: unknown,
  batch: BatchContext,
): { readonly event: StoredEvent; readonly definition: EventDefinition } | { readonly problem: Problem } {
  const draft: Draft = { raw: raw as Fields, definition: undefined as unknown as EventDefinition, event: {} }
  for (const step of steps) {
    const found = step(draft, batch)
    if (found !== null) return { problem: found }
  }
  return { event: draft.event as StoredEvent, definition: draft.definition }
}
