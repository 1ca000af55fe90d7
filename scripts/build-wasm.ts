/** Compiles what is written in AssemblyScript to the modules the product loads. The same source gives the same bytes. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, required } from '#base/assert.ts'

const ROOT = path.join(import.meta.dirname, '..')
const FLAGS = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--importMemory', '--enable', 'simd']
const THREADS = ['--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536', '--enable', 'threads']

/** Each module: where its source lies, where it is committed, flags of its own. */
export const MODULES = [
  { source: 'models/kernels/assembly', wasm: 'models/kernels/neumf.wasm', flags: THREADS },
  { source: 'models/kernels/assembly/linear', wasm: 'models/kernels/linear.wasm', flags: THREADS },
  { source: 'pipelines/scan/assembly', wasm: 'pipelines/scan/scanner.wasm', flags: ['--initialMemory', '1'] },
] as const

export async function compileModule({ source, flags }: (typeof MODULES)[number]): Promise<Uint8Array> {
  const { main } = await import('assemblyscript/asc')
  let wasm: Uint8Array | undefined
  const said: string[] = []
  const args = ['index.ts', '--baseDir', path.join(ROOT, source), '--outFile', 'out.wasm', ...FLAGS, ...flags]
  const { error } = await main(args, {
    readFile: (name, base) => readFile(path.join(base, name), 'utf8').catch(() => null),
    writeFile: (_name, content) => {
      wasm = content as Uint8Array
    },
    listFiles: () => [],
    stderr: { write: (chunk) => void said.push(String(chunk)) },
  })
  assert(error === null, `${source} does not compile: ${error?.message}\n${said.join('')}`)
  return required(wasm, 'the compiled module')
}

export const committed = ({ wasm }: (typeof MODULES)[number]): Promise<Uint8Array> =>
  readFile(path.join(ROOT, wasm))

if (import.meta.main) {
  for (const module of MODULES) {
    const fresh = await compileModule(module)
    await writeFile(path.join(ROOT, module.wasm), fresh)
    console.log(`${module.wasm}: ${fresh.length} bytes`)
  }
}
