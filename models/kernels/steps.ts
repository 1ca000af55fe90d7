/**
 * Some batches of an epoch, run by every thread in step. A barrier stands between sampling, gradients and the
 * optimiser; which thread does what never changes a bit of the result.
 */
import { type KernelPlan, type Kernels, TITLES, VIEWERS } from '#models/kernels/kernels.ts'

export type Slice = {
  readonly epoch: number
  readonly fromBatch: number
  readonly toBatch: number
  readonly batchesPerEpoch: number
  readonly positivesPerBatch: number
  readonly negatives: number
  readonly seed: number
  readonly rate: number
  readonly decay: number
}

/** Examples of a batch of the slice: which positives of the epoch's order, and the seed its negatives are drawn by. */
export function batchOf(slice: Slice, batch: number, positives: number) {
  const from = batch * slice.positivesPerBatch
  const count = Math.min(slice.positivesPerBatch, positives - from)
  return {
    from,
    count,
    examples: count * (1 + slice.negatives),
    seed: (slice.seed + Math.imul(slice.epoch + 1, 0x9e3779b1)) >>> 0,
  }
}

/** How far a step of Adam goes: the rate with the first moment's correction in it, the second's, and the decay. */
export function paceOf(slice: Slice, batch: number) {
  const step = slice.epoch * slice.batchesPerEpoch + batch + 1
  return {
    rate: slice.rate / (1 - 0.9 ** step),
    correction: 1 / Math.sqrt(1 - 0.999 ** step),
    decay: slice.rate * slice.decay,
  }
}

/** Sense-reversing: the last to arrive opens it. Spins briefly, then sleeps. */
export function waitForAll(sync: Int32Array, threads: number): void {
  if (threads === 1) return
  const round = Atomics.load(sync, 1)
  if (Atomics.add(sync, 0, 1) === threads - 1) {
    Atomics.store(sync, 0, 0)
    Atomics.add(sync, 1, 1)
    Atomics.notify(sync, 1)
    return
  }
  for (let spin = 0; spin < 2000; spin++) if (Atomics.load(sync, 1) !== round) return
  while (Atomics.load(sync, 1) === round) Atomics.wait(sync, 1, round, 100)
}

/** Runs the slice on one thread; returns the summed loss of the shards it computed, by shard. */
export function runSlice(
  kernels: Kernels,
  plan: KernelPlan,
  sync: Int32Array,
  thread: number,
  slice: Slice,
): Float64Array {
  const { threads, positives } = plan
  const shards = kernels.shardCount()
  const losses = new Float64Array(shards)
  const perPositive = 1 + slice.negatives
  for (let b = slice.fromBatch; b < slice.toBatch; b++) {
    const { from, count, examples: batch, seed } = batchOf(slice, b, positives)
    const start = Math.floor((count * thread) / threads)
    const end = Math.floor((count * (thread + 1)) / threads)
    kernels.sample(from + start, from + end, slice.negatives, seed, start * perPositive)
    waitForAll(sync, threads)
    if (thread === 0) kernels.indexSide(VIEWERS, batch)
    if (thread === threads - 1) kernels.indexSide(TITLES, batch)
    waitForAll(sync, threads)
    kernels.projectSide(VIEWERS, thread, threads)
    kernels.projectSide(TITLES, thread, threads)
    waitForAll(sync, threads)
    for (let shard = thread; shard < shards; shard += threads) {
      losses[shard] = (losses[shard] as number) + kernels.backward(shard, batch, thread)
    }
    const { rate, correction, decay } = paceOf(slice, b)
    waitForAll(sync, threads)
    for (let shard = thread; shard < shards; shard += threads) {
      kernels.stepSide(VIEWERS, shard, thread, rate, correction, decay)
      kernels.stepSide(TITLES, shard, thread, rate, correction, decay)
    }
    waitForAll(sync, threads)
    // What is drawn next does not depend on the weights: the barrier behind it is soon enough.
    if (thread === 0) kernels.stepDense(rate, correction)
  }
  return losses
}
