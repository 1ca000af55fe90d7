/**
 * Threads over one shared memory that run the kernels of the linear models. Which thread does what never changes a bit
 * of a result: jobs are cut so that each number is computed by one thread, in one order.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { assert, Bug, required } from '#base/assert.ts'
import { type JobName, jobs, type LinearKernels } from '#models/kernels/jobs.ts'
import { waitForAll } from '#models/kernels/steps.ts'

export type Job = { readonly name: JobName; readonly args: readonly number[] }

export type Pool = {
  readonly threads: number
  /** Zeroed memory of the pool. It stays until the pool is gone. */
  floats(length: number): Float32Array
  doubles(length: number): Float64Array
  ints(length: number): Int32Array
  /** Runs the job on all threads; arrays of the pool go in by address. Resolves to what each answered, by thread. */
  run(name: JobName, ...args: readonly (number | ArrayBufferView)[]): Promise<number[]>
  close(): Promise<void>
}

const PAGE = 65536
const MAX_PAGES = 65536
const ALIGNMENT = 64
let compiled: WebAssembly.Module | undefined

export const linearBytes = (): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL('./linear.wasm', import.meta.url)))

/** Binds the kernels to the memory. Each thread binds its own instance. */
export function bindLinear(memory: WebAssembly.Memory): LinearKernels {
  compiled ??= new WebAssembly.Module(linearBytes())
  const abort = (): never => {
    throw new Bug('a kernel aborted')
  }
  return new WebAssembly.Instance(compiled, { env: { memory, abort } }).exports as unknown as LinearKernels
}

export async function openPool(threads: number): Promise<Pool> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true })
  const kernels = bindLinear(memory)
  let top = align(kernels.heapBase())
  const reserve = (bytes: number): number => {
    const from = top
    top = align(top + bytes)
    assert(top <= MAX_PAGES * PAGE, 'the task fits into 4 GiB')
    const pages = Math.ceil(top / PAGE) - memory.buffer.byteLength / PAGE
    if (pages > 0) memory.grow(pages)
    return from
  }
  const reserveArray = <T>(
    make: new (buffer: ArrayBufferLike, from: number, length: number) => T,
    width: number,
  ) => {
    return (length: number): T => {
      const from = reserve(length * width)
      return new make(memory.buffer, from, length)
    }
  }
  const ints = reserveArray(Int32Array, 4)
  const sync = ints(16)
  const workers = Array.from({ length: threads - 1 }, (_, k) => {
    const data: ThreadData = { memory, sync: sync.byteOffset, thread: k + 1, threads }
    return new Worker(new URL('./pool-thread.ts', import.meta.url), { workerData: data })
  })
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  return {
    threads,
    floats: reserveArray(Float32Array, 4),
    doubles: reserveArray(Float64Array, 8),
    ints,
    run: async (name, ...given) => {
      const args = given.map((arg) => (typeof arg === 'number' ? arg : arg.byteOffset))
      const answers = workers.map((worker) => once(worker, 'message') as Promise<[number]>)
      for (const worker of workers) worker.postMessage({ name, args } satisfies Job)
      const own = runJob(kernels, sync, 0, threads, { name, args })
      return [own, ...(await Promise.all(answers)).map(([answer]) => answer)]
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}

export type ThreadData = {
  readonly memory: WebAssembly.Memory
  readonly sync: number
  readonly thread: number
  readonly threads: number
}

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT

/** One thread's part of a job. */
export function runJob(
  kernels: LinearKernels,
  sync: Int32Array,
  thread: number,
  threads: number,
  job: Job,
): number {
  const wait = (): void => waitForAll(sync, threads)
  return required(jobs[job.name], job.name)({ kernels, thread, threads, wait }, job.args) ?? 0
}
