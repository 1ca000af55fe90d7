/** What viewers were shown and what they did with it. */
import {
  defineEvent,
  defineStream,
  id,
  ids,
  label,
  labels,
  oneOf,
  optional,
  reals,
  whole,
  wholes,
} from '#events/define.ts'

export const discoveryEvents = defineStream({
  name: 'discovery.impressions.v1',
  table: 'discovery_events',
  key: 'viewerKey',
  partitions: 1,
  orderBy: ['tenantId', 'slateId', 'derivedAt', 'eventId'],
  retentionDays: 400,
  description: 'Slates served, thumbnails seen, clicked and dismissed.',
  common: {
    viewerKey: optional(id('pseudonymous viewer; null for kids and strangers')),
    slateId: id('the slate: one answer of the recommender'),
    surface: oneOf(['home', 'title', 'search', 'player'], 'where it was shown'),
    experiments: labels('`experiment:arm` pairs the viewer was in'),
  },
})

const slot = {
  titleId: id('the title in the slot'),
  rowKey: label('the row of the page, e.g. `for-you`'),
  position: whole('UInt16', 'place in the row, from 0'),
}

export const slateServed = defineEvent(discoveryEvents, {
  type: 'discovery.slate.served',
  version: 1,
  by: 'server',
  description: 'The recommender answered. Parallel arrays hold one entry a slot.',
  fields: {
    modelName: label('model that ranked, `popularity` when there is none'),
    modelVersion: label('version of that model'),
    titleIds: ids('titles served, in order of the page'),
    rowKeys: labels('row of each slot', 500),
    positions: wholes('position of each slot in its row'),
    scores: reals("the ranker's score of each slot"),
    sources: labels('candidate source of each slot', 500),
    servedMs: optional(whole('UInt32', 'time the answer took')),
  },
})
export const impressionSeen = defineEvent(discoveryEvents, {
  type: 'discovery.impression.seen',
  version: 1,
  by: 'viewer',
  description: 'At least half of the thumbnail was on screen for at least a second, in a foreground tab.',
  fields: slot,
})
export const itemClicked = defineEvent(discoveryEvents, {
  type: 'discovery.item.clicked',
  version: 1,
  by: 'viewer',
  description: 'The viewer opened the title from the slot.',
  fields: slot,
})
export const itemDismissed = defineEvent(discoveryEvents, {
  type: 'discovery.item.dismissed',
  version: 1,
  by: 'viewer',
  description: 'The viewer said "not interested" to the slot.',
  fields: slot,
})

export const discovery = [slateServed, impressionSeen, itemClicked, itemDismissed] as const
