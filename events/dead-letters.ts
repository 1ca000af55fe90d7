/** What the collector could not accept: kept whole, with the reason, until somebody has looked. */
import { defineEvent, defineStream, label, optional, text } from '#events/define.ts'

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
    body: text('the raw event as received', 100_000),
  },
})

export const deadLetters = [letterSetAside] as const
