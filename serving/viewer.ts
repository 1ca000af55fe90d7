/** What a viewer did and said, as fresh as the online store: read for each page, never kept. */

import { readFeedback } from '#features/viewer-feedback.ts'
import { readHistory } from '#features/viewer-history.ts'
import type { Catalogue } from '#serving/catalogue.ts'
import type { OnlineStore } from '#storage/online-store/online-store.ts'

export type Watched = {
  readonly title: number
  readonly positionMs: number
  readonly completed: boolean
  /** Enough was watched to say something about taste. */
  readonly meant: boolean
  readonly at: number
}
export type Said = {
  readonly title: number
  /** 0 when not rated. */
  readonly stars: number
  readonly dismissed: boolean
  readonly at: number
}
export type ViewerState = { readonly watched: readonly Watched[]; readonly said: readonly Said[] }

export const NOBODY: ViewerState = { watched: [], said: [] }

/** Half a minute, or a tenth of the title where that is less. */
const MEANT_MS = 30_000
const MEANT_SHARE = 0.1
/** Watched further than this share is watched to the end: the rest are credits. */
export const DONE_SHARE = 0.95

/** Newest first; titles that are not served are left out. */
export async function readViewer(
  online: OnlineStore,
  catalogue: Catalogue,
  tenantId: string,
  viewerKey: string,
): Promise<ViewerState> {
  const [history, feedback] = await Promise.all([
    readHistory(online, tenantId, viewerKey),
    readFeedback(online, tenantId, viewerKey),
  ])
  const watched: Watched[] = []
  for (const [titleId, { positionMs, contentMs, completed: ended, at }] of history) {
    const title = catalogue.indexOf.get(titleId)
    if (title === undefined) continue
    const length = catalogue.titles[title]?.durationMs ?? Number.POSITIVE_INFINITY
    const completed = ended || positionMs >= length * DONE_SHARE
    // Where they stood counts too: a short watch ends before its first heartbeat.
    const meant = completed || Math.max(contentMs, positionMs) >= Math.min(MEANT_MS, length * MEANT_SHARE)
    watched.push({ title, positionMs, completed, meant, at })
  }
  const said: Said[] = []
  for (const [titleId, { stars, dismissed, starsAt, dismissedAt }] of feedback) {
    const title = catalogue.indexOf.get(titleId)
    if (title === undefined) continue
    said.push({ title, stars: stars ?? 0, dismissed, at: dismissed ? dismissedAt : starsAt })
  }
  return { watched: watched.sort((a, b) => b.at - a.at), said: said.sort((a, b) => b.at - a.at) }
}
