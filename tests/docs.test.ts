/** Docs that are written from the code stay equal to it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { renderErrors } from '#scripts/errors-docs.ts'
import { renderMetrics } from '#scripts/metrics-docs.ts'

test('docs/errors.md lists every refusal (else: npm run contract)', async () => {
  assert.equal(readFileSync('docs/errors.md', 'utf8'), await renderErrors())
})

test('no code is used for two refusals', async () => {
  const codes = [...(await renderErrors()).matchAll(/^\| `(SV_\w+)`/gm)].map(([, code]) => code)
  assert.deepEqual(
    codes.filter((code, i) => codes.indexOf(code) !== i),
    [],
  )
})

test('docs/metrics.md says what the definitions say (else: npm run contract)', () => {
  assert.equal(readFileSync('docs/metrics.md', 'utf8'), renderMetrics())
})
