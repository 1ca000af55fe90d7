/**
 * The reports of CMCD players as they are stored, view by view, and what they say as rows like those of players of ours.
 * In between they are told in TypeScript (`cmcd-view.ts`) and come back in a table in memory: nothing of it is stored.
 */
import { AT } from '#events/define.ts'
import type { CmcdView } from '#pipelines/cmcd-view.ts'
import { encodeRows } from '#storage/warehouse/native.ts'
import { type Statement, sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export type ViewKey = { readonly tenantId: string; readonly sid: string }

/** One view's reports, each once, in order of the player's clock, then its count. Arrays: there are many. */
export type ReportedView = ViewKey & {
  readonly playerId: string
  readonly titleId: string
  readonly viewerKey: string | null
  readonly deviceKind: string
  readonly recommendationId: string | null
  readonly bot: boolean
  readonly kids: boolean
  readonly own: boolean
  readonly staff: boolean
  /** Reports missing from the player's count. */
  readonly lost: number
  /** How long the report that was on its way for the shortest time was, by the player's clock and ours. */
  readonly behindMs: number
  readonly heard: readonly (readonly [
    createdAt: number,
    sn: number,
    eventId: string,
    kind: string,
    state: string | null,
    rate: number,
    playheadMs: number | null,
    startDelayMs: number | null,
    bitrateKbps: number | null,
  ])[]
}
export type ToldView = ReportedView & CmcdView

export const paramsOf = (keys: readonly ViewKey[]) => ({
  tenants: keys.map((key) => key.tenantId),
  sids: keys.map((key) => key.sid),
})

/** How many reports there are of each view, told twice or not. */
export const reportCounts = (keys: readonly ViewKey[]): Statement<ViewKey & { reports: number }> => ({
  sql: sql`
    SELECT tenantId, sid, toUInt32(count()) AS reports FROM playback_events
    WHERE (tenantId, sid) IN (SELECT arrayJoin(arrayZip({tenants:Array(String)}, {sids:Array(String)})))
      AND type = 'playback.report.heard'
    GROUP BY tenantId, sid`,
  params: paramsOf(keys),
})

/**
 * Events that never came, by the player's own count from 0. No view brings more than its token may, so a player that lies
 * about its count is not believed further.
 */
export const LOST = sql`toUInt32(least(20000, max(toInt64(seq)) + 1 - toInt64(uniqExact(seq))))`

export const reportedViews = (keys: readonly ViewKey[]): Statement<ReportedView> => ({
  sql: sql`
    SELECT tenantId, sid, playerId, any(titleId) AS titleId, max(viewerKey) AS viewerKey,
      argMin(deviceKind, (createdAt, seq, eventId)) AS deviceKind, max(recommendationId) AS recommendationId,
      max(bot) AS bot, max(kids) AS kids, max(ifNull(own, false)) AS own, max(ifNull(staff, false)) AS staff,
      ${LOST} AS lost,
      min(toUnixTimestamp64Milli(receivedAt) - toUnixTimestamp64Milli(createdAt)) AS behindMs,
      arraySort(groupArray((toUnixTimestamp64Milli(createdAt), seq, eventId, reportKind, reportState, rate,
        if(playheadKnown, toNullable(playheadMs), NULL), startDelayMs, bitrateKbps))) AS heard
    FROM (
      SELECT * FROM playback_events
      WHERE (tenantId, sid) IN (SELECT arrayJoin(arrayZip({tenants:Array(String)}, {sids:Array(String)})))
        AND surface != 'preview' AND type = 'playback.report.heard'
      ORDER BY receivedAt, sentAt, bot DESC, logPartition, logOffset
      LIMIT 1 BY tenantId, sid, playerId, eventId)
    GROUP BY tenantId, sid, playerId`,
  params: paramsOf(keys),
})

/** What was told last, for the one statement that builds rows of it: too long for the parameters of a statement. */
const TOLD_COLUMNS = [
  { name: 'tenantId', type: 'String' },
  { name: 'sid', type: 'String' },
  { name: 'playerId', type: 'String' },
  { name: 'titleId', type: 'String' },
  { name: 'viewerKey', type: 'Nullable(String)' },
  { name: 'deviceKind', type: 'String' },
  { name: 'recommendationId', type: 'Nullable(String)' },
  { name: 'bot', type: 'Bool' },
  { name: 'kids', type: 'Bool' },
  { name: 'own', type: 'Bool' },
  { name: 'staff', type: 'Bool' },
  { name: 'lost', type: 'UInt32' },
  { name: 'intervalMs', type: 'Nullable(UInt32)' },
  { name: 'seq', type: 'UInt32' },
  { name: 'derivedAt', type: AT },
  { name: 'type', type: 'String' },
  { name: 'state', type: 'String' },
  { name: 'playheadMs', type: 'UInt32' },
  { name: 'rate', type: 'Float64' },
  { name: 'bitrateKbps', type: 'Nullable(UInt32)' },
  { name: 'reports', type: 'UInt32' },
] as const

/** The steps told last, with the columns of events that a row is made of; once, for an insert may be said twice. */
export const TOLD_EVENTS = sql`
  SELECT ${TOLD_COLUMNS.map(({ name }) => name).join(', ')},
    toUnixTimestamp64Milli(derivedAt) AS at, seq AS place, toString(seq) AS baseId,
    true AS visible,
    'cmcd2' AS playerName, 'embed' AS surface, CAST([], 'Array(String)') AS experiments,
    CAST(NULL, 'Nullable(UInt32)') AS startupMs, CAST(NULL, 'Nullable(UInt32)') AS liveLatencyMs,
    ${['videoHeightPx', 'videoWidthPx', 'playerHeightPx', 'playerWidthPx']
      .map((name) => sql`CAST(NULL, 'Nullable(UInt16)') AS ${name}`)
      .join(', ')},
    multiIf(type != 'playback.view.ended', NULL, state = 'ended', 'completed', 'stopped') AS endReason,
    type = 'playback.error.raised' AND state = 'failed' AS fatal, false AS business
  FROM told_steps
  LIMIT 1 BY tenantId, sid, playerId, seq`

/** How many views stand in what was told last. */
export const toldViews: Statement<{ views: number }> = {
  sql: sql`SELECT toUInt32(uniqExact((tenantId, sid, playerId))) AS views FROM told_steps`,
}

const toldRows = (views: readonly ToldView[]) =>
  views.flatMap(({ steps, heard, ...view }) =>
    steps.map((step, seq) => ({
      ...view,
      ...step,
      type: `playback.${step.type}`,
      seq,
      derivedAt: step.at,
      reports: seq === 0 ? heard.length : 0,
    })),
  )

/** Takes the place of what was told before: a table in memory, of one writer. */
export async function keepTold(warehouse: Warehouse, views: readonly ToldView[]): Promise<void> {
  const columns = TOLD_COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ')
  await warehouse.command({ sql: sql`CREATE TABLE IF NOT EXISTS told_steps (${columns}) ENGINE = Memory` })
  await warehouse.command({ sql: sql`TRUNCATE TABLE told_steps` })
  if (views.length > 0)
    await warehouse.insertNative('told_steps', [encodeRows(TOLD_COLUMNS, toldRows(views))], {})
}
