/**
 * After a viewer leaves a title, pages that show what was watched wait until the platform knows of it, and ask again:
 * so that home fits within a second, and asks no more often than it must.
 */
import { useEffect, useRef } from 'react'
import { type Client, useClient } from 'urql'
import { RESUME } from './queries.ts'

type Left = { readonly titleId: string; readonly at: number; readonly told: Promise<void> }

const FRESH_MS = 10_000
const STEP_MS = 90
const PATIENCE_MS = 2500

let left: Left | null = null

/** The viewer left the title now; `told` resolves when everything was said. */
export function noteWatched(titleId: string, told: Promise<void>): void {
  left = { titleId, at: Date.now(), told }
}

/** Somebody came here straight from watching. */
export const cameFromWatching = (): boolean => left !== null && Date.now() - left.at < FRESH_MS

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Resolves when the viewer's history holds what was left, or when it evidently never will. */
async function isKnown(client: Client, { titleId, at, told }: Left): Promise<void> {
  await Promise.race([told, pause(PATIENCE_MS)])
  const deadline = Date.now() + PATIENCE_MS
  while (Date.now() < deadline) {
    const { data } = await client
      .query(RESUME, { id: titleId }, { requestPolicy: 'network-only' })
      .toPromise()
    // Reports of the last moments are stamped just before the page changed.
    if ((data?.title?.resume?.at ?? 0) >= at - 1500) return
    await pause(STEP_MS)
  }
}

/** Calls `refresh` once the platform knows what was watched just before; and whenever the page is looked at again. */
export function useRefreshAfterWatching(refresh: () => void): void {
  const client = useClient()
  const latest = useRef(refresh)
  useEffect(() => {
    latest.current = refresh
  }, [refresh])
  useEffect(() => {
    let gone = false
    const again = (): void => {
      if (!gone && document.visibilityState === 'visible') latest.current()
    }
    if (left !== null && cameFromWatching()) {
      const waitingFor = left
      void isKnown(client, waitingFor).then(() => {
        if (left === waitingFor) left = null
        again()
      })
    }
    const shown = ({ persisted }: PageTransitionEvent): void => {
      if (persisted) again()
    }
    window.addEventListener('pageshow', shown)
    document.addEventListener('visibilitychange', again)
    return () => {
      gone = true
      window.removeEventListener('pageshow', shown)
      document.removeEventListener('visibilitychange', again)
    }
  }, [client])
}
