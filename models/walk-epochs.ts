/**
 * The walk of every kind that learns in epochs: says how it goes, asks the judge, keeps the best weights, stops when
 * there is nothing more to gain or when called off.
 */
import type { Scorer } from '#models/evaluate/ranking.ts'
import type { FitTask, Fitted } from '#models/model.ts'

export type Walk = {
  /** At most. */
  readonly epochs: number
  /** Examples an epoch, for the rate. */
  readonly examples: number
  /** One pass over the data, counted from 0; resolves to the mean loss, null where it is not known. */
  readonly epoch: (epoch: number, onShare: (share: number) => void) => Promise<number | null>
  /** The live weights: read, and set back to the best. */
  readonly weights: readonly Float32Array[]
  readonly scores: Scorer
  /** The weights it starts with are good already, and may stay the best. */
  readonly startsGood?: boolean
}

export async function walkEpochs(
  { stopBy, onEpoch, signal }: Pick<FitTask<unknown>, 'stopBy' | 'onEpoch' | 'signal'>,
  walk: Walk,
): Promise<Omit<Fitted<unknown>, 'settings' | 'graph'>> {
  const began = performance.now()
  const validation: number[] = []
  let loss: number | null = null
  let done = 0
  let best = { epochs: 0, value: Number.NEGATIVE_INFINITY, weights: [] as Float32Array[] }
  const report = (epoch: number, share: number): void => {
    const seconds = Math.max((performance.now() - began) / 1000, 1e-3)
    const examplesPerSecond = Math.round(((epoch + share) * walk.examples) / seconds)
    onEpoch?.({ epoch: epoch + 1, epochs: walk.epochs, share, loss, examplesPerSecond, validation })
  }
  const keepIfBest = (value: number): void => {
    if (value <= best.value) return
    best = { epochs: done, value, weights: walk.weights.map((array) => array.slice()) }
  }
  if (stopBy !== undefined && walk.startsGood === true) keepIfBest(stopBy.judge(walk.scores))
  while (done < walk.epochs && signal?.aborted !== true) {
    const epoch = done
    loss = await walk.epoch(epoch, (share) => report(epoch, share))
    done++
    if (stopBy !== undefined) {
      const value = stopBy.judge(walk.scores)
      validation.push(value)
      keepIfBest(value)
    }
    report(epoch, 1)
    if (stopBy !== undefined && done - best.epochs >= stopBy.patience) break
    await new Promise(setImmediate)
  }
  const kept = best.weights.length > 0
  if (kept) walk.weights.forEach((array, k) => array.set(best.weights[k] as Float32Array))
  return { scores: walk.scores, weights: () => walk.weights, epochs: kept ? best.epochs : done, validation }
}
