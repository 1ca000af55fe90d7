/**
 * Gets a title ready to play before anybody presses play: the play session, hls.js, manifest and first segments. The
 * watch page takes what is ready; what nobody takes is let go.
 */
import type { Client } from 'urql'
import { type Prepared, preloadEngine, prepareEngine } from '#playback/player/index.ts'
import { PLAY, type PlaySession } from './queries.ts'

export type Opened =
  | { readonly session: PlaySession; readonly prepared: Prepared | null }
  | { readonly problem: string }
type Warm = { readonly opened: Promise<Opened>; readonly timer: number }

/** The token and the place to resume are good for longer, but what was fetched need not be kept. */
const KEEP_MS = 120_000
const CLICK_MS = 15_000

const warm = new Map<string, Warm>()
let asked: { readonly titleId: string; readonly at: number } | null = null

const keyOf = (titleId: string, slateId: string | null): string => `${titleId}/${slateId ?? ''}`
const savesData = (): boolean =>
  (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true

async function open(
  client: Client,
  titleId: string,
  slateId: string | null,
  media: boolean,
): Promise<Opened> {
  const { data, error } = await client.mutation(PLAY, { titleId, recommendationId: slateId }).toPromise()
  if (data == null) return { problem: error?.graphQLErrors[0]?.message ?? 'The platform did not answer.' }
  const session = data.createPlaySession
  return {
    session,
    prepared: media ? prepareEngine(session.hlsUrl, session.resumeMs / 1000, session.id) : null,
  }
}

/** The viewer is likely to play this title from this place. */
export function warmUp(client: Client, titleId: string, slateId: string | null): void {
  const key = keyOf(titleId, slateId)
  void preloadEngine()
  if (warm.has(key) || savesData()) return
  const timer = window.setTimeout(() => letGo(titleId, slateId), KEEP_MS)
  warm.set(key, { opened: open(client, titleId, slateId, true), timer })
}

export function letGo(titleId: string, slateId: string | null): void {
  const key = keyOf(titleId, slateId)
  const held = warm.get(key)
  if (held === undefined) return
  clearTimeout(held.timer)
  warm.delete(key)
  void held.opened.then((opened) => {
    if ('prepared' in opened) opened.prepared?.destroy()
  })
}

/** What is ready, else made now. A session that was refused beforehand is asked for anew. */
export async function takeOpened(client: Client, titleId: string, slateId: string | null): Promise<Opened> {
  const key = keyOf(titleId, slateId)
  const held = warm.get(key)
  if (held !== undefined) {
    clearTimeout(held.timer)
    warm.delete(key)
    const opened = await held.opened
    if ('session' in opened) return opened
  }
  void preloadEngine()
  return open(client, titleId, slateId, false)
}

/** The viewer pressed play, at this moment of the event's clock. */
export function askToPlay(titleId: string, eventTimeStamp: number): void {
  asked = { titleId, at: Math.round(performance.timeOrigin + eventTimeStamp) }
}

/** When the title was asked for by a click; null when it plays by itself. */
export const askedFor = (titleId: string): number | null =>
  asked?.titleId === titleId && Date.now() - asked.at < CLICK_MS ? asked.at : null

/** The click has been answered. */
export function forgetAsked(): void {
  asked = null
}
