/** Runs one measurement by name: `node bench/run.ts ingest`. The last line is the result; exit code 1 when it fails its bar. */
import { readdir } from 'node:fs/promises'
import path from 'node:path'

type Bench = { readonly bench: () => Promise<object> }

const own = path.basename(import.meta.filename)
const names = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.ts') && file !== own && !file.includes('.test.'))
  .map((file) => path.basename(file, '.ts'))
  .sort()

const [name = ''] = process.argv.slice(2)
if (names.includes(name)) {
  const { bench } = (await import(`./${name}.ts`)) as Bench
  const result = await bench()
  console.log(JSON.stringify(result))
  if ('pass' in result && result.pass === false) process.exitCode = 1
} else {
  console.log(`node bench/run.ts <name>, one of: ${names.join(', ')}`)
  process.exitCode = 1
}
