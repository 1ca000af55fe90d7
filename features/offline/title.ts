/** What is known of a title. Plays of kids and strangers count; bots and previews never do. */
import { DAY_MS, DECAY_ZERO, defineOfflineFeature } from '#features/offline/define.ts'
import { running } from '#features/offline/running.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

const owner = 'recommendations'
const HALF_LIFE_MS = 14 * DAY_MS

const validPlays = (days: number): string =>
  running({ entity: 'title', from: 'view_facts', where: 'valid', sums: { plays: '1' }, value: 'plays', days })

export const titlePlays7d = defineOfflineFeature({
  name: 'titlePlays7d',
  owner,
  description: 'Valid plays of the title that began in the last seven days.',
  unit: 'plays',
  entity: 'title',
  rows: validPlays(7),
  reads: 'value',
  freshForMs: 7 * DAY_MS,
  whenMissing: 0,
})

export const titlePlays28d = defineOfflineFeature({
  name: 'titlePlays28d',
  owner,
  description: 'Valid plays of the title that began in the last 28 days.',
  unit: 'plays',
  entity: 'title',
  rows: validPlays(28),
  reads: 'value',
  freshForMs: 28 * DAY_MS,
  whenMissing: 0,
})

export const titleScore = defineOfflineFeature({
  name: 'titleScore',
  owner,
  description: 'Valid plays of the last 90 days, each worth half as much every two weeks.',
  unit: 'plays',
  entity: 'title',
  rows: running({
    entity: 'title',
    from: 'view_facts',
    where: 'valid',
    sums: { worth: sql`exp2((startedAt - ${String(DECAY_ZERO)}) / ${String(HALF_LIFE_MS)})` },
    value: 'greatest(worth, 0)',
    fractions: true,
    days: 90,
  }),
  reads: { halvesInMs: HALF_LIFE_MS },
  freshForMs: 90 * DAY_MS,
  whenMissing: 0,
  agreesWith: 'title-popularity: the score',
})

export const titleCompletedShare = defineOfflineFeature({
  name: 'titleCompletedShare',
  owner,
  description: 'Share of the title’s plays so far that were played to the end.',
  unit: 'share',
  entity: 'title',
  rows: running({
    entity: 'title',
    from: 'view_facts',
    where: 'isPlay',
    sums: { plays: '1', whole: 'toInt64(completed)' },
    value: 'whole / plays',
  }),
  reads: 'value',
  freshForMs: null,
  whenMissing: null,
})

export const titleWaitSeconds = defineOfflineFeature({
  name: 'titleWaitSeconds',
  owner: 'playback quality',
  description:
    'Mean time waited for the picture in a play of the title in the last 28 days, after its first frame.',
  unit: 'seconds',
  entity: 'title',
  rows: running({
    entity: 'title',
    from: 'view_facts',
    where: 'isPlay',
    sums: { waited: 'rebufferMs', plays: '1' },
    value: 'if(plays > 0, waited / plays / 1000, NULL)',
    days: 28,
  }),
  reads: 'value',
  freshForMs: 28 * DAY_MS,
  whenMissing: null,
})

export const titleAgeDays = defineOfflineFeature({
  name: 'titleAgeDays',
  owner: 'catalogue',
  description: 'Days since viewers could first see the title, by the catalogue’s word at that time.',
  unit: 'days',
  entity: 'title',
  rows: sql`SELECT titleId, availableAt AS eventAt, availableAt AS knownAt, publishedAt AS value FROM title_facts`,
  reads: 'days-since',
  freshForMs: null,
  whenMissing: null,
})
