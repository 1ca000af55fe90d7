import assert from 'node:assert/strict'
import { test } from 'node:test'
import { committed, compileModule, MODULES } from '#scripts/build-wasm.ts'

for (const module of MODULES) {
  test(`${module.wasm} is what its source compiles to`, async () => {
    assert.ok(Buffer.from(await compileModule(module)).equals(await committed(module)))
  })
}
