/**
 * The events of views as a set: each once, on one clock, each with its place in the view. What is there twice counts
 * once; what carries a used id and says something else is an event of its own; order comes from the player's own count.
 * Said in steps, each a query over the one before it.
 */
import { playbackEvents } from '#events/playback.ts'
import { streamColumns } from '#events/registry.ts'
import { SKEW_MS } from '#pipelines/clock-skew.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

/** What is decided by others than the player, or names the event and its view. */
const NOT_SAID: ReadonlySet<string> = new Set([
  'eventId',
  'tenantId',
  'sid',
  'playerId',
  'sentAt',
  'receivedAt',
  'derivedAt',
  'sourceFormat',
  'bot',
])
/** What a player says in an event: two with the same id that say the same are one event. */
export const SAID: readonly string[] = streamColumns(playbackEvents)
  .map(({ name }) => name)
  .filter((name) => !NOT_SAID.has(name))

/** The id the player gave, without what the collector adds to one used again (`keep-events.ts`). */
const baseId = sql`substring(replaceRegexpOne(eventId, '~[0-9a-z]{1,7}$', ''), 1, 55)`

/** Each event once: of equal ones the one received first. What CMCD players report is told in `reported-sql.ts`. */
const distinctEvents = sql`
  SELECT *,
    toUnixTimestamp64Milli(createdAt) AS saidAt,
    toUnixTimestamp64Milli(receivedAt) - toUnixTimestamp64Milli(sentAt) AS skewMs,
    ${baseId} AS baseId,
    1 AS reports
  FROM playback_events
  WHERE (tenantId, sid) IN (SELECT arrayJoin(arrayZip({tenants:Array(String)}, {sids:Array(String)})))
    AND surface != 'preview' AND type != 'playback.report.heard'
  ORDER BY receivedAt, sentAt, bot DESC, sourceFormat, logPartition, logOffset
  LIMIT 1 BY tenantId, sid, playerId, baseId, ${SAID.join(', ')}`

/**
 * One correction for a whole view, so that what lies between two events is what the player's clock measured. The least
 * difference seen holds the least of the network's delay. A difference that changes by as much again is a clock set anew
 * within the view: each event goes by its own batch.
 */
const onOneClock = sql`
  SELECT *,
    min(skewMs) OVER whole AS leastSkewMs,
    max(skewMs) OVER whole - leastSkewMs > ${String(SKEW_MS)} AS setAnew,
    saidAt + multiIf(setAnew, skewMs, abs(leastSkewMs) > ${String(SKEW_MS)}, leastSkewMs, 0) AS at
  FROM distinct_events
  WINDOW whole AS (PARTITION BY tenantId, sid, playerId)`

/**
 * In the player's order. Players that give one count twice are ordered by time, then by id, then by what they say, so that
 * the place never depends on how events came.
 */
const placed = sql`
  SELECT *,
    row_number() OVER (PARTITION BY tenantId, sid, playerId ORDER BY seq, at, baseId, ${SAID.join(', ')}) AS place
  FROM on_one_clock`

/** A query by its name; later steps of a statement read from it. */
export type Step = readonly [name: string, select: string]

/** The last one, `placed`, has the events of the views. */
export const PLACED_EVENTS: readonly Step[] = [
  ['distinct_events', distinctEvents],
  ['on_one_clock', onOneClock],
  ['placed', placed],
]
