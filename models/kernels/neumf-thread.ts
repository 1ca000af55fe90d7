/** A worker thread of the trainer: runs its share of each slice, in step with the main thread. */
import { parentPort, workerData } from 'node:worker_threads'
import { required } from '#base/assert.ts'
import { bindKernels, type KernelPlan } from '#models/kernels/kernels.ts'
import { runSlice, type Slice } from '#models/kernels/steps.ts'

export type ThreadData = {
  readonly memory: WebAssembly.Memory
  readonly plan: KernelPlan
  readonly thread: number
}

const port = required(parentPort, 'the parent of the thread')
const { memory, plan, thread } = workerData as ThreadData
const kernels = bindKernels(memory, plan)
const sync = new Int32Array(memory.buffer, kernels.addressOfSync(), 16)
port.on('message', (slice: Slice) => {
  port.postMessage(runSlice(kernels, plan, sync, thread, slice))
})
port.postMessage('ready')
