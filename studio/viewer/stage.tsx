/** Holds the player, which lives as long as the session does, and what is laid over its end. */
import { useEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { createPlayer, type Player, type Prepared } from '#playback/player/index.ts'
import '#playback/player/player.css'
import { EndScreen } from './end-screen.tsx'
import type { CardTitle, PlaySession } from './queries.ts'
import { forgetAsked } from './warm.ts'
import { noteWatched } from './watched.ts'

type StageProps = {
  readonly titleId: string
  readonly session: PlaySession
  readonly prepared: Prepared | null
  /** When the viewer pressed play; null when it plays by itself. */
  readonly askedAt: number | null
  readonly name: string
  /** Where to begin instead of where the viewer left. */
  readonly startMs: number | null
  readonly next: CardTitle | null
  readonly nextSlateId: string
}

export function Stage(props: StageProps) {
  const { session, next, nextSlateId } = props
  const holder = useRef<HTMLDivElement>(null)
  const [player, setPlayer] = useState<Player | null>(null)
  const [ended, setEnded] = useState(false)
  const first = useRef(props)
  useEffect(() => {
    if (holder.current === null) return
    const { titleId, prepared, askedAt, name, startMs } = first.current
    const made = createPlayer(holder.current, {
      session: { ...session, titleName: name, resumeMs: startMs ?? session.resumeMs },
      autoplay: true,
      ...(askedAt !== null && { askedAt }),
      ...(prepared !== null && startMs === null && { prepared }),
      onEnded: () => setEnded(true),
      onReplay: () => setEnded(false),
    })
    forgetAsked()
    setPlayer(made)
    return () => {
      setPlayer(null)
      noteWatched(titleId, made.destroy())
    }
  }, [session])
  return (
    <>
      <div className="sv-stage" ref={holder} />
      {ended &&
        player !== null &&
        createPortal(
          <EndScreen next={next} slateId={nextSlateId} onAgain={() => void player.play()} />,
          player.end,
        )}
    </>
  )
}
