/** The events that were there at an instant, and the rows that nothing received since can have changed. */
import { noteAllHours } from '#pipelines/rushed-viewers.ts'
import { IDLE_MS } from '#pipelines/views-sql.ts'
import { VIEW_COLUMNS, VIEWS_VERSION } from '#pipelines/views-table.ts'
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

/** Text as it may stand in the definition of a table, where no parameter can. */
const inHex = (text: string): string => sql`unhex('${Buffer.from(text).toString('hex')}')`
const before = (at: number): string =>
  sql`receivedAt < fromUnixTimestamp64Milli(toInt64(${String(Math.floor(at))}), 'UTC')`

/** A table of a stream that shows what of `database.table` is of the tenant and was received before the instant. */
export const showEvents = (database: string, table: string, tenantId: string, at: number): Statement => ({
  sql: sql`CREATE VIEW ${table} AS SELECT * FROM ${database}.${table} WHERE tenantId = ${inHex(tenantId)} AND ${before(at)}`,
})

/**
 * Rows of views of which nothing came since the instant, with what is noted beside them. Left out, to be built: views that
 * were given up later for their silence, views of quick viewers, who were not yet quick perhaps, and rows of older rules.
 */
export function copyUnchanged(database: string, tenantId: string, at: number): Statement[] {
  const columns = VIEW_COLUMNS.map(([name]) => name).join(', ')
  const tenant = sql`tenantId = ${inHex(tenantId)}`
  const silentSince = sql`toUnixTimestamp64Milli(endedAt) < ${String(Math.floor(at) - IDLE_MS)}`
  const unchanged = sql`${tenant}
    AND sid IN (SELECT sid FROM playback_events)
    AND sid NOT IN (SELECT sid FROM ${database}.playback_events WHERE ${tenant} AND NOT ${before(at)})
    AND sid NOT IN (SELECT sid FROM ${database}.views FINAL WHERE ${tenant} AND (rushed
      OR builtBy != ${String(VIEWS_VERSION)}
      OR (endReason = 'dropped' AND NOT ${silentSince}) OR (endReason = 'open' AND ${silentSince})))`
  return [
    {
      sql: sql`INSERT INTO views (${columns}) SELECT ${columns} FROM ${database}.views FINAL WHERE ${unchanged}`,
    },
    noteAllHours,
    {
      sql: sql`INSERT INTO late_views SELECT * FROM ${database}.late_views FINAL
        WHERE ${tenant} AND sid IN (SELECT sid FROM views)`,
    },
  ]
}
