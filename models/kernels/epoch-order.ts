/** The order in which an epoch walks through its examples: a function of the seed and the epoch's number only. */
import { createRandom } from '#base/random.ts'

/** Fills `order` with a permutation of 0..n-1 (Fisher and Yates). */
export function orderEpoch(order: Int32Array, seed: number, epoch: number): void {
  const random = createRandom((seed + Math.imul(epoch + 1, 0x85ebca6b)) >>> 0)
  for (let k = 0; k < order.length; k++) order[k] = k
  for (let k = order.length - 1; k > 0; k--) {
    const j = random.below(k + 1)
    const held = order[k] as number
    order[k] = order[j] as number
    order[j] = held
  }
}
