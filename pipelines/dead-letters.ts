/** A dead letter: one event nobody could accept, with the reason and its raw text, in a stream of its own. */
import { type DeadLetterReason, letterSetAside } from '#events/dead-letters.ts'
import { type StoredEvent } from '#events/define.ts'
import { serverEvent } from '#events/registry.ts'

/** Characters of the raw event that are kept. */
const MAX_BODY_CHARS = 16_384

export type Problem = { readonly reason: DeadLetterReason; readonly detail: string }

/** `raw` is the parsed event, or the text itself where it could not be parsed. */
export function createDeadLetter(
  problem: Problem,
  raw: unknown,
  stamp: { tenantId: string; receivedAt: number; sourceFormat: StoredEvent['sourceFormat']; eventId: string },
): StoredEvent {
  const text = typeof raw === 'string' ? raw : (JSON.stringify(raw) ?? String(raw))
  const claimed = (raw as { type?: unknown } | null)?.type
  return {
    ...serverEvent(letterSetAside, stamp.receivedAt, stamp.eventId, {
      tenantId: stamp.tenantId,
      reason: problem.reason,
      detail: problem.detail.slice(0, 1000),
      claimedType: typeof claimed === 'string' ? claimed.slice(0, 80) : null,
      body: text.slice(0, MAX_BODY_CHARS),
    }),
    sourceFormat: stamp.sourceFormat,
  }
}
