/**
 * The training process: is sent one training set, says how it goes, answers with the model, and ends. A message while
 * it learns ends learning early.
 */
import os from 'node:os'
import { Refusal, type RefusalDefinition } from '#base/refusal.ts'
import {
  type TrainingOptions,
  type TrainingProgress,
  type TrainingResult,
  trainAndEvaluate,
} from '#models/train.ts'

export type ToTraining = Omit<TrainingOptions, 'onProgress' | 'stop'>
export type FromTraining =
  | { readonly kind: 'progress'; readonly progress: TrainingProgress }
  | { readonly kind: 'done'; readonly result: TrainingResult }
  | { readonly kind: 'refused'; readonly refusal: RefusalDefinition; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }

/** Serving goes first: training takes what is left of the machine. */
const NICENESS = 10

const tell = (message: FromTraining): Promise<void> =>
  new Promise((resolve, reject) => {
    process.send?.(message, undefined, {}, (error) => (error === null ? resolve() : reject(error)))
  })

async function train(options: ToTraining, stop: AbortSignal): Promise<FromTraining> {
  try {
    const onProgress = (progress: TrainingProgress): void => {
      process.send?.({ kind: 'progress', progress } satisfies FromTraining)
    }
    return { kind: 'done', result: await trainAndEvaluate({ ...options, onProgress, stop }) }
  } catch (error) {
    if (error instanceof Refusal) {
      const { code, status, fix, message } = error
      return { kind: 'refused', refusal: { code, status, fix }, message }
    }
    return {
      kind: 'failed',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  }
}

os.setPriority(NICENESS)
// Ctrl-C reaches the whole group: whoever started this decides what it means, and takes it along when it ends.
process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit(1))
process.once('message', async (options: ToTraining) => {
  const stop = new AbortController()
  process.on('message', () => stop.abort())
  await tell(await train(options, stop.signal))
  process.exit(0)
})
