/** Says which thumbnails were really seen and which were opened: half on screen, a second long, in a foreground tab. */
import { useEffect, useRef } from 'react'
import { useQuery } from 'urql'
import { uuidv7 } from '#base/ids.ts'
import { ME } from './queries.ts'

const SEEN_SHARE = 0.5
const SEEN_MS = 1000
const FLUSH_MS = 2000

export type Place = {
  readonly slateId: string
  readonly titleId: string
  readonly rowKey: string
  readonly position: number
}
type Said = Place & {
  readonly type: string
  readonly eventId: string
  readonly createdAt: number
  readonly surface: 'home' | 'title'
}
type Door = { readonly writeKey: string; readonly token: string }

let door: Door | null = null
let waiting: Said[] = []
const already = new Set<string>()

/** Sends what waits; what could not be sent waits on, in bounded number. */
async function flush(): Promise<void> {
  if (door === null || waiting.length === 0) return
  const events = waiting.splice(0, 200)
  const body = JSON.stringify({ ...door, sentAt: Date.now(), events })
  try {
    const response = await fetch('/events', { method: 'POST', body, keepalive: true })
    if (response.status >= 500 || response.status === 429) waiting = [...events, ...waiting].slice(0, 1000)
  } catch {
    // Offline: the next flush tries again with the same ids.
    waiting = [...events, ...waiting].slice(0, 1000)
  }
}

/** Opens the door for the person who is signed in; visitors and kids leave nothing. Use once, high in the page. */
export function useDiscoveryDoor(): void {
  const [{ data }] = useQuery({ query: ME, variables: {} })
  useEffect(() => {
    const { writeKey, viewerToken } = data?.me ?? {}
    door = writeKey === undefined || viewerToken == null ? null : { writeKey, token: viewerToken }
    const timer = setInterval(() => void flush(), FLUSH_MS)
    const hidden = (): void => {
      if (document.visibilityState === 'hidden') void flush()
    }
    document.addEventListener('visibilitychange', hidden)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', hidden)
      void flush()
    }
  }, [data])
}

function say(type: string, place: Place, surface: 'home' | 'title'): void {
  if (door === null) return
  const now = Date.now()
  waiting.push({ ...place, type, eventId: uuidv7(now), createdAt: now, surface })
}

export function sayClicked(place: Place, surface: 'home' | 'title'): void {
  say('discovery.item.clicked', place, surface)
  void flush()
}

const NOWHERE: Place = { slateId: '', titleId: '', rowKey: '', position: 0 }

/** Watches an element; says once per slate that its title was seen. */
export function useImpression<E extends HTMLElement>(place: Place | null, surface: 'home' | 'title') {
  const ref = useRef<E>(null)
  const { slateId, titleId, rowKey, position } = place ?? NOWHERE
  useEffect(() => {
    const element = ref.current
    const key = `${slateId}/${titleId}`
    if (element === null || slateId === '' || already.has(key)) return
    let timer: number | undefined
    const observer = new IntersectionObserver(
      ([entry]) => {
        clearTimeout(timer)
        const visible = (entry?.intersectionRatio ?? 0) >= SEEN_SHARE
        if (!visible || document.visibilityState !== 'visible') return
        timer = window.setTimeout(() => {
          if (document.visibilityState !== 'visible' || already.has(key)) return
          already.add(key)
          say('discovery.impression.seen', { slateId, titleId, rowKey, position }, surface)
          observer.disconnect()
        }, SEEN_MS)
      },
      { threshold: [0, SEEN_SHARE] },
    )
    observer.observe(element)
    return () => {
      clearTimeout(timer)
      observer.disconnect()
    }
  }, [slateId, titleId, rowKey, position, surface])
  return ref
}
