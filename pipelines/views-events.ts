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
const baseId = sql`substring(if(position(eventId, '~') = 0, eventId, replaceRegexpOne(eventId, '~[0-9a-z]{1,7}$', '')), 1, 55)`

/** When an event was received, when it was sent, and that no program sent it, as one number: the least is the first heard. */
const [SENT, SENT_FROM] = ['1125899906842624', '70368744177664']
const heard = sql`toInt128(toUnixTimestamp64Milli(receivedAt)) * ${SENT}
        + (toInt128(toUnixTimestamp64Milli(sentAt)) + ${SENT_FROM}) * 2 + NOT bot`

/**
 * Each event once: of equal ones what was heard first. What CMCD players report is told in `reported-sql.ts`. Grouped and not
 * sorted: a sort would carry every column of every event.
 */
const distinctEvents = sql`
  SELECT tenantId, sid, playerId, baseId, ${SAID.join(', ')}, toUnixTimestamp64Milli(createdAt) AS saidAt,
    toInt64(intDiv(heard, ${SENT}) - intDiv(heard % ${SENT}, 2) + ${SENT_FROM}) AS skewMs, heard % 2 = 0 AS bot, 1 AS reports
  FROM (
    SELECT tenantId, sid, playerId, ${baseId} AS baseId, ${SAID.join(', ')}, min(${heard}) AS heard
    FROM playback_events
    WHERE (tenantId, sid) IN (SELECT arrayJoin(arrayZip({tenants:Array(String)}, {sids:Array(String)})))
      AND surface != 'preview' AND type != 'playback.report.heard'
    GROUP BY tenantId, sid, playerId, baseId, ${SAID.join(', ')})`

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
