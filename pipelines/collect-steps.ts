/**
 * The steps one event goes through at the collector, in running order. Each returns null to go on, or why the event
 * is set aside. Steps write to the draft only; `raw` stays as it came, for the dead letter.
 */
import { findEvent, wrongField } from '#events/registry.ts'
import { type BatchContext, type Template, templateOf } from '#pipelines/batch-context.ts'
import type { Problem } from '#pipelines/dead-letters.ts'
import { type Fields, fingerprint } from '#pipelines/event-shape.ts'

const MINUTE_MS = 60_000
/** Clock differences up to this are left alone; beyond it the times of the sender are shifted. */
const SKEW_MS = 5 * MINUTE_MS

export type Draft = {
  raw: Fields
  template: Template
  derivedAt: number
  /** Of what the sender said: tells a repeated event from another one with its id. */
  print: number
  event: Fields
}

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

function hasAKnownType(draft: Draft, batch: BatchContext): Problem | null {
  const { type, version = 1 } = draft.raw
  const met = version === 1 ? batch.firstVersions.get(type as string) : undefined
  if (met !== undefined) {
    draft.template = met
    return null
  }
  const known = typeof type === 'string' && typeof version === 'number' ? findEvent(type, version) : undefined
  if (known === undefined)
    return problem('unknown-type', `no event ${String(type)} version ${String(version)}`)
  draft.template = templateOf(known, batch)
  if (version === 1) batch.firstVersions.set(known.type, draft.template)
  return null
}

const mayBeSaidWithThisGrant = ({ template }: Draft): Problem | null => template.notAllowed

function isCompletedFromItsBatchAndGrant(draft: Draft, batch: BatchContext): Problem | null {
  const { raw, template } = draft
  const { deciders } = template.shape
  const event = { ...template.start }
  let print = template.print
  for (const name in raw) {
    const decider = deciders.get(name)
    if (decider === undefined)
      return problem('invalid-event', `${name} is not a field of ${template.definition.type}`)
    const said = raw[name]
    if (said === undefined) continue
    if (decider === 'sender') {
      event[name] = said
      if (name !== 'eventId') print = fingerprint(print, said)
    } else if (decider === 'grant') {
      const bound = template.bound[name]
      if (bound === undefined) {
        event[name] = said
        print = fingerprint(print, said)
      } else if (said !== bound && said !== null) {
        return problem('token-mismatch', `${name} is not the one the token was given for`)
      }
    } else if (name === 'bot' && batch.grant.kind === 'import') event[name] = said
  }
  draft.print = print
  draft.event = event
  return template.contradiction
}

function isStampedWithTimes(draft: Draft, { sentAt, receivedAt }: BatchContext): Problem | null {
  const { createdAt } = draft.raw
  if (typeof createdAt !== 'number') return problem('invalid-event', 'createdAt must be epoch ms')
  const clocksAgree = Math.abs(receivedAt - sentAt) <= SKEW_MS
  draft.derivedAt = clocksAgree ? createdAt : receivedAt - (sentAt - createdAt)
  draft.event['derivedAt'] = draft.derivedAt
  return null
}

function liesInsideItsWindow({ derivedAt }: Draft, batch: BatchContext): Problem | null {
  const { grant, receivedAt, lateMs } = batch
  if (derivedAt > receivedAt + SKEW_MS) return problem('outside-window', 'more than 5 minutes in the future')
  if (grant.kind === 'import') return null
  if (derivedAt < receivedAt - lateMs) return problem('outside-window', 'older than late events may be')
  if (derivedAt < grant.issuedAt - SKEW_MS) return problem('outside-window', 'before the token was given')
  if (derivedAt > grant.expiresAt) return problem('outside-window', 'after the token ran out')
  return null
}

function isAWholeValidEvent({ template, event }: Draft): Problem | null {
  const wrong = wrongField(template.definition, event)
  return wrong === null ? null : problem('invalid-event', wrong)
}

const steps: readonly ((draft: Draft, batch: BatchContext) => Problem | null)[] = [
  isAnEventOfBoundedSize,
  hasAKnownType,
  mayBeSaidWithThisGrant,
  isCompletedFromItsBatchAndGrant,
  isStampedWithTimes,
  liesInsideItsWindow,
  isAWholeValidEvent,
]

export const createDraft = (): Draft => ({
  raw: {},
  template: undefined as unknown as Template,
  derivedAt: 0,
  print: 0,
  event: {},
})

/** Runs the steps on the draft; null when the event passed all, else the problem of the first it did not pass. */
export function takeEvent(raw: unknown, draft: Draft, batch: BatchContext): Problem | null {
  draft.raw = raw as Fields
  for (const step of steps) {
    const found = step(draft, batch)
    if (found !== null) return found
  }
  return null
}
