/**
 * A version before a share of the viewers, to see how they take it: who gets it, and what its guardrails say. The share
 * is drawn by viewer, so that everybody keeps what they have while it lasts.
 */
import { fnv1a } from '#base/ids.ts'

/** The share of viewers whose pages are ranked by the canary. */
export type Canary = {
  readonly modelId: string
  /** Above 0, at most 0.5: the rest is what it is compared with. */
  readonly share: number
  readonly startedAt: number
  readonly startedBy: string
}
export const MAX_SHARE = 0.5

/** The experiment's name in receipts; its arms are `canary` and `champion`. */
export const experimentOf = (modelId: string): string => `canary-${modelId}`
export const ARMS = ['canary', 'champion'] as const
export type Arm = (typeof ARMS)[number]

/** Which arm a viewer is in: the same for as long as the canary runs, another draw for another version. */
export function armOf({ modelId, share }: Pick<Canary, 'modelId' | 'share'>, viewerKey: string): Arm {
  return mixed(fnv1a(`${modelId}/${viewerKey}`)) / 2 ** 32 < share ? 'canary' : 'champion'
}

/** Makes keys that differ in a letter differ in every bit (the last step of MurmurHash3, Appleby). */
function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** One number of each viewer of an arm, summed up. */
export type Summary = { readonly viewers: number; readonly mean: number; readonly variance: number }
export type Guarded = { readonly name: string; readonly canary: Summary; readonly champion: Summary }
export type Guardrail = Guarded & {
  /** Mean of the canary's viewers less that of the others, with a 95 % interval that may be looked at often. */
  readonly difference: number
  readonly low: number
  readonly high: number
  readonly verdict: 'too few viewers' | 'holds' | 'broken'
}

const ALPHA = 0.05
/** Viewers in the smaller arm for whom the interval is tightest. */
const TUNED_FOR = 500
const MIN_VIEWERS = 50

/**
 * Broken when the whole interval lies below zero. The interval is an asymptotic confidence sequence (Waudby-Smith, Arbour,
 * Sinha, Kennedy and Ramdas 2021, "Time-uniform central limit theory", theorem 2.2): over viewers who come one after the
 * other it holds at all looks at once. That the same viewers' plays go on adding up is not in the theorem; simulations of
 * it are in the test.
 */
export function judgeGuardrail(guarded: Guarded): Guardrail {
  const { canary, champion } = guarded
  const fewest = Math.min(canary.viewers, champion.viewers)
  const difference = canary.mean - champion.mean
  if (fewest < MIN_VIEWERS) {
    return {
      ...guarded,
      difference,
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
      verdict: 'too few viewers',
    }
  }
  // The larger of the two for both: while few of a small arm have played, its own says next to nothing.
  const spread = Math.max(canary.variance, champion.variance)
  const variance = fewest * spread * (1 / canary.viewers + 1 / champion.viewers)
  const mixing = (-2 * Math.log(ALPHA) + Math.log(-2 * Math.log(ALPHA) + 1)) / TUNED_FOR
  const spent = fewest * mixing + 1
  const width = Math.sqrt(
    ((2 * spent) / (fewest ** 2 * mixing)) * Math.log(Math.sqrt(spent) / ALPHA) * variance,
  )
  const high = difference + width
  return { ...guarded, difference, low: difference - width, high, verdict: high < 0 ? 'broken' : 'holds' }
}

const interval = ({ difference, low, high }: Guardrail): string =>
  `${difference.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`

/** In words, for the record and for people. */
export function describeGuardrail(guardrail: Guardrail): string {
  const { name, verdict, canary, champion } = guardrail
  const means = `${canary.mean.toFixed(3)} of ${canary.viewers} viewers, ${champion.mean.toFixed(3)} of ${champion.viewers} others`
  return verdict === 'too few viewers'
    ? `${name}: ${means}; too few viewers to tell`
    : `${name}: ${means}; difference ${interval(guardrail)}, ${verdict}`
}
