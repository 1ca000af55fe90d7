/** Which renditions a source gets: never larger than it, never costlier, the top one copied when it streams as it is. */
import type { Fraction, Probed, ProbedVideo } from '#playback/transcode/task.ts'

export type Rung = {
  /** e.g. `v720`, by the shorter side. */
  readonly name: string
  readonly widthPx: number
  readonly heightPx: number
  readonly maxKbps: number
  /** Repackaged, not encoded. */
  readonly copied: boolean
}
export type Plan = {
  /** In the order they are made: what is soonest playable first. */
  readonly rungs: readonly Rung[]
  readonly audio: 'copy' | 'encode' | 'none'
  readonly aspect: Fraction
  readonly turnDegrees: 0 | 90 | 180 | 270
  readonly frameRate: Fraction
  readonly gopFrames: number
}

/** Shorter side and the most a hard picture of 30 frames a second may cost. */
const HEIGHTS: readonly (readonly [heightPx: number, maxKbps: number])[] = [
  [1080, 4800],
  [720, 2700],
  [480, 1300],
  [360, 750],
  [240, 380],
]
const GOP_SECONDS = 2
const MAX_FRAMES_PER_SECOND = 60
/** Beyond these a source does not stream well as it is. */
const COPY_LONGEST_GOP_MS = 12_000
const COPY_MAX_KBPS = 9000
const COPY_MAX_SIDE_PX = 1080
const START_SIDE_PX = 360

const even = (value: number): number => Math.max(2, Math.round(value / 2) * 2)
const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b))

/** The picture upright, with square pixels. */
export function shownSize(video: ProbedVideo): { widthPx: number; heightPx: number } {
  const widthPx = Math.round((video.widthPx * video.pixelAspect.num) / video.pixelAspect.den)
  return video.turnDegrees % 180 === 90
    ? { widthPx: video.heightPx, heightPx: widthPx }
    : { widthPx, heightPx: video.heightPx }
}

export function isStreamable(video: ProbedVideo): boolean {
  return (
    video.codec === 'h264' &&
    video.pixelFormat === 'yuv420p' &&
    video.turnDegrees === 0 &&
    video.steady &&
    video.pixelAspect.num === video.pixelAspect.den &&
    Math.min(video.widthPx, video.heightPx) <= COPY_MAX_SIDE_PX &&
    video.kbps <= COPY_MAX_KBPS &&
    video.longestGopMs <= COPY_LONGEST_GOP_MS
  )
}

function steadyRate(video: ProbedVideo): Fraction {
  const { num, den } = video.frameRate
  const rate = num / den
  if (!video.steady) return { num: Math.min(MAX_FRAMES_PER_SECOND, Math.max(1, Math.round(rate))), den: 1 }
  return rate > MAX_FRAMES_PER_SECOND ? { num: MAX_FRAMES_PER_SECOND, den: 1 } : { num, den }
}

/** Fewer pixels need fewer bits, though not in proportion; more than the source spends is waste. */
function cap(maxKbps: number, share: number, rate: number, sourceKbps: number): number {
  const fast = rate > 31 ? maxKbps * 1.4 : maxKbps
  const bySource = sourceKbps > 0 ? sourceKbps * share ** 0.6 * 1.15 : fast
  return Math.max(120, Math.round(Math.min(fast, bySource)))
}

export function planLadder(probed: Probed, video: ProbedVideo): Plan {
  const shown = shownSize(video)
  const shorter = Math.min(shown.widthPx, shown.heightPx)
  const frameRate = steadyRate(video)
  const rate = frameRate.num / frameRate.den
  const copied = isStreamable(video)
  const rungAt = (side: number, maxKbps: number): Rung => {
    const scale = side / shorter
    return {
      name: `v${side}`,
      widthPx: even(shown.widthPx * scale),
      heightPx: even(shown.heightPx * scale),
      maxKbps: cap(maxKbps, scale * scale, rate, video.kbps),
      copied: false,
    }
  }
  const below = copied ? shorter * 0.9 : shorter
  const rungs = HEIGHTS.filter(([side]) => side <= below).map(([side, kbps]) => rungAt(side, kbps))
  if (copied) {
    rungs.unshift({ name: `v${shorter}`, ...shown, maxKbps: video.kbps, copied: true })
  } else if (rungs.length === 0) {
    rungs.push(rungAt(shorter, 380))
  }
  const divisor = greatestDivisor(shown.widthPx, shown.heightPx)
  const { audio } = probed
  const plainAac = audio?.codec === 'aac' && audio.profile === 1 && audio.channels <= 2 && audio.kbps <= 200
  return {
    rungs: inOrder(rungs),
    audio: audio === null ? 'none' : plainAac ? 'copy' : 'encode',
    aspect: { num: shown.widthPx / divisor, den: shown.heightPx / divisor },
    turnDegrees: ((((Math.round(video.turnDegrees / 90) * 90) % 360) + 360) % 360) as 0 | 90 | 180 | 270,
    frameRate,
    gopFrames: Math.max(1, Math.round(rate * GOP_SECONDS)),
  }
}

/** A copied rung costs nothing and comes first; without one, a small rung makes the title playable soonest. */
function inOrder(rungs: readonly Rung[]): Rung[] {
  const side = (rung: Rung): number => Math.min(rung.widthPx, rung.heightPx)
  const first =
    rungs.find((rung) => rung.copied) ?? rungs.find((rung) => side(rung) <= START_SIDE_PX) ?? rungs.at(-1)
  return [...rungs].sort((a, b) => Number(b === first) - Number(a === first))
}
