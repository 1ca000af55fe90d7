/** What titles exist and what is known of them: full snapshots, the last one of a title counts. */
import {
  defineEvent,
  defineStream,
  flag,
  id,
  instant,
  label,
  labels,
  oneOf,
  optional,
  text,
  whole,
} from '#events/define.ts'

export const TITLE_STATUSES = ['draft', 'processing', 'ready', 'failed', 'simulated', 'removed'] as const
export type TitleStatus = (typeof TITLE_STATUSES)[number]

export const catalogEvents = defineStream({
  name: 'catalog.titles.v1',
  table: 'catalog_events',
  key: 'titleId',
  partitions: 1,
  orderBy: ['tenantId', 'titleId', 'derivedAt', 'eventId'],
  retentionDays: 'forever',
  compacted: true,
  description: 'Snapshots of titles.',
  common: { titleId: id('the title') },
})

export const titleUpserted = defineEvent(catalogEvents, {
  type: 'catalog.title.upserted',
  version: 1,
  by: 'server',
  description:
    'A title was created or changed. `simulated` titles exist in the demo world only and do not play.',
  fields: {
    name: text('display name', 200),
    description: text('what it is about', 5000),
    creatorId: id('who made it'),
    genres: labels('genres, the main one first', 8),
    status: oneOf([...TITLE_STATUSES], 'where it stands'),
    durationMs: optional(whole('UInt32', 'length of the content')),
    ageRating: label('e.g. `all`, `12`, `16`, `18`'),
    publishedAt: optional(instant('when viewers could first see it')),
    simulated: flag('part of the demo world'),
  },
})

export const catalog = [titleUpserted] as const
