/** What viewers tell us of titles, in their own words and clicks. */
import { defineEvent, defineStream, id, optional, text, whole } from '#events/define.ts'

export const feedbackEvents = defineStream({
  name: 'engagement.feedback.v1',
  table: 'feedback_events',
  key: 'viewerKey',
  partitions: 1,
  orderBy: ['tenantId', 'viewerKey', 'derivedAt', 'eventId'],
  retentionDays: 400,
  description: 'Ratings, lists, "not interested" and searches.',
  common: { viewerKey: id('pseudonymous viewer') },
})

const titleId = id('the title')
export const ratingGiven = defineEvent(feedbackEvents, {
  type: 'feedback.rating.given',
  version: 1,
  by: 'viewer',
  description: 'A rating; the last one of a viewer for a title counts. 0 takes it back.',
  fields: { titleId, stars: whole('UInt8', '1 to 5, 0 takes the rating back', { maximum: 5 }) },
})
export const listAdded = defineEvent(feedbackEvents, {
  type: 'feedback.list.added',
  version: 1,
  by: 'viewer',
  description: 'Added to "my list".',
  fields: { titleId },
})
export const listRemoved = defineEvent(feedbackEvents, {
  type: 'feedback.list.removed',
  version: 1,
  by: 'viewer',
  description: 'Taken off "my list".',
  fields: { titleId },
})
export const titleDismissed = defineEvent(feedbackEvents, {
  type: 'feedback.title.dismissed',
  version: 1,
  by: 'viewer',
  description: 'Not interested in the title.',
  fields: { titleId },
})
export const titleRestored = defineEvent(feedbackEvents, {
  type: 'feedback.title.restored',
  version: 1,
  by: 'viewer',
  description: '"Not interested" taken back.',
  fields: { titleId },
})
export const searchMade = defineEvent(feedbackEvents, {
  type: 'feedback.search.made',
  version: 1,
  by: 'viewer',
  description: 'A search by name.',
  fields: { queryText: text('what was typed', 120), resultCount: optional(whole('UInt32', 'titles found')) },
})

export const feedback = [
  ratingGiven,
  listAdded,
  listRemoved,
  titleDismissed,
  titleRestored,
  searchMade,
] as const
