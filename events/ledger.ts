/**
 * The collector's own account of what it took in: cumulative counts by tenant and minute, said after the log was
 * durable. The warehouse's rows are the other side; `pipelines/ledger.ts` compares the two.
 */
import { defineEvent, defineStream, id, instant, labels, whole, wholes } from '#events/define.ts'

/** The tenant of what is said of a run as a whole. No tenant can have this id. */
export const OF_THE_PLATFORM = '*'

/** Minutes older than this are no longer compared; every stream keeps its rows longer. */
export const LEDGER_DAYS = 35

export const ledgerEvents = defineStream({
  name: 'collector.ledger.v1',
  table: 'ledger_events',
  key: 'runId',
  partitions: 1,
  orderBy: ['tenantId', 'minuteAt', 'runId', 'page', 'sequence'],
  retentionDays: 90,
  description: 'What the collector says it took in, by tenant and minute. Does not count itself.',
  common: {
    runId: id('the collector that counted, from its start to its end'),
    minuteAt: instant('begin of the minute of `receivedAt` that is counted'),
    page: whole('UInt32', 'counts begin at zero with each page; a minute is the sum of its pages'),
    sequence: whole('UInt32', 'which word of the run this is; the last one of a page holds'),
  },
})

const by = 'server'
export const minuteCounted = defineEvent(ledgerEvents, {
  type: 'collector.minute.counted',
  version: 1,
  by,
  description: 'Events of this tenant received in this minute, counted so far on this page.',
  fields: {
    accepted: whole('UInt64', 'events of batches that were taken: stored, duplicate or set aside'),
    stored: whole('UInt64', 'events added to the log'),
    duplicate: whole('UInt64', 'events that had been stored a moment ago'),
    reusedId: whole('UInt64', 'part of stored: an id used again for another payload'),
    deadLettered: whole('UInt64', 'events set aside as dead letters'),
    unsure: whole('UInt64', 'events of batches that were refused while being written: some may be there'),
    reasons: labels('reasons of the dead letters'),
    reasonCounts: wholes('dead letters by reason, in the order of `reasons`'),
  },
})
export const runBegan = defineEvent(ledgerEvents, {
  type: 'collector.run.began',
  version: 1,
  by,
  description: 'A collector started.',
  fields: {},
})
export const runEnded = defineEvent(ledgerEvents, {
  type: 'collector.run.ended',
  version: 1,
  by,
  description: 'A collector stopped in order: everything it took in has been said.',
  fields: {},
})

export const ledger = [minuteCounted, runBegan, runEnded] as const
