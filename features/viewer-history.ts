/**
 * What a viewer watched, and where to go on: one row a viewer and title. Kids and visitors have no viewer key and
 * leave nothing. The newest report says where the viewer is; what was watched only grows.
 */
import { type PlaybackEvent, playbackEvents } from '#events/playback.ts'
import { cover, coveredMs } from '#features/covered.ts'
import { defineFeature, readFeature } from '#features/define.ts'
import type { OnlineStore } from '#storage/online-store/online-store.ts'

/** Watched this far is watched to the end: the rest are credits. */
const COMPLETED_SHARE = 0.95
/** A report from before this says that the player opened, not that somebody is there. */
const OPENED_MS = 1000

export type ViewerHistoryState = {
  /** Where to go on; 0 when completed. */
  readonly positionMs: number
  /** Content watched, each part once; from heartbeats. */
  readonly contentMs: number
  readonly completed: boolean
  /** View of the newest report. */
  readonly lastSid: string
  readonly at: number
  /** Where the newest report stood: decides between reports of one instant. */
  readonly playheadMs: number
  /** Parts watched, `[from, to, ...]`. */
  readonly covered: readonly number[]
}

const STOOD_SOMEWHERE: ReadonlySet<string> = new Set([
  'playback.heartbeat.sent',
  'playback.state.changed',
  'playback.seek.ended',
  'playback.view.ended',
])
const NOWHERE: ReadonlySet<string> = new Set(['joining', 'failed', 'ad'])

/** A heartbeat while playing says that the time before it was watched. */
function coverBy(event: PlaybackEvent, covered: readonly number[]): readonly number[] {
  if (event.type !== 'playback.heartbeat.sent' || event.state !== 'playing') return covered
  const { playheadMs, rate, intervalMs } = event as typeof event & { intervalMs: number }
  return cover(covered, Math.max(0, playheadMs - Math.round(intervalMs * rate)), playheadMs)
}

function isNewer(event: PlaybackEvent, state: ViewerHistoryState): boolean {
  if (event.derivedAt !== state.at) return event.derivedAt > state.at
  if (event.playheadMs !== state.playheadMs) return event.playheadMs > state.playheadMs
  if (event.sid !== state.lastSid) return event.sid > state.lastSid
  return event.state === 'ended' && !state.completed
}

export const viewerHistory = defineFeature<ViewerHistoryState>({
  space: 'history',
  description: 'What a viewer watched of a title and where to go on.',
  streams: [playbackEvents],
  keyOf: (stored) => {
    const event = stored as PlaybackEvent
    const { viewerKey, surface, kids, bot, state } = event
    if (viewerKey == null || kids || bot || surface === 'preview') return null
    if (!STOOD_SOMEWHERE.has(event.type) || NOWHERE.has(state) || event.playheadMs < OPENED_MS) return null
    return { entity: viewerKey, item: event.titleId }
  },
  fold: (state, stored, { durationMs }) => {
    const event = stored as PlaybackEvent
    const covered = coverBy(event, state?.covered ?? [])
    if (state !== null && !isNewer(event, state)) {
      return covered === state.covered ? state : { ...state, covered, contentMs: coveredMs(covered) }
    }
    const { playheadMs, sid, derivedAt: at } = event
    const completed =
      event.state === 'ended' || (durationMs !== null && playheadMs >= durationMs * COMPLETED_SHARE)
    const positionMs = completed ? 0 : playheadMs
    return { positionMs, contentMs: coveredMs(covered), completed, lastSid: sid, at, playheadMs, covered }
  },
  atOf: (state) => state.at,
})

/** By title. */
export const readHistory = (
  online: OnlineStore,
  tenantId: string,
  viewerKey: string,
): Promise<ReadonlyMap<string, ViewerHistoryState>> => readFeature(online, viewerHistory, tenantId, viewerKey)
