/** TensorFlow.js for tests: installed where it is not, then loaded. One process, one package: they share a backend. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { type FoundTensorFlow, findTensorFlow, type TensorFlowPackage } from '#models/ncf/tensorflow.ts'

const SCRIPT = path.join(import.meta.dirname, '../install-gpu.sh')

export async function installTensorFlow(packages: readonly TensorFlowPackage[]): Promise<FoundTensorFlow> {
  const { status, stdout, stderr } = spawnSync('bash', [SCRIPT], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${stdout}${stderr}`)
  const { found, failures } = await findTensorFlow({ packages })
  if (found === null) throw new Error(`none of ${packages.join(', ')} can be loaded: ${failures.join('; ')}`)
  return found
}
