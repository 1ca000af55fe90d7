/**
 * What a simulated history comes to, straight from its events and without any store between: one play a view, how far it
 * got, and whether it was the stream that ended it. The same reading a platform has; hidden tastes are not looked at.
 */
import type { DemoTitle } from '#demo/catalogue.ts'
import { type HistoryInput, simulateHistory } from '#demo/history.ts'
import type { RawEvent } from '#demo/watch.ts'
import { encodeInteractions, type InteractionRow, type Interactions } from '#features/interactions.ts'

export type Play = {
  readonly viewerKey: string
  readonly titleId: string
  readonly at: number
  readonly reachedMs: number
  /** Share of the title that was seen, 0 to 1. */
  readonly share: number
  /** Ended while the stream was not playing: at the start, in a stall, or by an error. */
  readonly cut: boolean
}

type View = {
  viewerKey: string
  titleId: string
  at: number
  reachedMs: number
  completed: boolean
  cut: boolean
}

/** Every view of the history, in order of time. */
export function playsOf(input: HistoryInput): Play[] {
  const lengths = new Map(input.catalogue.map(({ id, durationMs }) => [id, durationMs]))
  const views = new Map<string, View>()
  for (const day of simulateHistory(input)) {
    for (const event of day.flatMap((batch) => batch.events)) {
      if (event.type.startsWith('playback.')) see(views, event)
    }
  }
  return [...views.values()]
    .map(({ completed, ...view }) => ({
      ...view,
      share: completed ? 1 : Math.min(1, view.reachedMs / (lengths.get(view.titleId) as number)),
    }))
    .sort((a, b) => a.at - b.at)
}

/** States a view is left in for no fault of the title's. */
const WAITING = ['joining', 'rebuffering', 'failed']

function see(views: Map<string, View>, event: RawEvent): void {
  const { type, sid, viewerKey, titleId, playheadMs, endReason, state } = event as RawEvent & {
    readonly sid: string
    readonly viewerKey: string
    readonly titleId: string
    readonly playheadMs: number
    readonly state: string
    readonly endReason?: string
  }
  const found = views.get(sid) ?? {
    viewerKey,
    titleId,
    at: event.createdAt,
    reachedMs: 0,
    completed: false,
    cut: false,
  }
  found.at = Math.min(found.at, event.createdAt)
  found.reachedMs = Math.max(found.reachedMs, playheadMs)
  found.completed ||= endReason === 'completed'
  if (type !== 'playback.view.ended') found.cut = WAITING.includes(state)
  views.set(sid, found)
}

/** The rule of a valid play: 30 s, or half of the title. */
export const isValid = ({ reachedMs, share }: Play): boolean => reachedMs >= 30_000 || share >= 0.5

/** Valid plays, the first of each viewer and title, as the warehouse gives them. */
export function validInteractions(plays: readonly Play[]): Interactions {
  const rows = new Map<string, InteractionRow>()
  for (const play of plays) {
    const { viewerKey, titleId, at, share } = play
    const key = `${viewerKey} ${titleId}`
    if (isValid(play) && !rows.has(key))
      rows.set(key, { viewerKey, titleId, at, strength: 0.5 + 0.5 * share })
  }
  return encodeInteractions([...rows.values()])
}

/** The demo world as it is seeded, with another seed or size where asked. */
export const demoWorld = (
  catalogue: readonly DemoTitle[],
  more: Partial<HistoryInput> = {},
): HistoryInput => ({ seed: 1, startAt: 1_700_000_000_000, catalogue, known: [], ...more })
