/**
 * The walk of every kind that learns in epochs: says how it goes, asks the judge, keeps the best weights, stops when
 * there is nothing more to gain or when called off, and goes on from a checkpoint where there is one.
 */
import type { WalkState } from '#models/checkpoints.ts'
import type { Scorer } from '#models/evaluate/ranking.ts'
import type { FitTask, Fitted } from '#models/model.ts'

export type Walk = {
  /** At most. */
  readonly epochs: number
  /** Examples an epoch, for the rate. */
  readonly examples: number
  /** One pass over the data, counted from 0; resolves to the mean loss, null where it is not known. */
  readonly epoch: (epoch: number, onShare: (share: number) => void) => Promise<number | null>
  /** The live weights, and what the optimiser keeps: read, and set back to the best. */
  readonly weights: readonly Float32Array[]
  readonly scores: Scorer
  /** The weights it starts with are good already, and may stay the best. */
  readonly startsGood?: boolean
  /** Weights were set from outside; so many epochs are behind them. */
  readonly onRestored?: (epochs: number) => void
}

type Task = Pick<FitTask<unknown>, 'stopBy' | 'onEpoch' | 'signal' | 'checkpoints'>

export async function walkEpochs(
  { stopBy, onEpoch, signal, checkpoints }: Task,
  walk: Walk,
): Promise<Omit<Fitted<unknown>, 'settings' | 'graph'>> {
  const checkpoint = checkpoints?.next()
  const saved = (await checkpoint?.read()) ?? null
  const began = performance.now()
  const validation: number[] = [...(saved?.validation ?? [])]
  let loss = saved?.loss ?? null
  let done = saved?.epochs ?? 0
  let best: WalkState['best'] = saved?.best ?? { epochs: 0, value: Number.NEGATIVE_INFINITY, weights: [] }
  const setWeights = (weights: readonly Float32Array[]): void =>
    walk.weights.forEach((array, k) => array.set(weights[k] as Float32Array))
  if (saved !== null) {
    setWeights(saved.weights)
    walk.onRestored?.(done)
  }
  const first = done
  const report = (epoch: number, share: number): void => {
    const seconds = Math.max((performance.now() - began) / 1000, 1e-3)
    const examplesPerSecond = Math.round(((epoch - first + share) * walk.examples) / seconds)
    onEpoch?.({ epoch: epoch + 1, epochs: walk.epochs, share, loss, examplesPerSecond, validation })
  }
  const keepIfBest = (value: number): void => {
    if (value <= best.value) return
    best = { epochs: done, value, weights: walk.weights.map((array) => array.slice()) }
  }
  let writtenAt = began
  const write = async (finished: boolean): Promise<void> => {
    writtenAt = performance.now()
    await checkpoint?.write({ epochs: done, loss, validation, weights: walk.weights, best, finished })
  }
  const isOver = (): boolean => stopBy !== undefined && done > 0 && done - best.epochs >= stopBy.patience

  if (saved === null && stopBy !== undefined && walk.startsGood === true)
    keepIfBest(stopBy.judge(walk.scores))
  // One epoch is walked whatever comes, so that what is kept has learned something.
  const mayGo = (): boolean => signal?.aborted !== true || (done === 0 && walk.startsGood !== true)
  while (saved?.finished !== true && done < walk.epochs && !isOver() && mayGo()) {
    const epoch = done
    loss = await walk.epoch(epoch, (share) => report(epoch, share))
    done++
    if (stopBy !== undefined) {
      const value = stopBy.judge(walk.scores)
      validation.push(value)
      keepIfBest(value)
    }
    report(epoch, 1)
    if (checkpoints !== undefined && performance.now() - writtenAt >= checkpoints.everyMs) await write(false)
    await new Promise(setImmediate)
  }
  const kept = best.weights.length > 0
  if (kept) setWeights(best.weights)
  if (saved?.finished !== true && signal?.aborted !== true) await write(true)
  return { scores: walk.scores, weights: () => walk.weights, epochs: kept ? best.epochs : done, validation }
}
