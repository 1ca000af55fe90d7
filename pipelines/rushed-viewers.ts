/**
 * Viewers that begin or watch more within an hour than a person can: their views of that hour are flagged. The flag follows
 * from the views there are, whatever the order they were built in: after a view was built, the hours of its viewer are
 * counted again, and the hours it was flagged in before.
 */
import { paramsOf, type ViewKey } from '#pipelines/reported-sql.ts'
import { VIEW_COLUMNS } from '#pipelines/views-table.ts'
import { type Statement, sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

/** More views begun within one hour of the clock: one each fifteen seconds is no longer watching. */
export const MOST_VIEWS = 240
/** More watch time than this many screens show at once. */
export const MOST_SCREENS = 8
const HOUR_MS = 3_600_000

type ViewerHour = { readonly tenantId: string; readonly viewerKey: string; readonly hour: number }

const KEYS = sql`(SELECT arrayJoin(arrayZip({tenants:Array(String)}, {sids:Array(String)})))`
const HOURS = sql`(SELECT arrayJoin(arrayZip({hourTenants:Array(String)}, {viewers:Array(String)}, {hours:Array(Int32)})))`
const hour = sql`toInt32(intDiv(toUnixTimestamp64Milli(startedAt), ${String(HOUR_MS)}))`
const hourParams = (hours: readonly ViewerHour[]) => ({
  hourTenants: hours.map(({ tenantId }) => tenantId),
  viewers: hours.map(({ viewerKey }) => viewerKey),
  hours: hours.map((one) => one.hour),
})

const hoursWhere = (condition: string): string => sql`INSERT INTO viewer_hours
    SELECT tenantId, assumeNotNull(viewerKey), ${hour}, sid, playerId, watchMs FROM views FINAL
    WHERE ${condition} AND viewerKey IS NOT NULL`

const noteHours = (keys: readonly ViewKey[]): Statement => ({
  sql: hoursWhere(sql`(tenantId, sid) IN ${KEYS}`),
  params: paramsOf(keys),
})
/** The hours of every view there is, where views came otherwise than by being built. */
export const noteAllHours: Statement = { sql: hoursWhere('true') }

/**
 * Hours whose flags may have to change: those of the viewers of these views that may be over (moved views are counted where
 * they were, too), and those in which one of these views was flagged, whosever it was then.
 */
const hoursToJudge = (keys: readonly ViewKey[]): Statement<ViewerHour> => ({
  sql: sql`SELECT tenantId, viewerKey, hour FROM viewer_hours FINAL
    WHERE (tenantId, viewerKey) IN (
      SELECT tenantId, assumeNotNull(viewerKey) FROM views FINAL
      WHERE (tenantId, sid) IN ${KEYS} AND viewerKey IS NOT NULL)
    GROUP BY tenantId, viewerKey, hour
    HAVING count() > ${String(MOST_VIEWS)} OR sum(watchMs) > ${String(MOST_SCREENS * HOUR_MS)}
    UNION DISTINCT
    SELECT tenantId, viewerKey, hour FROM flagged_hours WHERE (tenantId, sid) IN ${KEYS}`,
  params: paramsOf(keys),
})

/** Views of these hours, each beside whether it should be flagged: `should`. */
const JUDGED = sql`(
    SELECT *, count() OVER one > ${String(MOST_VIEWS)} OR sum(watchMs) OVER one > ${String(MOST_SCREENS)} * greatest(
        ${String(HOUR_MS)}, toUnixTimestamp64Milli(max(endedAt) OVER one) - toUnixTimestamp64Milli(min(startedAt) OVER one))
      AS should
    FROM views FINAL
    WHERE (tenantId, sid) IN (SELECT tenantId, sid FROM viewer_hours WHERE (tenantId, viewerKey, hour) IN ${HOURS})
      AND (tenantId, assumeNotNull(viewerKey), ${hour}) IN ${HOURS} AND viewerKey IS NOT NULL
    WINDOW one AS (PARTITION BY tenantId, viewerKey, ${hour}))`

const noteFlagged = (hours: readonly ViewerHour[]): Statement => ({
  sql: sql`INSERT INTO flagged_hours SELECT tenantId, sid, assumeNotNull(viewerKey), ${hour} FROM ${JUDGED}
    WHERE should AND NOT rushed`,
  params: hourParams(hours),
})

/** Writes the rows whose flag is not what their hour says. */
const flag = (hours: readonly ViewerHour[]): Statement => {
  const columns = VIEW_COLUMNS.map(([name]) => name)
  const values: Partial<Record<(typeof columns)[number], string>> = {
    rushed: 'should',
    bot: 'program OR impossible OR should',
  }
  return {
    sql: sql`INSERT INTO views (${columns.join(', ')})
      SELECT ${columns.map((name) => values[name] ?? name).join(', ')} FROM ${JUDGED} WHERE rushed != should`,
    params: hourParams(hours),
  }
}

/** To be called some time after these views were built. */
export async function flagRushed(
  warehouse: Pick<Warehouse, 'query' | 'command'>,
  keys: readonly ViewKey[],
): Promise<void> {
  const options = { timeoutMs: 120_000 }
  await warehouse.command(noteHours(keys), options)
  const hours = await warehouse.query(hoursToJudge(keys), options)
  if (hours.length === 0) return
  await warehouse.command(noteFlagged(hours), options)
  await warehouse.command(flag(hours), options)
}
