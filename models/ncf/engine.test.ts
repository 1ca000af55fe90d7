import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openEngine, wasmEngine } from '#models/ncf/engine.ts'

const dir = await mkdtemp(path.join(os.tmpdir(), 'sv-engine-'))
after(() => rm(dir, { recursive: true }))

async function install(where: string, name: string, text: string): Promise<void> {
  const folder = path.join(where, 'node_modules', name)
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name, main: 'index.js' }))
  await writeFile(path.join(folder, 'index.js'), text)
}

test('where TensorFlow.js is not installed, auto trains on the kernels and says why', async () => {
  const engine = await openEngine('auto', { dir })
  assert.equal(engine.open, wasmEngine.open)
  assert.equal(engine.about, 'WASM kernels (CPU); no GPU: TensorFlow.js is not installed')
})

test('where TensorFlow.js is not installed, asking for it is refused', async () => {
  await assert.rejects(openEngine('tfjs', { dir }), { code: 'SV_ENGINE_MISSING', message: /not installed/ })
})

test('a package whose native part is missing is told, and the kernels train', async () => {
  const broken = path.join(dir, 'broken')
  await install(
    broken,
    '@tensorflow/tfjs-node-gpu',
    'throw new Error("libcudart is missing\\nat a long stack")',
  )
  await install(broken, '@tensorflow/tfjs-node', 'throw new Error("no native addon")')
  const { name, about } = await openEngine('auto', { dir: broken })
  assert.equal(name, 'wasm')
  assert.match(about, /tfjs-node-gpu: libcudart is missing; @tensorflow\/tfjs-node: no native addon$/)
  await assert.rejects(openEngine('tfjs', { dir: broken }), {
    code: 'SV_ENGINE_MISSING',
    message: /libcudart is missing/,
  })
})
