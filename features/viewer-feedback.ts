/** What a viewer told us of a title: stars, "my list", "not interested". The newest word on each counts. */
import type { StoredEvent } from '#events/define.ts'
import { discoveryEvents } from '#events/discovery.ts'
import { feedbackEvents } from '#events/feedback.ts'
import { defineFeature, readFeature } from '#features/define.ts'
import type { OnlineStore } from '#storage/online-store/online-store.ts'

export type ViewerFeedbackState = {
  /** 1 to 5; null when never given or taken back. */
  readonly stars: number | null
  readonly inMyList: boolean
  readonly dismissed: boolean
  readonly starsAt: number
  readonly listAt: number
  readonly dismissedAt: number
  readonly at: number
}
type Word = Partial<Omit<ViewerFeedbackState, 'at'>>

const NOTHING: ViewerFeedbackState = {
  stars: null,
  inMyList: false,
  dismissed: false,
  starsAt: 0,
  listAt: 0,
  dismissedAt: 0,
  at: 0,
}

/** What the event says and on which of the three; null when it says nothing here. */
function wordOf(event: StoredEvent): Word | null {
  const at = event.derivedAt
  switch (event.type) {
    case 'feedback.rating.given':
      return { stars: (event['stars'] as number) || null, starsAt: at }
    case 'feedback.list.added':
      return { inMyList: true, listAt: at }
    case 'feedback.list.removed':
      return { inMyList: false, listAt: at }
    case 'feedback.title.dismissed':
    case 'discovery.item.dismissed':
      return { dismissed: true, dismissedAt: at }
    case 'feedback.title.restored':
      return { dismissed: false, dismissedAt: at }
    default:
      return null
  }
}

const times = ['starsAt', 'listAt', 'dismissedAt'] as const
const values = { starsAt: 'stars', listAt: 'inMyList', dismissedAt: 'dismissed' } as const

/** Two words of one instant: the greater value stands, whichever came first. */
function isNewer(word: Word, state: ViewerFeedbackState): boolean {
  const time = times.find((one) => one in word) ?? 'starsAt'
  const [next, held] = [word[time] ?? 0, state[time]]
  return next > held || (next === held && Number(word[values[time]]) > Number(state[values[time]]))
}

export const viewerFeedback = defineFeature<ViewerFeedbackState>({
  space: 'feedback',
  description: 'What a viewer said of a title.',
  streams: [feedbackEvents, discoveryEvents],
  keyOf: (event) => {
    const { viewerKey, titleId } = event
    if (typeof viewerKey !== 'string' || typeof titleId !== 'string' || wordOf(event) === null) return null
    return { entity: viewerKey, item: titleId }
  },
  fold: (held, event) => {
    const state = held ?? NOTHING
    const word = wordOf(event)
    if (word === null || !isNewer(word, state)) return state
    return { ...state, ...word, at: Math.max(state.at, event.derivedAt) }
  },
  atOf: (state) => state.at,
})

/** By title. */
export const readFeedback = (
  online: OnlineStore,
  tenantId: string,
  viewerKey: string,
): Promise<ReadonlyMap<string, ViewerFeedbackState>> =>
  readFeature(online, viewerFeedback, tenantId, viewerKey)
