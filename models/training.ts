/** Runs a training in its own process, so that a busy CPU or a crash there never stalls or stops serving. */
import { fork } from 'node:child_process'
import { Bug } from '#base/assert.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#models/errors.ts'
import type { TrainingOptions, TrainingResult } from '#models/train.ts'
import type { FromTraining } from '#models/train-process.ts'

/** A process killed from outside is started again this often; the seed makes the second run equal the first. */
const RESTARTS = 2

class TrainingDied extends Error {}

export type RunOptions = TrainingOptions & {
  /** Gives up: ends the process. */
  readonly signal?: AbortSignal
  /** Hears the id of each process started. */
  readonly onProcess?: (pid: number) => void
}

export async function runTraining(options: RunOptions): Promise<TrainingResult> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await runOnce(options)
    } catch (error) {
      if (!(error instanceof TrainingDied) || options.signal?.aborted === true) throw error
      if (attempt === RESTARTS) throw new Refusal(refusals.trainingDied, error.message, { cause: error })
    }
  }
}

function runOnce({ onProgress, onProcess, signal, stop, ...options }: RunOptions): Promise<TrainingResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./train-process.ts', import.meta.url), {
      serialization: 'advanced',
      execArgv: [],
      ...(signal === undefined ? {} : { signal }),
    })
    if (child.pid !== undefined) onProcess?.(child.pid)
    child.on('message', (message: FromTraining) => {
      if (message.kind === 'progress') onProgress?.(message.progress)
      else if (message.kind === 'done') resolve(message.result)
      else if (message.kind === 'refused') reject(new Refusal(message.refusal, message.message))
      else reject(new Bug(`training failed: ${message.message}`))
    })
    const stopEarly = (): void => {
      if (child.connected) child.send('stop')
    }
    stop?.addEventListener('abort', stopEarly, { once: true })
    child.on('error', reject)
    child.once('exit', (code, by) => {
      stop?.removeEventListener('abort', stopEarly)
      reject(new TrainingDied(`The training process ended (${by ?? code}).`))
    })
    child.send(options, (error) => {
      if (error !== null) child.emit('error', error)
      else if (stop?.aborted === true) stopEarly()
    })
  })
}
