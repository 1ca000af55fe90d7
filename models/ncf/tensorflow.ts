/**
 * TensorFlow.js, where it is installed: found in a folder of its own and imported when it is asked for, never a
 * dependency of the platform. `scripts/install-gpu.sh` puts it there.
 */
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import util from 'node:util'

/** A tensor on the device. Freed by `dispose`, or at the end of the `tidy` it was made in. */
export type Tensor = {
  readonly shape: readonly number[]
  data(): Promise<Float32Array>
  dispose(): void
}
type Operand = Tensor | number
type Binary = (a: Operand, b: Operand) => Tensor
type Unary = (x: Tensor) => Tensor

/** The part of TensorFlow.js that is used here. */
export type TensorFlow = {
  tensor(values: Float32Array | Int32Array, shape: readonly number[], dtype: 'float32' | 'int32'): Tensor
  zeros(shape: readonly number[]): Tensor
  /** Frees what was made inside and is not in the result. */
  tidy<T>(make: () => T): T
  gather(x: Tensor, rows: Tensor): Tensor
  slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor
  reshape(x: Tensor, shape: readonly number[]): Tensor
  concat(parts: readonly Tensor[], axis: number): Tensor
  split(x: Tensor, parts: number, axis: number): Tensor[]
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor
  add: Binary
  sub: Binary
  mul: Binary
  div: Binary
  sqrt: Unary
  square: Unary
  abs: Unary
  log: Unary
  relu: Unary
  sigmoid: Unary
  /** 1 where x > 0, else 0. */
  step: Unary
  sum(x: Tensor, axis?: number): Tensor
  /** Row i of the result is the sum of the rows of `x` whose segment is i. */
  unsortedSegmentSum(x: Tensor, segments: Tensor, count: number): Tensor
  tensorScatterUpdate(table: Tensor, rows: Tensor, values: Tensor): Tensor
  memory(): { readonly numTensors: number }
}
type Package = TensorFlow & {
  readonly version: Readonly<Record<string, string>>
  setBackend(name: string): Promise<boolean>
  backend(): { readonly isUsingGpuDevice?: boolean }
}

export type FoundTensorFlow = {
  readonly tf: TensorFlow
  /** Package, version and what it computes on. */
  readonly about: string
  readonly gpu: boolean
}

/** The packages that may be there, the likeliest to reach a GPU first. The last computes in JavaScript alone. */
const NATIVE = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const
const PLAIN = '@tensorflow/tfjs'
export type TensorFlowPackage = (typeof NATIVE)[number] | typeof PLAIN
export const TENSORFLOW_PACKAGES: readonly TensorFlowPackage[] = [...NATIVE, PLAIN]
/** Where the install script puts it; a package beside the platform's own is found too. */
export const TENSORFLOW_DIR = path.join(import.meta.dirname, '../../.engines/tfjs')

export type TensorFlowSearch = {
  readonly dir?: string
  readonly packages?: readonly TensorFlowPackage[]
}

/**
 * The first of the packages that can be loaded. Else why each of those that are installed cannot: a native part that
 * is missing, a library it needs; nothing where none is installed.
 */
export async function findTensorFlow({
  dir = TENSORFLOW_DIR,
  packages = TENSORFLOW_PACKAGES,
}: TensorFlowSearch = {}): Promise<{ found: FoundTensorFlow | null; failures: readonly string[] }> {
  const failures: string[] = []
  for (const name of packages) {
    const file = resolve(name, dir)
    if (file === null) continue
    try {
      return { found: await load(name, file), failures }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      failures.push(`${name}: ${message.split('\n', 1)[0]}`)
    }
  }
  return { found: null, failures }
}

function resolve(name: string, dir: string): string | null {
  try {
    return createRequire(path.join(dir, 'package.json')).resolve(name)
  } catch {
    // Not installed there: the next is tried.
    return null
  }
}

async function load(name: TensorFlowPackage, file: string): Promise<FoundTensorFlow> {
  // tfjs-node 4.22 calls two functions Node has dropped since.
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value == null, isArray: Array.isArray })
  const { default: tf } = (await import(pathToFileURL(file).href)) as { default: Package }
  const backend = name === PLAIN ? 'cpu' : 'tensorflow'
  if (!(await tf.setBackend(backend))) throw new Error(`its backend ${backend} does not start`)
  const gpu = tf.backend().isUsingGpuDevice === true
  const on = gpu ? 'GPU' : name === PLAIN ? 'CPU, JavaScript alone' : 'CPU'
  return { tf, gpu, about: `${name} ${tf.version['tfjs-core']} (${on})` }
}
