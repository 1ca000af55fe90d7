/**
 * What of a tenant's rows a data scientist gets: views, events and titles. Left out are the tenant's name, places in the
 * log, names of people and what viewers typed; the key of a viewer is replaced by a pseudonym that holds for one snapshot.
 */
import type { StreamDefinition } from '#events/define.ts'
import { deliveryEvents } from '#events/delivery.ts'
import { discoveryEvents } from '#events/discovery.ts'
import { feedbackEvents } from '#events/feedback.ts'
import { modelEvents } from '#events/models.ts'
import { playbackEvents } from '#events/playback.ts'
import { VIEW_COLUMNS } from '#pipelines/views-table.ts'
import { streamColumns } from '#storage/warehouse/stream-columns.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

type Column = { readonly name: string; readonly type: string; readonly about: string; readonly value: string }

export type SnapshotTable = {
  readonly name: string
  readonly about: string
  readonly columns: readonly Column[]
  /** What the rows are read from, of one tenant: `{tenantId:String}`. */
  readonly source: string
  /** The column of time by which the newest rows are taken; null: all rows are. */
  readonly time: string | null
  /** FINAL may be said of it, as of the table it comes from. */
  readonly engine: 'MergeTree' | 'ReplacingMergeTree'
  readonly orderBy: string
}

const LEFT_OUT = new Set(['tenantId', 'logPartition', 'logOffset', 'queryText', 'by', 'builtBy', 'revision'])
const PSEUDONYM = sql`concat('p_', lower(substring(hex(SHA256(concat({salt:String}, assumeNotNull(viewerKey)))), 1, 22)))`

function columnOf(name: string, type: string, about: string): Column {
  if (name !== 'viewerKey') return { name, type, about, value: name }
  const value = type.startsWith('Nullable') ? `if(viewerKey IS NULL, NULL, ${PSEUDONYM})` : PSEUDONYM
  return { name, type, about: 'pseudonym of the viewer, of this snapshot only; null as in the source', value }
}

function ofStream(stream: StreamDefinition): SnapshotTable {
  const columns = streamColumns(stream)
    .filter(({ name }) => !LEFT_OUT.has(name))
    .map(({ name, type, description }) => columnOf(name, type, description))
  return {
    name: stream.table,
    about: stream.description,
    columns,
    source: sql`${stream.table} WHERE tenantId = {tenantId:String}`,
    time: 'derivedAt',
    engine: 'MergeTree',
    orderBy: stream.orderBy.filter((name) => name !== 'tenantId' && !LEFT_OUT.has(name)).join(', '),
  }
}

const AT = "DateTime64(3, 'UTC')"
const TITLE_COLUMNS: readonly (readonly [name: string, type: string, about: string])[] = [
  ['titleId', 'String', 'the title'],
  ['name', 'String', 'display name'],
  ['description', 'String', 'what it is about'],
  ['creatorId', 'String', 'who made it'],
  ['genres', 'Array(String)', 'genres, the main one first'],
  ['status', 'String', 'where it stands'],
  ['durationMs', 'Nullable(UInt32)', 'length of the content'],
  ['ageRating', 'String', 'e.g. `all`, `12`, `16`, `18`'],
  ['publishedAt', `Nullable(${AT})`, 'when viewers could first see it'],
  ['simulated', 'Bool', 'part of the demo world'],
]
/** The last word of each title: events hold whole snapshots. */
const titles: SnapshotTable = {
  name: 'titles',
  about: 'Each title as it is now.',
  columns: TITLE_COLUMNS.map(([name, type, about]) => ({ name, type, about, value: name })),
  source: sql`(SELECT titleId, ifNull(argMax(name, derivedAt), '') AS name,
      ifNull(argMax(description, derivedAt), '') AS description, ifNull(argMax(creatorId, derivedAt), '') AS creatorId,
      argMax(genres, derivedAt) AS genres, ifNull(argMax(status, derivedAt), '') AS status,
      tupleElement(argMax(tuple(durationMs), derivedAt), 1) AS durationMs,
      ifNull(argMax(ageRating, derivedAt), '') AS ageRating,
      tupleElement(argMax(tuple(publishedAt), derivedAt), 1) AS publishedAt,
      ifNull(argMax(simulated, derivedAt), false) AS simulated
    FROM catalog_events WHERE tenantId = {tenantId:String} GROUP BY titleId)`,
  time: null,
  engine: 'ReplacingMergeTree',
  orderBy: 'titleId',
}

const views: SnapshotTable = {
  name: 'views',
  about: 'One row a view, built from its events.',
  columns: VIEW_COLUMNS.filter(([name]) => !LEFT_OUT.has(name)).map(([name, type, about]) =>
    columnOf(name, type, about),
  ),
  source: sql`views FINAL WHERE tenantId = {tenantId:String}`,
  time: 'startedAt',
  engine: 'ReplacingMergeTree',
  orderBy: 'sid, playerId',
}

/** The smaller and more asked for first: when there is too much, it is the last ones that are cut. */
export const snapshotTables: readonly SnapshotTable[] = [
  titles,
  ...[modelEvents, feedbackEvents].map(ofStream),
  views,
  ...[discoveryEvents, playbackEvents, deliveryEvents].map(ofStream),
]
