/** From the bytes of a request to a batch of raw events: parsed once, its shape and its size checked. */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#pipelines/errors.ts'

export type RawBatch = {
  readonly writeKey: string | undefined
  readonly token: string | undefined
  readonly sentAt: number | undefined
  readonly receivedAt: number | undefined
  readonly common: Readonly<Record<string, unknown>>
  readonly events: readonly unknown[]
}

const unreadable = (message: string): Refusal => new Refusal(refusals.unreadable, message)

const textOr = (value: unknown, name: string): string | undefined => {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw unreadable(`${name} must be a string.`)
  return value
}
const instantOr = (value: unknown, name: string): number | undefined => {
  if (value === undefined || value === null) return undefined
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw unreadable(`${name} must be epoch ms.`)
  return value as number
}

/** The JSON value, or null when the text is not JSON. */
export function parseJson(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return null
  }
}

export function readBatch(value: unknown, maxEvents: number): RawBatch {
  if (typeof value !== 'object' || value === null) throw unreadable('A batch is a JSON object.')
  const { writeKey, token, sentAt, receivedAt, common = {}, events } = value as Record<string, unknown>
  if (!Array.isArray(events)) throw unreadable('`events` must be an array.')
  if (events.length > maxEvents) {
    throw new Refusal(refusals.bodyTooLarge, `${events.length} events; a batch holds at most ${maxEvents}.`)
  }
  if (typeof common !== 'object' || common === null || Array.isArray(common)) {
    throw unreadable('`common` must be an object.')
  }
  return {
    writeKey: textOr(writeKey, 'writeKey'),
    token: textOr(token, 'token'),
    sentAt: instantOr(sentAt, 'sentAt'),
    receivedAt: instantOr(receivedAt, 'receivedAt'),
    common: common as Record<string, unknown>,
    events,
  }
}
