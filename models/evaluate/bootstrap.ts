/** Intervals by resampling viewers: how much a mean would move had other viewers of the same kind come. */
import { createRandom } from '#base/random.ts'

export type Interval = { readonly value: number; readonly low: number; readonly high: number }

const DRAWS = 1000

export const mean = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let k = 0; k < values.length; k++) sum += values[k] as number
  return values.length === 0 ? 0 : sum / values.length
}

/** Mean and 95 % percentile interval over `values`, one a viewer. For a paired difference hand in differences. */
export function bootstrap(values: ArrayLike<number>, seed: number): Interval {
  const n = values.length
  const random = createRandom(seed)
  const means = new Float64Array(DRAWS)
  for (let draw = 0; draw < DRAWS; draw++) {
    let sum = 0
    for (let k = 0; k < n; k++) sum += values[random.below(n)] as number
    means[draw] = n === 0 ? 0 : sum / n
  }
  means.sort()
  return {
    value: mean(values),
    low: means[Math.floor(DRAWS * 0.025)] as number,
    high: means[Math.ceil(DRAWS * 0.975) - 1] as number,
  }
}
