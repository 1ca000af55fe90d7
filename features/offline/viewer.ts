/** What is known of a viewer. Views of kids and strangers have no viewer and count for none. */
import { DAY_MS, defineOfflineFeature } from '#features/offline/define.ts'
import { running } from '#features/offline/running.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

const PLAYED = `viewerKey != '' AND isPlay`
const owner = 'recommendations'

export const viewerPlays = defineOfflineFeature({
  name: 'viewerPlays',
  owner,
  description: 'Plays of the viewer so far.',
  unit: 'plays',
  entity: 'viewer',
  rows: running({
    entity: 'viewer',
    from: 'view_facts',
    where: PLAYED,
    sums: { plays: '1' },
    value: 'plays',
  }),
  reads: 'value',
  freshForMs: null,
  whenMissing: 0,
})

export const viewerWatchHours7d = defineOfflineFeature({
  name: 'viewerWatchHours7d',
  owner,
  description: 'Watch time of the views that began in the last seven days.',
  unit: 'hours',
  entity: 'viewer',
  rows: running({
    entity: 'viewer',
    from: 'view_facts',
    where: PLAYED,
    sums: { watched: 'watchMs' },
    value: 'watched / 3600000',
    days: 7,
  }),
  reads: 'value',
  freshForMs: 7 * DAY_MS,
  whenMissing: 0,
})

export const viewerCompletedShare = defineOfflineFeature({
  name: 'viewerCompletedShare',
  owner,
  description: 'Share of the viewer’s plays so far that were played to the end.',
  unit: 'share',
  entity: 'viewer',
  rows: running({
    entity: 'viewer',
    from: 'view_facts',
    where: PLAYED,
    sums: { plays: '1', whole: 'toInt64(completed)' },
    value: 'whole / plays',
  }),
  reads: 'value',
  freshForMs: null,
  whenMissing: null,
})

export const viewerDaysSincePlay = defineOfflineFeature({
  name: 'viewerDaysSincePlay',
  owner,
  description: 'Days since the last sign of life of the viewer’s newest play.',
  unit: 'days',
  entity: 'viewer',
  rows: sql`
    SELECT viewerKey, max(happened) OVER earlier AS eventAt, max(known) OVER earlier AS knownAt, eventAt AS value
    FROM (
      SELECT viewerKey, availableAt, max(eventAt) AS happened, max(knownAt) AS known
      FROM view_facts WHERE ${PLAYED} GROUP BY viewerKey, availableAt)
    WINDOW earlier AS (PARTITION BY viewerKey ORDER BY availableAt ROWS UNBOUNDED PRECEDING)`,
  reads: 'days-since',
  freshForMs: null,
  whenMissing: null,
  agreesWith: 'viewer-history: the newest `at` of a viewer’s rows',
})

export const viewerRebufferShare7d = defineOfflineFeature({
  name: 'viewerRebufferShare7d',
  owner: 'playback quality',
  description: 'Share of the watch time of the last seven days that was spent waiting.',
  unit: 'share',
  entity: 'viewer',
  rows: running({
    entity: 'viewer',
    from: 'view_facts',
    where: PLAYED,
    sums: { waited: 'rebufferMs', watched: 'watchMs' },
    value: 'if(watched > 0, waited / watched, NULL)',
    days: 7,
  }),
  reads: 'value',
  freshForMs: 7 * DAY_MS,
  whenMissing: null,
})

export const viewerTitleSeen = defineOfflineFeature({
  name: 'viewerTitleSeen',
  owner,
  description: 'How often the title’s thumbnail was before this viewer so far.',
  unit: 'impressions',
  entity: 'viewer-title',
  rows: running({
    entity: 'viewer-title',
    from: 'shown_facts',
    where: 'true',
    sums: { shown: '1' },
    value: 'shown',
  }),
  reads: 'value',
  freshForMs: null,
  whenMissing: 0,
})

export const viewerTitlePlays = defineOfflineFeature({
  name: 'viewerTitlePlays',
  owner,
  description: 'How often this viewer has played the title so far.',
  unit: 'plays',
  entity: 'viewer-title',
  rows: running({
    entity: 'viewer-title',
    from: 'view_facts',
    where: PLAYED,
    sums: { plays: '1' },
    value: 'plays',
  }),
  reads: 'value',
  freshForMs: null,
  whenMissing: 0,
})

export const viewerGenrePlays = defineOfflineFeature({
  name: 'viewerGenrePlays',
  owner,
  description: 'Plays so far of titles of the main genre of this title, by this viewer.',
  unit: 'plays',
  entity: 'viewer-genre',
  rows: running({
    entity: 'viewer-genre',
    from: 'view_facts',
    where: `${PLAYED} AND genre != ''`,
    sums: { plays: '1' },
    value: 'plays',
  }),
  reads: 'value',
  freshForMs: null,
  whenMissing: 0,
})
