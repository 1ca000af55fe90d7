/** Compiles the kernels from AssemblyScript. A development tool: the product loads the committed neumf.wasm. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, required } from '#base/assert.ts'

const here = import.meta.dirname
export const KERNELS_WASM = path.join(here, 'neumf.wasm')

const FLAGS = [
  '--outFile',
  'neumf.wasm',
  '-O3',
  '--converge',
  '--noAssert',
  '--runtime',
  'stub',
  '--importMemory',
  '--sharedMemory',
  '--initialMemory',
  '1',
  '--maximumMemory',
  '65536',
  '--enable',
  'simd',
  '--enable',
  'threads',
]

/** The same source gives the same bytes. */
export async function compileKernels(): Promise<Uint8Array> {
  const { main } = await import('assemblyscript/asc')
  let wasm: Uint8Array | undefined
  const said: string[] = []
  const { error } = await main(['index.ts', '--baseDir', path.join(here, 'assembly'), ...FLAGS], {
    readFile: (name, base) => readFile(path.join(base, name), 'utf8').catch(() => null),
    writeFile: (_name, content) => {
      wasm = content as Uint8Array
    },
    listFiles: () => [],
    stderr: { write: (chunk) => void said.push(String(chunk)) },
  })
  assert(error === null, `the kernels do not compile: ${error?.message}\n${said.join('')}`)
  return required(wasm, 'the compiled kernels')
}
