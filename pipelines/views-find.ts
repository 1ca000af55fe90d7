/** Which views are to be built: after a restart, after an hour of silence, and when the rules have changed. */
import { LATE } from '#pipelines/late-views.ts'
import { paramsOf, type ViewKey } from '#pipelines/reported-sql.ts'
import { IDLE_MS } from '#pipelines/views-sql.ts'
import { VIEWS_VERSION } from '#pipelines/views-table.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

/** `reported`: by a player of somebody else's. `late`: something of it came when its day was settled. */
export type TouchedView = ViewKey & { readonly reported: boolean; readonly late: boolean }

const OF_EVENTS = sql`toBool(max(type = 'playback.report.heard')) AS reported, toBool(max(${LATE})) AS late`

/** Views whose events came after the marks: what a restart must build again. */
export const viewsSince = (partition: number, nextOffset: number): Statement<TouchedView> => ({
  sql: sql`SELECT tenantId, sid, ${OF_EVENTS} FROM playback_events
    WHERE logPartition = {partition:UInt16} AND logOffset >= {nextOffset:UInt64}
    GROUP BY tenantId, sid`,
  params: { partition, nextOffset },
})

const viewsOfEvents = (condition: string): Statement<TouchedView> => ({
  sql: sql`SELECT tenantId, sid, ${OF_EVENTS} FROM playback_events
    WHERE surface != 'preview' AND ${condition} GROUP BY tenantId, sid ORDER BY tenantId, sid`,
})
/** Every view there are events of, those of one tenant side by side. */
export const everyView = viewsOfEvents('true')
/** Those of them that have no row. */
export const viewsNotBuilt = viewsOfEvents(sql`(tenantId, sid) NOT IN (SELECT tenantId, sid FROM views)`)

/** Nothing new came for the views of these rows: what was late of them is noted. */
const OF_ROWS = sql`toBool(max(playerName = 'cmcd2')) AS reported, false AS late`
/**
 * Rows for which something holds, replaced ones left out. Those for which it ever held are found by an index first: FINAL
 * would read all rows there are.
 */
const rowsWhere = (condition: string): string => sql`views FINAL
    PREWHERE (tenantId, sid) IN (SELECT tenantId, sid FROM views WHERE ${condition}) WHERE ${condition}`

/** Open views that have had no sign of life for an hour. */
export const idleViews = (now: number): Statement<TouchedView> => ({
  sql: sql`SELECT tenantId, sid, ${OF_ROWS}
    FROM ${rowsWhere("endReason = 'open' AND toUnixTimestamp64Milli(endedAt) < {before:Int64}")}
    GROUP BY tenantId, sid LIMIT 5000`,
  params: { before: now - IDLE_MS },
})

/** Views built by rules that are no longer ours. */
export const outdatedViews = (limit: number): Statement<TouchedView> => ({
  sql: sql`SELECT tenantId, sid, ${OF_ROWS}
    FROM ${rowsWhere(`builtBy < ${VIEWS_VERSION}`)} GROUP BY tenantId, sid LIMIT {limit:UInt32}`,
  params: { limit },
})

/** Views that are outdated still after they were built again have lost their events: they stay as they were. */
export const keepOutdated = (keys: readonly ViewKey[]): Statement => ({
  sql: sql`INSERT INTO views SELECT * REPLACE (${String(VIEWS_VERSION)} AS builtBy) FROM (
      SELECT * FROM views FINAL
      WHERE (tenantId, sid) IN (SELECT arrayJoin(arrayZip({tenants:Array(String)}, {sids:Array(String)})))
        AND builtBy < ${String(VIEWS_VERSION)})`,
  params: paramsOf(keys),
})
