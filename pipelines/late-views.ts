/**
 * Views of which something came when their day was settled: an hour after its end, when the last of its views is closed.
 * Figures of that day have changed since. What was late depends on how events came, so it is kept apart from the views.
 */
import { paramsOf, type ViewKey } from '#pipelines/reported-sql.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

/** After the end of a day in UTC, until its figures are settled. */
export const SETTLED_AFTER_MS = 3_600_000
const DAY_MS = 86_400_000

/** Whether an event came when its day was settled. Instants in ms. */
export const isLate = (event: { readonly derivedAt: number; readonly receivedAt: number }): boolean =>
  event.receivedAt >= (Math.floor(event.derivedAt / DAY_MS) + 1) * DAY_MS + SETTLED_AFTER_MS
/** The same of a row of events. */
export const LATE = sql`toUnixTimestamp64Milli(receivedAt)
  >= (intDiv(toUnixTimestamp64Milli(derivedAt), ${String(DAY_MS)}) + 1) * ${String(DAY_MS)} + ${String(SETTLED_AFTER_MS)}`

export const noteLateViews = (keys: readonly ViewKey[]): Statement => ({
  sql: sql`INSERT INTO late_views
    SELECT tenantId, sid, playerId, any(titleId), toDate(derivedAt) AS day, max(receivedAt) FROM playback_events
    WHERE (tenantId, sid) IN (SELECT arrayJoin(arrayZip({tenants:Array(String)}, {sids:Array(String)})))
      AND surface != 'preview'
      AND ${LATE}
    GROUP BY tenantId, sid, playerId, day`,
  params: paramsOf(keys),
})
