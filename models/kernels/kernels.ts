/** The compiled kernels, bound to one shared memory. Each thread binds its own instance to the same memory. */
import { readFileSync } from 'node:fs'
import { Bug } from '#base/assert.ts'

/** Which halves of NeuMF there are. */
export type NeumfParts = 'gmf' | 'mlp' | 'both'
const PARTS: Readonly<Record<NeumfParts, number>> = { gmf: 1, mlp: 2, both: 3 }

/** Sizes of a network and of its training set. Widths are multiples of 8. */
export type KernelPlan = {
  readonly viewers: number
  readonly titles: number
  readonly positives: number
  readonly width: number
  readonly layers: readonly [number, number, number]
  /** Largest batch, in examples. */
  readonly batch: number
  readonly threads: number
  /** The factorisation, the perceptron, or both. */
  readonly parts: NeumfParts
}

/** A side of the network. */
export const VIEWERS = 0
export const TITLES = 1
type Side = typeof VIEWERS | typeof TITLES

type Address = () => number
type AddressOfSide = (side: Side) => number
export type Kernels = {
  plan(...sizes: number[]): number
  sample(from: number, to: number, negatives: number, seed: number, example: number): void
  indexSide(side: Side, batch: number): void
  projectSide(side: Side, thread: number, threads: number): void
  backward(shard: number, batch: number, thread: number): number
  stepSide(side: Side, shard: number, thread: number, rate: number, correction: number, decay: number): void
  stepDense(rate: number, correction: number): void
  turnWeights(): void
  projectTitles(thread: number): void
  scoreTitles(viewer: number, thread: number): number
  shardCount(): number
  denseCount(): number
  addressOfSync: Address
  addressOfRows: AddressOfSide
  addressOfSlots: AddressOfSide
  addressOfExamples: AddressOfSide
  addressOfTargets: Address
  addressOfDense: Address
  addressOfDenseGradient: Address
  addressOfPositiveViewers: Address
  addressOfPositiveTitles: Address
  addressOfPositiveWeights: Address
  addressOfOrder: Address
  addressOfSeenStarts: Address
  addressOfSeenTitles: Address
}

const PAGE = 65536
let compiled: WebAssembly.Module | undefined

export const kernelBytes = (): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL('./neumf.wasm', import.meta.url)))

/** A memory that can grow to 4 GiB. */
export const createKernelMemory = (): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: 1, maximum: PAGE, shared: true })

/** Binds the kernels to the memory, growing it to what the plan needs. */
export function bindKernels(memory: WebAssembly.Memory, plan: KernelPlan): Kernels {
  compiled ??= new WebAssembly.Module(kernelBytes())
  const abort = (): never => {
    throw new Bug('a kernel aborted')
  }
  const instance = new WebAssembly.Instance(compiled, { env: { memory, abort } })
  const kernels = instance.exports as unknown as Kernels
  const bytes =
    kernels.plan(
      plan.viewers,
      plan.titles,
      plan.positives,
      plan.width,
      ...plan.layers,
      plan.batch,
      plan.threads,
      PARTS[plan.parts],
    ) >>> 0
  const pages = Math.ceil(bytes / PAGE) + 1 - memory.buffer.byteLength / PAGE
  if (pages > 0) memory.grow(pages)
  return kernels
}
