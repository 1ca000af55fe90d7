/** What is written from the code stays equal to it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createSchema } from '#api/schema.ts'
import { createTrustedDocuments, documentHash } from '#api/trusted.ts'
import { renderErrors } from '#scripts/errors-docs.ts'
import { renderMetrics } from '#scripts/metrics-docs.ts'
import { viewerDocuments } from '#scripts/trusted-documents.ts'

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

test('the documents of the viewer’s pages are trusted, and each compiles (else: npm run contract)', () => {
  const texts = JSON.parse(readFileSync('studio/trusted-documents.json', 'utf8')) as string[]
  const hashes = JSON.parse(readFileSync('studio/shared/trusted-hashes.json', 'utf8')) as object
  const documents = viewerDocuments()
  assert.deepEqual(texts, [...documents.values()])
  assert.deepEqual(
    hashes,
    Object.fromEntries([...documents].map(([name, text]) => [name, documentHash(text)])),
  )
  const trusted = createTrustedDocuments(createSchema(), texts)
  for (const text of texts) assert.ok(trusted.find(documentHash(text)))
})
