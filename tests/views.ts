/** Whole views as batches, for tests that send them themselves and must know exactly what was said. */
import { uuidv7 } from '#base/ids.ts'
import type { Client } from '#tests/browser/platform.ts'

/** What the collector asks for: whose events they are, and the right to report this title. */
export type Session = { readonly token: string; readonly writeKey: string }

export async function openSession(viewer: Client, titleId: string): Promise<Session> {
  const { createPlaySession } = await viewer.ask<{ createPlaySession: Session }>(
    `mutation { createPlaySession(titleId: "${titleId}") { token writeKey } }`,
  )
  return createPlaySession
}

/** How long each view of `createBatch` plays. */
export const PLAYING_MS = 3000

/** One whole view: asked for, started after 0.3 s, left 3 s later. */
export function createBatch(session: Session, sid: string): string {
  const now = Date.now()
  const at = (seconds: number, type: string, state: string, more: object = {}) => ({
    type: `playback.${type}`,
    eventId: uuidv7(now),
    createdAt: now - 4000 + seconds * 1000,
    state,
    playheadMs: Math.round(seconds * 1000),
    ...more,
  })
  const events = [
    at(0, 'view.requested', 'joining', { intent: 'click' }),
    at(0.3, 'view.started', 'playing'),
    at(3.3, 'view.ended', 'quit', { endReason: 'stopped' }),
  ].map((event, seq) => ({ ...event, seq }))
  const common = {
    sid,
    playerId: 'p',
    rate: 1,
    visible: true,
    deviceKind: 'desktop',
    playerName: 'test',
    playerVersion: '1',
    surface: 'watch',
  }
  return JSON.stringify({ ...session, sentAt: now, common, events })
}

/** The status of the answer; null when none came. */
export const send = (url: string, body: string): Promise<number | null> =>
  fetch(`${url}/events`, { method: 'POST', body }).then(
    (response) => response.status,
    () => null,
  )
