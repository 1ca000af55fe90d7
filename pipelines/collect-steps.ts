/**
 * The steps one event goes through at the collector, in running order. Each returns null to go on, or why the event
 * is set aside. Steps write to the draft only; `raw` stays as it came, for the dead letter.
 */
import { LEDGER_DAYS } from '#events/ledger.ts'
import { findEvent } from '#events/registry.ts'
import type { Fields } from '#events/run.ts'
import { type BatchContext, problemOfForm, type Template, templateOf } from '#pipelines/batch-context.ts'
import { SKEW_MS } from '#pipelines/clock-skew.ts'
import type { Problem } from '#pipelines/dead-letters.ts'
import { formOf, isRight, printOf, wrongValue } from '#pipelines/event-shape.ts'

const DAY_MS = 86_400_000

export type Draft = {
  raw: Fields
  template: Template
  derivedAt: number
  /** Of what the sender said: tells a repeated event from another one with its id. */
  print: number
  /** What the event says itself: `raw`, or a copy without what is not the sender's to say. */
  own: Fields
}

const problem = (reason: Problem['reason'], detail: string): Problem => ({ reason, detail })

/** Characters of text in a value, counted no further than `limit`. Values in values are kept in a list: they may be deep. */
function sizeOf(value: unknown, limit: number): number {
  const left = [value]
  let size = 0
  while (left.length > 0 && size <= limit) {
    const one = left.pop()
    if (typeof one === 'string') size += one.length
    else if (typeof one !== 'object' || one === null) size += 8
    else {
      size += 2
      for (const name in one) {
        size += name.length
        left.push((one as Fields)[name])
      }
    }
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
  const met =
    version === 1 ? batch.firstVersions.find((one) => one.shape.definition.type === type) : undefined
  if (met !== undefined) {
    draft.template = met
    return null
  }
  const known = typeof type === 'string' && typeof version === 'number' ? findEvent(type, version) : undefined
  if (known === undefined)
    return problem('unknown-type', `no event ${String(type)} version ${String(version)}`)
  draft.template = templateOf(known, batch)
  if (version === 1) batch.firstVersions.push(draft.template)
  return null
}

const mayBeSaidWithThisGrant = ({ template }: Draft): Problem | null => template.notAllowed

function hasOnlyFieldsOfItsType(draft: Draft): Problem | null {
  const { raw, template } = draft
  draft.print = printOf(template.form, raw, template.print)
  if (!Number.isNaN(draft.print)) return template.problemOfForm
  const form = formOf(template.shape, raw)
  if (typeof form === 'string') {
    return problem('invalid-event', `${form} is not a field of ${template.shape.definition.type}`)
  }
  template.form = form
  template.problemOfForm = problemOfForm(template, form)
  draft.print = printOf(form, raw, template.print)
  return template.problemOfForm
}

/** What its grant or the collector decides is theirs, whatever the sender says; a contradiction of its grant is told. */
function agreesWithItsGrant(draft: Draft, { grant }: BatchContext): Problem | null {
  const { raw, template } = draft
  draft.own = raw
  if (!template.form.plain) {
    const own: { [field: string]: unknown } = { ...raw }
    for (const { name, decider } of template.form.fields) {
      const said = raw[name]
      if (decider === 'collector') {
        if (name !== 'bot' || grant.kind !== 'import') own[name] = template.fields[name]
      } else if (decider === 'grant') {
        const bound = template.bound[name]
        if (bound === undefined) continue
        if (said !== bound && said !== null) {
          return problem('token-mismatch', `${name} is not the one the token was given for`)
        }
        own[name] = bound
      }
    }
    draft.own = own
  }
  return template.contradiction
}

/** A field that is there and undefined is not said; null is. */
function saysNothingWrong({ own, template }: Draft): Problem | null {
  if (isRight(template.form, own)) return null
  for (const field of template.form.fields) {
    const said = own[field.name]
    const isLeftOut = said === undefined && !(field.required && template.fields[field.name] === undefined)
    const wrong = isLeftOut ? null : wrongValue(field, said)
    if (wrong !== null) return problem('invalid-event', wrong)
  }
  return null
}

function isStampedWithTimes(draft: Draft, { sentAt, receivedAt }: BatchContext): Problem | null {
  const createdAt = draft.own['createdAt'] as number
  const clocksAgree = Math.abs(receivedAt - sentAt) <= SKEW_MS
  draft.derivedAt = clocksAgree ? createdAt : receivedAt - (sentAt - createdAt)
  return null
}

/** What would leave the warehouse while the ledger still compares it is not taken first. */
function isOlderThanKept({ template, derivedAt }: Draft, { now }: BatchContext): boolean {
  const { retentionDays } = template.shape.definition.stream
  return retentionDays !== 'forever' && derivedAt < now - (retentionDays - LEDGER_DAYS) * DAY_MS
}

function liesInsideItsWindow(draft: Draft, batch: BatchContext): Problem | null {
  const { derivedAt } = draft
  const { grant, receivedAt, lateMs } = batch
  if (derivedAt > receivedAt + SKEW_MS) return problem('outside-window', 'more than 5 minutes in the future')
  if (grant.kind === 'import') {
    return isOlderThanKept(draft, batch) ? problem('outside-window', 'older than such events are kept') : null
  }
  if (derivedAt < receivedAt - lateMs) return problem('outside-window', 'older than late events may be')
  if (derivedAt < grant.issuedAt - SKEW_MS) return problem('outside-window', 'before the token was given')
  if (derivedAt > grant.expiresAt) return problem('outside-window', 'after the token ran out')
  return null
}

export const createDraft = (): Draft => ({
  raw: {},
  template: undefined as unknown as Template,
  derivedAt: 0,
  print: 0,
  own: {},
})

/** Runs the steps on the draft; null when the event passed all, else the problem of the first it did not pass. */
export function takeEvent(raw: unknown, draft: Draft, batch: BatchContext): Problem | null {
  draft.raw = raw as Fields
  const found =
    isAnEventOfBoundedSize(draft, batch) ??
    hasAKnownType(draft, batch) ??
    mayBeSaidWithThisGrant(draft) ??
    hasOnlyFieldsOfItsType(draft) ??
    agreesWithItsGrant(draft, batch) ??
    saysNothingWrong(draft) ??
    isStampedWithTimes(draft, batch) ??
    liesInsideItsWindow(draft, batch)
  if (found !== null) return found
  // Only now: what is set aside is kept as it came.
  const { extras } = draft.template
  if (extras !== null) draft.own = { ...extras, ...draft.own }
  const own = draft.own as { type: string; derivedAt?: number }
  own.derivedAt = draft.derivedAt
  // The same text: told to be the same at a glance from here on.
  own.type = draft.template.shape.definition.type
  return null
}
