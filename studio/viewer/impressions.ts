/** Says which thumbnails were really seen and which were opened: half on screen, a second long, in a foreground tab. */
import { useEffect, useRef } from 'react'
import { useQuery } from 'urql'
import { type Beacon, createBeacon, openStorage } from '#playback/player/index.ts'
import { ME } from './queries.ts'

const SEEN_SHARE = 0.5
const SEEN_MS = 1000

export type Surface = 'home' | 'title' | 'player'
export type Place = {
  readonly slateId: string
  readonly titleId: string
  readonly rowKey: string
  readonly position: number
}
type Door = { readonly token: string; readonly beacon: Beacon }

const NOWHERE: Place = { slateId: '', titleId: '', rowKey: '', position: 0 }
/** Shared by all pages: what was said on one leaves while the next is shown. */
let door: Door | null = null
const already = new Set<string>()

function openDoor(writeKey: string, token: string): void {
  if (door?.token === token) return
  void door?.beacon.close()
  const beacon = createBeacon({ eventsUrl: '/events', writeKey, token, storage: openStorage() })
  door = { token, beacon }
}

/** Opens the door for the person who is signed in; visitors and kids leave nothing. Use once, high in the page. */
export function useDiscoveryDoor(): void {
  const [{ data }] = useQuery({ query: ME, variables: {} })
  const { writeKey, viewerToken } = data?.me ?? {}
  useEffect(() => {
    if (writeKey !== undefined && viewerToken != null) openDoor(writeKey, viewerToken)
  }, [writeKey, viewerToken])
  useEffect(() => {
    const leave = (): void => {
      if (document.visibilityState === 'hidden') door?.beacon.leave()
    }
    document.addEventListener('visibilitychange', leave)
    window.addEventListener('pagehide', leave)
    return () => {
      document.removeEventListener('visibilitychange', leave)
      window.removeEventListener('pagehide', leave)
    }
  }, [])
}

/** `soon`: it may be followed by a change of page. */
function say(type: string, place: Place, surface: Surface, soon = false): void {
  const { slateId, titleId, rowKey, position } = place
  door?.beacon.say({ type, slateId, titleId, rowKey, position, surface }, soon)
}

export const sayClicked = (place: Place, surface: Surface): void =>
  say('discovery.item.clicked', place, surface, true)

/** Watches an element; says once per slate that its title was seen. */
export function useImpression<E extends HTMLElement>(place: Place | null, surface: Surface) {
  const ref = useRef<E>(null)
  const { slateId, titleId, rowKey, position } = place ?? NOWHERE
  useEffect(() => {
    const element = ref.current
    const key = `${slateId}/${titleId}/${rowKey}`
    if (element === null || slateId === '' || already.has(key)) return
    let timer: number | undefined
    let onScreen = false
    const seen = (): void => {
      already.add(key)
      say('discovery.impression.seen', { slateId, titleId, rowKey, position }, surface)
      stop()
    }
    const judge = (): void => {
      clearTimeout(timer)
      if (onScreen && document.visibilityState === 'visible') timer = window.setTimeout(seen, SEEN_MS)
    }
    const observer = new IntersectionObserver(
      (entries) => {
        onScreen = (entries.at(-1)?.intersectionRatio ?? 0) >= SEEN_SHARE
        judge()
      },
      { threshold: [0, SEEN_SHARE] },
    )
    const stop = (): void => {
      clearTimeout(timer)
      observer.disconnect()
      document.removeEventListener('visibilitychange', judge)
    }
    document.addEventListener('visibilitychange', judge)
    observer.observe(element)
    return stop
  }, [slateId, titleId, rowKey, position, surface])
  return ref
}
