/**
 * What trains NeuMF: the kernels on the CPU, or TensorFlow.js, which reaches a GPU where one is. Both walk the same
 * batches from the same weights.
 */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#models/errors.ts'
import type { NeumfOptions, NeumfTrainer } from '#models/kernels/prepare.ts'
import { openNeumfTrainer } from '#models/kernels/trainer.ts'
import { findTensorFlow, TENSORFLOW_PACKAGES, type TensorFlowSearch } from '#models/ncf/tensorflow.ts'
import { openTfjsTrainer } from '#models/ncf/tfjs.ts'

/** `auto` is TensorFlow.js where it reaches a GPU, else the kernels. */
export const ENGINE_CHOICES = ['auto', 'wasm', 'tfjs'] as const
export type EngineChoice = (typeof ENGINE_CHOICES)[number]

export type NcfEngine = {
  readonly name: 'wasm' | 'tfjs'
  /** One line: what trains, and, where a GPU was looked for in vain, why not there. */
  readonly about: string
  open(options: NeumfOptions): Promise<NeumfTrainer>
}

const onKernels = (about: string): NcfEngine => ({ name: 'wasm', about, open: openNeumfTrainer })
export const wasmEngine = onKernels('WASM kernels (CPU)')

/** Refuses where TensorFlow.js is asked for and cannot be loaded. */
export async function openEngine(choice: EngineChoice, search: TensorFlowSearch = {}): Promise<NcfEngine> {
  if (choice === 'wasm') return wasmEngine
  const packages = search.packages ?? TENSORFLOW_PACKAGES
  // In plain JavaScript there is no GPU to be found.
  const looked = choice === 'tfjs' ? packages : packages.filter((name) => name !== '@tensorflow/tfjs')
  const { found, failures } = await findTensorFlow({ ...search, packages: looked })
  const why = failures.length > 0 ? failures.join('; ') : 'TensorFlow.js is not installed'
  if (found === null) {
    if (choice === 'tfjs') throw new Refusal(refusals.engineMissing, `TensorFlow.js cannot train: ${why}.`)
    return onKernels(`WASM kernels (CPU); no GPU: ${why}`)
  }
  if (choice === 'auto' && !found.gpu)
    return onKernels(`WASM kernels (CPU); no GPU: ${found.about} sees none`)
  return { name: 'tfjs', about: found.about, open: (options) => openTfjsTrainer(options, found.tf) }
}
