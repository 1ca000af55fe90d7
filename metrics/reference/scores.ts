/** The scores of a view, by formula. Null where a view has none. */
import type { ReferenceView } from '#metrics/reference/view.ts'

export const startupScore = (seconds: number): number => (100 * 8) / (8 + seconds)

/** `count` waits that took the share `fraction` of the watch time. */
export const smoothnessScore = (count: number, fraction: number): number =>
  (100 / Math.sqrt(1 + (count / 2) ** 2) + 100 * Math.exp(-10 * fraction)) / 2

/** Upscaling as fractions: 1 is twice the size. */
export const qualityScore = (most: number, average: number): number =>
  100 * Math.exp(-0.33 * (0.15 * most + 0.85 * average))

export function scoresOf(view: ReferenceView) {
  const success = view.playbackFailure
    ? 0
    : view.isPlay
      ? 100
      : view.exitWaitMs !== null && view.exitWaitMs >= 1000
        ? 50
        : null
  const startup = view.startupMs === null ? null : startupScore(view.startupMs / 1000)
  const watched = view.isPlay && view.watchMs > 0
  const smoothness = watched ? smoothnessScore(view.rebufferCount, view.rebufferMs / view.watchMs) : null
  const million = 1_000_000
  const picture =
    view.scaledMs > 0
      ? qualityScore(view.upscaleMost / million, view.upscaleTime / view.scaledMs / million)
      : null
  return { success, startup, smoothness, picture, svx1: svx1({ success, startup, smoothness, picture }) }
}

type Parts = {
  success: number | null
  startup: number | null
  smoothness: number | null
  picture: number | null
}

/** The parts a view has, weighted; what success leaves of them. */
export function svx1({ success, startup, smoothness, picture }: Parts): number | null {
  if (success === null) return null
  const parts = [
    [smoothness, 45],
    [startup, 35],
    [picture, 20],
  ] as const
  let sum = 0
  let weights = 0
  for (const [score, weight] of parts) {
    if (score === null) continue
    sum += score * weight
    weights += weight
  }
  return (success / 100) * (weights === 0 ? 100 : sum / weights)
}
