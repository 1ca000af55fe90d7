/** What of our code decides a model: the sources of features and models, kernels among them, by their hash. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '..')
const FOLDERS = ['features', 'models']
const IS_CODE = /\.(ts|wasm)$/
const IS_TEST = /\.(test|fixture|suite)\.ts$/

let known: string | undefined

/** `code-<12 hex digits>`; equal sources, equal word. */
export function codeVersion(): string {
  known ??= `code-${hashSources().slice(0, 12)}`
  return known
}

function hashSources(): string {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => IS_CODE.test(file) && !IS_TEST.test(file))
      .map((file) => `${folder}/${file.split(path.sep).join('/')}`),
  ).sort()
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(path.join(ROOT, file)))
  return hash.digest('hex')
}
