/**
 * The NeuMF trainer over the kernels: owns the threads that take the steps.
 * Promises: equal data, settings and seed give equal bits of weights, whatever the number of threads.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { KernelPlan } from '#models/kernels/kernels.ts'
import type { ThreadData } from '#models/kernels/neumf-thread.ts'
import { type NeumfOptions, type NeumfTrainer, prepareNeumf } from '#models/kernels/prepare.ts'
import { runSlice, type Slice } from '#models/kernels/steps.ts'

export async function openNeumfTrainer(options: NeumfOptions): Promise<NeumfTrainer> {
  const prepared = prepareNeumf(options)
  const { plan, memory, kernels } = prepared
  const workers = await startThreads(memory, plan)
  const sync = new Int32Array(memory.buffer, kernels.addressOfSync(), 16)

  const run = async (slice: Slice): Promise<number> => {
    const answers = workers.map((worker) => once(worker, 'message') as Promise<[Float64Array]>)
    for (const worker of workers) worker.postMessage(slice)
    const losses = runSlice(kernels, plan, sync, 0, slice)
    for (const [theirs] of await Promise.all(answers))
      theirs.forEach((loss, i) => (losses[i] = loss + (losses[i] ?? 0)))
    return losses.reduce((a, b) => a + b, 0)
  }

  return {
    ...prepared,
    epoch: (onSlice) => prepared.epoch(run, onSlice),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}

async function startThreads(memory: WebAssembly.Memory, plan: KernelPlan): Promise<Worker[]> {
  const workers = Array.from({ length: plan.threads - 1 }, (_, k) => {
    const data: ThreadData = { memory, plan, thread: k + 1 }
    return new Worker(new URL('./neumf-thread.ts', import.meta.url), { workerData: data })
  })
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  return workers
}
