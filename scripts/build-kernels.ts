/** Compiles models/kernels/assembly to models/kernels/neumf.wasm. `--check` compares instead of writing. */
import { readFile, writeFile } from 'node:fs/promises'
import { compileKernels, KERNELS_WASM } from '#models/kernels/compile.ts'

const fresh = await compileKernels()
if (process.argv.includes('--check')) {
  const same = Buffer.from(fresh).equals(await readFile(KERNELS_WASM))
  console.log(
    same
      ? 'the committed kernels are current'
      : 'the committed kernels are stale: run scripts/build-kernels.ts',
  )
  process.exit(same ? 0 : 1)
}
await writeFile(KERNELS_WASM, fresh)
console.log(`${fresh.length} bytes`)
