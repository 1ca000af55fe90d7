/** What the collector could not accept: kept whole, with the reason, until somebody has looked. */
import { defineEvent, defineStream, id, label, oneOf, optional, text, whole } from '#events/define.ts'

/** Why an event was set aside. Closed: each has a test. */
export const DEAD_LETTER_REASONS = [
  'not-json',
  'unknown-type',
  'invalid-event',
  'not-allowed',
  'token-mismatch',
  'outside-window',
  'too-large',
  'unreadable-cmcd',
] as const
export const BODY_ENCODINGS = ['text', 'base64'] as const
export const REPLAY_OUTCOMES = ['stored', 'present', 'failed'] as const
export type ReplayOutcome = (typeof REPLAY_OUTCOMES)[number]
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number]

export const deadLetterEvents = defineStream({
  name: 'collector.dlq.v1',
  table: 'dead_letters',
  key: 'eventId',
  partitions: 1,
  orderBy: ['tenantId', 'derivedAt', 'eventId'],
  retentionDays: 90,
  description: 'Events that were refused one by one, with reason and raw bytes.',
  common: {},
})

export const letterSetAside = defineEvent(deadLetterEvents, {
  type: 'collector.letter.dead',
  version: 1,
  by: 'server',
  description: 'One event of a batch was not acceptable; the rest of the batch was kept.',
  fields: {
    reason: label('one of the closed list of reasons'),
    detail: text('which field and why', 1000),
    claimedType: optional(label('type the sender gave')),
    schema: optional(label('`type@version` it was checked against; null when it did not come so far')),
    body: text('the raw event as received, up to 64 KiB of it', 100_000),
    bodyEncoding: optional(oneOf([...BODY_ENCODINGS], 'base64 where the bytes are not UTF-8')),
    bodyBytes: optional(whole('UInt32', 'how many bytes were received; more than kept when it was cut')),
    context: optional(
      text('what its batch said of it and its grant, as JSON: enough to take it again', 8192),
    ),
  },
})

export const letterReplayed = defineEvent(deadLetterEvents, {
  type: 'collector.letter.replayed',
  version: 1,
  by: 'server',
  description: 'A dead letter went through the door again, as of when it was received.',
  fields: {
    letterId: id('event id of the letter'),
    outcome: oneOf(
      [...REPLAY_OUTCOMES],
      'stored; present: its event was there already; failed: it stays, with a new reason',
    ),
    reason: optional(label('why it failed again')),
    detail: optional(text('which field and why', 1000)),
    replayedBy: optional(label('who had it replayed')),
  },
})

export const deadLetters = [letterSetAside, letterReplayed] as const
