/**
 * What another policy would have earned, from what one policy was logged to do: inverse propensity scoring (IPS), its
 * self-normalised form (SNIPS) and the doubly robust estimate (DR), after Dudik, Langford and Li 2011 and Swaminathan
 * and Joachims 2015. A row is one decision: what was shown, with what chance, and what came of it.
 */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#models/errors.ts'
import { mean } from '#models/evaluate/bootstrap.ts'

export type Decision = {
  /** What came of it: a click 0 or 1, minutes, any number. */
  readonly reward: number
  /** Chance the logging policy gave to what it did, above 0 and at most 1. */
  readonly propensity: number
  /** Chance the judged policy gives to the same, 0 to 1. */
  readonly chance: number
  /** Reward a model expects of what was done; for DR. */
  readonly expected?: number
  /** Reward the model expects of the judged policy here: the sum over actions of its chance times what is expected. */
  readonly expectedOfPolicy?: number
}

export type Estimate = {
  readonly name: 'ips' | 'snips' | 'dr'
  readonly value: number
  /** 95 %, normal, from the spread of the rows' own influences. */
  readonly low: number
  readonly high: number
}

export type Weights = {
  readonly rows: number
  /** Kish's effective sample size: (sum of weights)^2 / sum of squares. */
  readonly effectiveSize: number
  /** Mean of the weights: 1 where the log covers what the judged policy does. */
  readonly meanWeight: number
  readonly largestWeight: number
  /** Share of rows whose weight was cut to the limit. */
  readonly clipped: number
  readonly verdict: 'sound' | 'cannot tell yet' | 'log does not cover the policy'
}

export type OffPolicy = {
  readonly weights: Weights
  /** Mean reward of what was logged. */
  readonly logged: number
  readonly estimates: readonly Estimate[]
}

const MIN_EFFECTIVE = 100
const Z = 1.959964
/** Deviations of its own error that the mean weight may be off 1. */
const COVER_DEVIATIONS = 4

/**
 * All three estimates; DR only where every row has what a model expects. `clip` bounds the weights: less spread, at the
 * price of a bias towards what was logged.
 */
export function estimatePolicy(decisions: readonly Decision[], { clip = Infinity } = {}): OffPolicy {
  const raw = decisions.map(weightOf)
  const weights = raw.map((weight) => Math.min(weight, clip))
  const rewards = decisions.map(({ reward }) => reward)
  const earned = weights.map((weight, k) => weight * (rewards[k] as number))
  const estimates: Estimate[] = [around('ips', earned), selfNormalised(weights, rewards)]
  if (decisions.length > 0 && decisions.every(hasExpectations)) {
    estimates.push(
      around(
        'dr',
        decisions.map(
          (one, k) => one.expectedOfPolicy + (weights[k] as number) * (one.reward - one.expected),
        ),
      ),
    )
  }
  return { weights: judgeWeights(raw, weights), logged: mean(rewards), estimates }
}

type Expecting = Decision & { readonly expected: number; readonly expectedOfPolicy: number }
const hasExpectations = (one: Decision): one is Expecting =>
  one.expected !== undefined && one.expectedOfPolicy !== undefined

function weightOf({ propensity, chance }: Decision, row: number): number {
  const sound = propensity > 0 && propensity <= 1 && chance >= 0 && chance <= 1
  if (!sound) {
    throw new Refusal(
      refusals.propensityInvalid,
      `Decision ${row + 1} has propensity ${propensity} and chance ${chance}: the one is above 0 and at most 1, the other 0 to 1.`,
    )
  }
  return chance / propensity
}

function around(name: Estimate['name'], values: readonly number[]): Estimate {
  const value = mean(values)
  return interval(
    name,
    value,
    values.map((one) => one - value),
  )
}

/** A ratio of means; its spread by the delta method (Owen 2013, section 9.2). */
function selfNormalised(weights: readonly number[], rewards: readonly number[]): Estimate {
  const scale = mean(weights)
  if (scale === 0) return { name: 'snips', value: Number.NaN, low: Number.NaN, high: Number.NaN }
  const value = mean(weights.map((weight, k) => weight * (rewards[k] as number))) / scale
  return interval(
    'snips',
    value,
    weights.map((weight, k) => (weight * ((rewards[k] as number) - value)) / scale),
  )
}

/** `influences` have mean 0: how far each row pulls the estimate. */
function interval(name: Estimate['name'], value: number, influences: readonly number[]): Estimate {
  const n = influences.length
  const squares = influences.reduce((sum, one) => sum + one * one, 0)
  const half = n < 2 ? Number.NaN : Z * Math.sqrt(squares / (n - 1) / n)
  return { name, value, low: value - half, high: value + half }
}

function judgeWeights(raw: readonly number[], weights: readonly number[]): Weights {
  const n = raw.length
  const sum = weights.reduce((a, b) => a + b, 0)
  const squares = weights.reduce((a, b) => a + b * b, 0)
  const effectiveSize = squares === 0 ? 0 : (sum * sum) / squares
  const meanWeight = mean(raw)
  const variance = mean(raw.map((weight) => (weight - meanWeight) ** 2))
  const error = Math.sqrt(variance / Math.max(1, n))
  const covers = Math.abs(meanWeight - 1) <= COVER_DEVIATIONS * error + 1e-9
  let verdict: Weights['verdict'] = 'sound'
  if (effectiveSize < MIN_EFFECTIVE) verdict = 'cannot tell yet'
  else if (!covers) verdict = 'log does not cover the policy'
  return {
    rows: n,
    effectiveSize,
    meanWeight,
    largestWeight: raw.reduce((a, b) => Math.max(a, b), 0),
    clipped: n === 0 ? 0 : raw.filter((weight, k) => weight > (weights[k] as number)).length / n,
    verdict,
  }
}
