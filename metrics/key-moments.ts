/** Moments of a retention curve that stand out from chance: the intro, dips where many leave, spikes watched again. */
import type { Curve } from '#metrics/retention.ts'

export type KeyMoment = {
  readonly kind: 'intro' | 'dip' | 'spike'
  readonly startSecond: number
  readonly endSecond: number
  readonly unique: number
}

const INTRO_SECOND = 30
const MIN_PLAYS = 30
/** Standard errors a moment must stand out by, and the least change worth a word. */
const Z = 4
const LEAST = 0.03
const WINDOW = 8
const MAX_MOMENTS = 5

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
/** Standard error of a step seen in n plays, when a share `usual` of them usually makes it (Poisson, one more for safety). */
const error = (usual: number, n: number): number => Math.sqrt((usual + 1 / n) / n)

export function keyMoments({ unique, absolute }: Curve, plays: number): KeyMoment[] {
  const moments: KeyMoment[] = []
  if (unique.length > INTRO_SECOND) {
    moments.push({
      kind: 'intro',
      startSecond: 0,
      endSecond: INTRO_SECOND,
      unique: unique[INTRO_SECOND] ?? 0,
    })
  }
  if (plays < MIN_PLAYS) return moments
  const found = [...standingOut(unique, plays, 'dip'), ...standingOut(absolute, plays, 'spike')]
  const strongest = found.sort((a, b) => b.strength - a.strength).slice(0, MAX_MOMENTS)
  for (const { second, kind } of strongest) {
    moments.push({ kind, startSecond: second, endSecond: second + 1, unique: unique[second] ?? 0 })
  }
  return moments.sort((a, b) => a.startSecond - b.startSecond)
}

type Found = { readonly second: number; readonly kind: 'dip' | 'spike'; readonly strength: number }

/** A second whose step differs from the usual step around it by more than chance explains. */
function standingOut(curve: readonly number[], plays: number, kind: 'dip' | 'spike'): Found[] {
  const found: Found[] = []
  const sign = kind === 'dip' ? -1 : 1
  const steps = curve.map((value, i) => (i === 0 ? 0 : value - (curve[i - 1] as number)))
  for (let second = 2; second < curve.length - 2; second++) {
    const around = steps.slice(Math.max(1, second - WINDOW), second + WINDOW + 1)
    const extra = sign * ((steps[second] as number) - median(around))
    const strength = extra / error(median(around.map(Math.abs)), plays)
    const last = found.at(-1)
    if (extra < LEAST || strength < Z) continue
    if (last !== undefined && second - last.second < WINDOW) {
      if (strength > last.strength) found[found.length - 1] = { second, kind, strength }
    } else found.push({ second, kind, strength })
  }
  return found
}
