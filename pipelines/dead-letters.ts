/** A dead letter: one event nobody could accept, with the reason and its raw bytes, in a stream of its own. */
import { isUtf8 } from 'node:buffer'
import { inspect } from 'node:util'
import { type DeadLetterReason, letterSetAside } from '#events/dead-letters.ts'
import { type StoredEvent } from '#events/define.ts'
import type { Grant } from '#events/grants.ts'
import { findEvent, serverEvent } from '#events/registry.ts'
import type { Fields } from '#events/run.ts'

/** Bytes of the raw event that are kept: whole, whatever was not too large itself. */
const MAX_BODY_BYTES = 64 * 1024
const MAX_CONTEXT_CHARS = 8192
const MAX_DETAIL_CHARS = 1000
const MAX_LABEL_CHARS = 80

export type Problem = { readonly reason: DeadLetterReason; readonly detail: string }

/** What taking a letter again needs besides its bytes. Holds no token. */
export type LetterContext = {
  readonly grant: Grant
  readonly common: Fields
  readonly sentAt: number
  readonly bot: boolean
}

/** Reasons that come before an event is checked against its type. */
const UNCHECKED = new Set<DeadLetterReason>(['not-json', 'unknown-type', 'too-large', 'unreadable-cmcd'])

/** `type@version` the event was checked against; null when it did not come so far. */
function schemaOf({ reason }: Problem, raw: unknown): string | null {
  if (UNCHECKED.has(reason) || typeof raw !== 'object' || raw === null) return null
  const { type, version = 1 } = raw as Fields
  if (typeof type !== 'string' || typeof version !== 'number') return null
  return findEvent(type, version) === undefined ? null : `${type}@${version}`
}

/** Null when it is too long to be kept: the letter can then be read, and not taken again. */
export function contextText({ grant, common, sentAt, bot }: LetterContext): string | null {
  const text = textOf({ grant, common, sentAt, bot } satisfies LetterContext)
  return text.length > MAX_CONTEXT_CHARS ? null : text
}

/** What is cut may end within a character. */
function bodyOf(bytes: Uint8Array): { body: string; bodyEncoding: 'text' | 'base64' } {
  let end = Math.min(bytes.length, MAX_BODY_BYTES)
  if (end < bytes.length) while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--
  const kept = Buffer.from(bytes.buffer, bytes.byteOffset, end)
  return isUtf8(kept)
    ? { body: kept.toString(), bodyEncoding: 'text' }
    : { body: kept.toString('base64'), bodyEncoding: 'base64' }
}

/** The bytes that were kept. */
export const bytesOf = (body: string, encoding: string | null): Uint8Array =>
  Buffer.from(body, encoding === 'base64' ? 'base64' : 'utf8')

export type Failed = {
  readonly index: number
  /** The parsed event, or the text itself where it could not be parsed. */
  readonly raw: unknown
  readonly problem: Problem
  /** The bytes as received, where they are not simply the text of `raw`. */
  bytes?: Uint8Array | undefined
  /** As `contextText` says it. */
  context?: string | null
}

export function createDeadLetter(
  { raw, problem, bytes, context = null }: Failed,
  stamp: { tenantId: string; receivedAt: number; sourceFormat: StoredEvent['sourceFormat']; eventId: string },
): StoredEvent {
  const received = bytes ?? Buffer.from(typeof raw === 'string' ? raw : textOf(raw))
  const claimed = (raw as { type?: unknown } | null)?.type
  return {
    ...serverEvent(letterSetAside, stamp.receivedAt, stamp.eventId, {
      tenantId: stamp.tenantId,
      reason: problem.reason,
      detail: problem.detail.slice(0, MAX_DETAIL_CHARS),
      claimedType: typeof claimed === 'string' ? printable(claimed).slice(0, MAX_LABEL_CHARS) : null,
      schema: schemaOf(problem, raw),
      ...bodyOf(received),
      bodyBytes: received.length,
      context,
    }),
    sourceFormat: stamp.sourceFormat,
  }
}

const printable = (text: string): string => text.replace(/\p{Cc}/gu, ' ')

/** As JSON; what is nested too deep for that is shown to a few levels. */
function textOf(raw: unknown): string {
  try {
    return JSON.stringify(raw) ?? String(raw)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return inspect(raw, { depth: 5, breakLength: Number.POSITIVE_INFINITY })
  }
}
