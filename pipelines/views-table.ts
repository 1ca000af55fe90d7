/** The `views` table: one row a view, replaced when its events have become more. Read it with FINAL. */
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

/** Columns in the order they are inserted. */
export const VIEW_COLUMNS = [
  ['tenantId', 'String', 'the tenant'],
  ['sid', 'String', 'the view'],
  ['playerId', 'String', 'the player instance'],
  ['titleId', 'String', 'the title'],
  ['viewerKey', 'Nullable(String)', 'pseudonymous viewer; null for kids and strangers'],
  ['startedAt', "DateTime64(3, 'UTC')", 'play intent'],
  ['firstFrameAt', "Nullable(DateTime64(3, 'UTC'))", 'first frame of anything'],
  ['endedAt', "DateTime64(3, 'UTC')", 'last sign of life'],
  ['endReason', 'LowCardinality(String)', 'completed, stopped, failed, unloaded, dropped, open'],
  ['lastState', 'LowCardinality(String)', 'state after the last event'],
  ['intervalMs', 'UInt32', 'longest time between reports the player promised'],
  ['isPlay', 'Bool', 'a first frame was shown'],
  ['startupMs', 'Nullable(UInt32)', 'from intent to first frame'],
  ['watchMs', 'UInt32', 'playing, rebuffering and seeking after the first frame'],
  ['playingMs', 'UInt32', 'rendering only'],
  ['rebufferMs', 'UInt32', 'waiting after the first frame, not seeking, not paused'],
  ['rebufferCount', 'UInt32', 'times it waited'],
  ['seekCount', 'UInt32', 'seeks; scrubs less than 250 ms apart are one'],
  ['seekMs', 'UInt32', 'time spent seeking'],
  ['startFailure', 'Bool', 'fatal error before the first frame'],
  ['playbackFailure', 'Bool', 'fatal error at any time'],
  ['businessFailure', 'Bool', 'ended by a rule: geography, entitlement'],
  ['exitBeforeStart', 'Bool', 'left before the first frame, no failure'],
  ['exitWaitMs', 'Nullable(UInt32)', 'how long those waited'],
  ['droppedBeforeStart', 'Bool', 'no first frame, no failure, no end'],
  ['contentMs', 'UInt32', 'content watched, each part once'],
  ['watchedFrom', 'Array(UInt32)', 'begins of the parts watched, ms, merged and sorted'],
  ['watchedTo', 'Array(UInt32)', 'ends of the parts watched'],
  ['playedFrom', 'Array(UInt32)', 'begins of everything played, in order, repeats included'],
  ['playedTo', 'Array(UInt32)', 'ends of everything played'],
  ['stallAtMs', 'Array(UInt32)', 'where it waited'],
  ['stallMs', 'Array(UInt32)', 'how long it waited there'],
  ['bitrateKbps', 'Nullable(Float64)', 'bitrate weighted by time played'],
  ['videoHeightPx', 'Nullable(UInt16)', 'tallest rendition shown'],
  ['deviceKind', 'LowCardinality(String)', 'kind of device'],
  ['playerName', 'LowCardinality(String)', 'name of the player'],
  ['surface', 'LowCardinality(String)', 'where the player stood'],
  ['recommendationId', 'Nullable(String)', 'the slate that led here'],
  ['experiments', 'Array(String)', '`experiment:arm` pairs'],
  ['bot', 'Bool', 'an automated client'],
  ['kids', 'Bool', 'a kids profile'],
  ['eventCount', 'UInt32', 'distinct events'],
  ['revision', 'UInt64', 'grows with the set of events only'],
] as const

/** Creates the tables of the views pipeline when they are not there. */
export async function ensureViewTables(warehouse: Warehouse): Promise<void> {
  const columns = VIEW_COLUMNS.map(
    ([name, type, about]) => `${name} ${type} COMMENT '${about.replaceAll("'", "''")}'`,
  )
  await warehouse.command({
    sql: sql`CREATE TABLE IF NOT EXISTS views (${columns.join(',\n')})
      ENGINE = ReplacingMergeTree(revision) ORDER BY (tenantId, sid, playerId)
      SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  })
  await warehouse.command({
    sql: sql`CREATE TABLE IF NOT EXISTS view_marks (logPartition UInt16, nextOffset UInt64)
      ENGINE = ReplacingMergeTree(nextOffset) ORDER BY logPartition
      SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  })
}
