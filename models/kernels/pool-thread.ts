/** A worker thread of the pool: runs its part of each job. */
import { parentPort, workerData } from 'node:worker_threads'
import { required } from '#base/assert.ts'
import { bindLinear, type Job, runJob, type ThreadData } from '#models/kernels/pool.ts'

const port = required(parentPort, 'the parent of the thread')
const { memory, sync, thread, threads } = workerData as ThreadData
const kernels = bindLinear(memory)
const barrier = new Int32Array(memory.buffer, sync, 16)
port.on('message', (job: Job) => port.postMessage(runJob(kernels, barrier, thread, threads, job)))
port.postMessage('ready')
