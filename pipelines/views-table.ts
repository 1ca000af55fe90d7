/** The `views` table: one row a view, replaced when its events have become more. Read it with FINAL. */
import { addIndices } from '#storage/warehouse/ddl.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

/**
 * Of the rules rows are built by. One more whenever a rule or a column changes: rows of older rules are then built again
 * in the background, and win over what they were.
 */
export const VIEWS_VERSION = 3

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
  [
    'lastState',
    'LowCardinality(String)',
    'what the player did after the last event; waiting in a seek is seeking',
  ],
  ['waitingSince', "Nullable(DateTime64(3, 'UTC'))", 'begin of the stall that goes on after the last event'],
  ['intervalMs', 'UInt32', 'longest time between reports the player promised'],
  ['isPlay', 'Bool', 'a first frame was shown'],
  ['startupMs', 'Nullable(UInt32)', 'from intent to first frame'],
  ['contentStartupMs', 'Nullable(UInt32)', 'from intent to first content frame, without the ads before it'],
  ['watchMs', 'UInt32', 'playing, rebuffering and seeking after the first frame'],
  ['playingMs', 'UInt32', 'rendering only'],
  ['visibleMs', 'UInt32', 'of the watch time: on screen in a foreground tab'],
  ['adMs', 'UInt32', 'ads shown; the content stands still'],
  ['adRebufferMs', 'UInt32', 'waiting for ads'],
  ['rebufferMs', 'UInt32', 'waiting after the first frame, not seeking, not paused'],
  ['rebufferCount', 'UInt32', 'times it waited'],
  ['seekCount', 'UInt32', 'seeks; scrubs less than 250 ms apart are one'],
  ['seekMs', 'UInt32', 'time spent seeking'],
  [
    'loopCount',
    'UInt32',
    'times it began again: went back while playing without a seek, or played on after its end',
  ],
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
  ['stallHeightPx', 'Array(UInt16)', 'height of the rendition it waited for; 0 where the player did not say'],
  ['bitrateKbps', 'Nullable(Float64)', 'bitrate weighted by time played'],
  ['bitrateTime', 'UInt64', 'bitrate x time played, kbps x ms'],
  ['bitrateMs', 'UInt32', 'time played at a known bitrate'],
  ['upscaleTime', 'UInt64', 'upscaling x time played, millionths x ms'],
  ['downscaleTime', 'UInt64', 'downscaling x time played, millionths x ms'],
  ['upscaleMost', 'UInt32', 'most the picture was blown up, millionths'],
  ['scaledMs', 'UInt32', 'time played at known sizes of picture and player'],
  ['liveLatencyTime', 'UInt64', 'live: latency x time played, ms x ms'],
  ['liveMs', 'UInt32', 'live: time played at a known latency of at most 5 min'],
  ['live', 'Bool', 'the player said a live latency'],
  ['videoHeightPx', 'Nullable(UInt16)', 'tallest rendition shown'],
  ['deviceKind', 'LowCardinality(String)', 'kind of device'],
  ['playerName', 'LowCardinality(String)', 'name of the player'],
  ['surface', 'LowCardinality(String)', 'where the player stood'],
  ['recommendationId', 'Nullable(String)', 'the slate that led here'],
  ['experiments', 'Array(String)', '`experiment:arm` pairs'],
  ['activeFrom', 'Array(Int64)', 'begins of the times somebody was there, epoch ms, merged and sorted'],
  ['activeTo', 'Array(Int64)', 'ends of those times'],
  ['bot', 'Bool', 'an automated client: program, impossible or rushed'],
  ['program', 'Bool', 'events came from a program or a data centre'],
  ['impossible', 'Bool', 'watched longer than the time from its first to its last event'],
  ['rushed', 'Bool', 'its viewer began or watched more within the hour than a person can'],
  ['own', 'Bool', 'the viewer is the creator of the title'],
  ['staff', 'Bool', 'the viewer works for the tenant'],
  ['kids', 'Bool', 'a kids profile'],
  ['eventCount', 'UInt32', 'distinct events'],
  ['lostCount', 'UInt32', 'events missing from the count of the player'],
  ['reusedIds', 'UInt32', 'events kept although their id was used before for another'],
  ['builtBy', 'UInt16', 'version of the rules it was built by'],
  ['revision', 'UInt64', 'grows with the set of events, and with the version of the rules'],
] as const

const SAFE = sql`SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`
/** What the pipeline keeps beside the views themselves. */
const BESIDES = [
  sql`CREATE TABLE IF NOT EXISTS view_marks (logPartition UInt16, nextOffset UInt64)
    ENGINE = ReplacingMergeTree(nextOffset) ORDER BY logPartition ${SAFE}
    COMMENT 'how far in the log the views are built'`,
  sql`CREATE TABLE IF NOT EXISTS viewer_hours (
      tenantId String, viewerKey String, hour Int32, sid String, playerId String, watchMs UInt32)
    ENGINE = ReplacingMergeTree ORDER BY (tenantId, viewerKey, hour, sid, playerId) ${SAFE}
    COMMENT 'views by viewer and hour of their begin; entries of views that moved stay'`,
  sql`CREATE TABLE IF NOT EXISTS flagged_hours (tenantId String, sid String, viewerKey String, hour Int32)
    ENGINE = ReplacingMergeTree ORDER BY (tenantId, sid, viewerKey, hour) ${SAFE}
    COMMENT 'hours in which a view was once flagged for its viewer’s haste'`,
  sql`CREATE TABLE IF NOT EXISTS late_views (
      tenantId String, sid String, playerId String, titleId String, day Date, receivedAt DateTime64(3, 'UTC'))
    ENGINE = ReplacingMergeTree(receivedAt) ORDER BY (tenantId, day, sid, playerId) ${SAFE}
    COMMENT 'views that changed a day that was settled'`,
]

/**
 * Where the rows of a period are, the open ones, and those of older rules: rows are sorted by view, and ids of views begin
 * with the time, so that most blocks can be left out. With FINAL the engine must then read every block whose ids overlap:
 * nearly all, once one view has an id of chance. So ask without FINAL which views it may be, then for their rows.
 */
const INDICES = [
  'byStart startedAt TYPE minmax GRANULARITY 1',
  'byEnd endedAt TYPE minmax GRANULARITY 1',
  'byEndReason endReason TYPE set(8) GRANULARITY 1',
  'byRules builtBy TYPE minmax GRANULARITY 1',
] as const

/** Creates the tables of the views pipeline when they are not there, and adds columns and indices that have come since. */
export async function ensureViewTables(warehouse: Warehouse): Promise<void> {
  const columns = VIEW_COLUMNS.map(
    ([name, type, about]) => `${name} ${type} COMMENT '${about.replaceAll("'", "''")}'`,
  )
  const indices = INDICES.map((index) => `INDEX ${index}`)
  await warehouse.command({
    sql: sql`CREATE TABLE IF NOT EXISTS views (${[...columns, ...indices].join(',\n')})
      ENGINE = ReplacingMergeTree(revision) ORDER BY (tenantId, sid, playerId)
      SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  })
  await warehouse.command({
    sql: sql`ALTER TABLE views ${columns.map((column) => `ADD COLUMN IF NOT EXISTS ${column}`).join(', ')}`,
  })
  await addIndices(warehouse, 'views', INDICES)
  for (const table of BESIDES) await warehouse.command({ sql: table })
}
