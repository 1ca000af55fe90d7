/** Dead letters as the warehouse holds them, with what became of them since. */
import {
  type DeadLetterReason,
  deadLetterEvents,
  letterReplayed,
  letterSetAside,
  type ReplayOutcome,
} from '#events/dead-letters.ts'
import type { StoredEvent, StreamDefinition } from '#events/define.ts'
import { type Param, type Statement, sql } from '#storage/warehouse/warehouse.ts'

export const LETTER_STATES = ['waiting', 'stored', 'present'] as const
export type LetterState = (typeof LETTER_STATES)[number]
export type LetterFilter = {
  readonly reason?: string | undefined
  /** The type the sender gave. */
  readonly type?: string | undefined
  /** Received at or after this instant. */
  readonly since?: number | undefined
  readonly state?: LetterState | undefined
}
/** Where a letter stands in the list, newest first. */
export type LetterPlace = { readonly at: number; readonly id: string }

export type LetterRow = {
  readonly id: string
  readonly receivedAt: number
  /** Why it is here, as last judged. */
  readonly reason: DeadLetterReason
  readonly detail: string
  readonly firstReason: DeadLetterReason
  readonly claimedType: string | null
  readonly schema: string | null
  readonly sourceFormat: StoredEvent['sourceFormat']
  readonly partition: number
  readonly offset: number
  readonly body: string
  readonly bodyEncoding: 'text' | 'base64' | null
  readonly bodyBytes: number | null
  readonly context: string | null
  readonly lastOutcome: ReplayOutcome | null
  readonly replays: number
  /** 0: never. */
  readonly replayedAt: number
}

const TABLE = deadLetterEvents.table
const ms = (column: string): string => `toUnixTimestamp64Milli(${column})`
const REPLAYS = sql`SELECT letterId, count() AS replays, argMax(outcome, (derivedAt, eventId)) AS lastOutcome,
    argMax(reason, (derivedAt, eventId)) AS newReason, argMax(detail, (derivedAt, eventId)) AS newDetail,
    max(derivedAt) AS replayedAt
  FROM ${TABLE} WHERE tenantId = {tenantId:String} AND type = '${letterReplayed.type}' GROUP BY letterId`

const LETTERS = sql`SELECT letters.eventId AS id, ${ms('letters.derivedAt')} AS receivedAt,
    ifNull(if(lastOutcome = 'failed', newReason, NULL), letters.reason) AS reason,
    ifNull(if(lastOutcome = 'failed', newDetail, NULL), letters.detail) AS detail,
    letters.reason AS firstReason, letters.claimedType AS claimedType, letters.schema AS schema,
    letters.sourceFormat AS sourceFormat, letters.logPartition AS partition, letters.logOffset AS offset,
    letters.body AS body, letters.bodyEncoding AS bodyEncoding, letters.bodyBytes AS bodyBytes,
    letters.context AS context, again.lastOutcome AS lastOutcome, toUInt64(ifNull(again.replays, 0)) AS replays,
    if(replays = 0, 0, ifNull(${ms('again.replayedAt')}, 0)) AS replayedAt
  FROM (SELECT * FROM ${TABLE} WHERE tenantId = {tenantId:String} AND type = '${letterSetAside.type}') AS letters
  LEFT JOIN (${REPLAYS}) AS again ON again.letterId = letters.eventId`

const STATE: Record<LetterState, string> = {
  waiting: "(lastOutcome IS NULL OR lastOutcome = 'failed')",
  stored: "lastOutcome = 'stored'",
  present: "lastOutcome = 'present'",
}

function conditionsOf({ reason, type, since, state }: LetterFilter): {
  readonly where: string[]
  readonly params: Record<string, Param>
} {
  const where: string[] = []
  const params: Record<string, Param> = {}
  const add = (condition: string, name: string, value: Param | undefined): void => {
    if (value === undefined) return
    where.push(condition)
    params[name] = value
  }
  add('reason = {reason:String}', 'reason', reason)
  add('claimedType = {type:String}', 'type', type)
  add('receivedAt >= {since:Int64}', 'since', since)
  if (state !== undefined) where.push(STATE[state])
  return { where, params }
}

/** Newest first, from behind a place. */
export function listLetters(
  tenantId: string,
  filter: LetterFilter,
  page: { readonly first: number; readonly after: LetterPlace | null },
): Statement<LetterRow> {
  const { where, params } = conditionsOf(filter)
  if (page.after !== null) {
    where.push('(receivedAt, id) < ({afterAt:Int64}, {afterId:String})')
    Object.assign(params, { afterAt: page.after.at, afterId: page.after.id })
  }
  return {
    sql: sql`SELECT * FROM (${LETTERS}) ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
      ORDER BY receivedAt DESC, id DESC LIMIT {first:UInt32}`,
    params: { tenantId, first: page.first, ...params },
  }
}

export const someLetters = (tenantId: string, ids: readonly string[]): Statement<LetterRow> => ({
  sql: sql`SELECT * FROM (${LETTERS}) WHERE id IN {ids:Array(String)}`,
  params: { tenantId, ids },
})

/** How many letters the filter leaves, by reason. */
export function countLetters(
  tenantId: string,
  filter: LetterFilter,
): Statement<{ readonly reason: DeadLetterReason; readonly count: number }> {
  const { where, params } = conditionsOf(filter)
  return {
    sql: sql`SELECT reason, count() AS count FROM (${LETTERS})
      ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} GROUP BY reason ORDER BY count DESC, reason`,
    params: { tenantId, ...params },
  }
}

/**
 * Which of the events are in their table. `keys` are their values of the column the table is sorted by after the tenant:
 * with them the engine need not look through the whole table.
 */
export function presentEvents(
  stream: StreamDefinition,
  tenantId: string,
  ids: readonly string[],
  keys: readonly string[] | null,
): Statement<{ readonly eventId: string }> {
  const [, column] = stream.orderBy
  return {
    sql: sql`SELECT DISTINCT eventId FROM ${stream.table}
      WHERE tenantId = {tenantId:String} AND eventId IN {ids:Array(String)}
      ${keys === null ? '' : `AND ${column} IN {keys:Array(String)}`}`,
    params: { tenantId, ids, ...(keys === null ? {} : { keys }) },
  }
}
