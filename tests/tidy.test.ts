/** Style as a test: who may import whom, where SQL and engine clients live, how long files get. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, posix } from 'node:path'
import { test } from 'node:test'

/** Which folder may import which; itself and npm are always allowed. `*`: everything. */
const may: Record<string, readonly string[]> = {
  base: [],
  events: ['base'],
  storage: ['base', 'events'],
  features: ['base', 'events', 'storage'],
  metrics: ['base', 'events', 'storage'],
  playback: ['base', 'events', 'storage'],
  domains: ['base', 'events', 'storage'],
  models: ['base', 'events', 'storage', 'features'],
  serving: ['base', 'events', 'storage', 'features', 'models'],
  pipelines: ['base', 'events', 'storage', 'features', 'metrics'],
  api: ['base', 'events', 'metrics', 'serving', 'playback', 'models', 'domains'],
  studio: ['events', 'playback/player', 'base/ids.ts'],
  'playback/player': ['events', 'base/ids.ts'],
  demo: [
    'base',
    'events',
    'storage',
    'features',
    'metrics',
    'playback',
    'models',
    'serving',
    'pipelines',
    'domains',
  ],
  notebooks: [],
  bench: ['*'],
  scripts: ['*'],
  tests: ['*'],
  app: ['*'],
}
const nobodyImports = ['bench', 'tests', 'scripts', 'notebooks']
const engineClients = ['kafkajs', 'chdb', '@clickhouse/client', 'lmdb', 'cassandra-driver', 'pg']
const mayHoldSql =
  /^(storage|metrics|features|pipelines|notebooks)\/|records\.ts$|\/migrations\/|^bench\/|^scripts\/|\.test\.ts$|^tests\//

const files = globSync(
  `{${Object.keys(may)
    .filter((folder) => !folder.includes('/'))
    .join(',')}}/**/*.{ts,tsx}`,
).filter((file) => !/\/(dist|node_modules|assembly)\/|\.d\.ts$/.test(file))
const imported =
  /^(?:import|export)\b[^'"]*?from ['"]([^'"]+)['"]|^import ['"]([^'"]+)['"]|import\(['"]([^'"]+)['"]\)/gm
const importsOf = (text: string): string[] =>
  [...text.matchAll(imported)].map(([, a, b, c]) => (a ?? b ?? c) as string)
const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]))
const isTest = (file: string): boolean => /\.(test|suite|browser)\.tsx?$/.test(file)
const houseOf = (file: string): string =>
  file.startsWith('playback/player/') ? 'playback/player' : (file.split('/')[0] as string)

test('folders import only what they may', () => {
  const wrong: string[] = []
  for (const [file, text] of texts) {
    const house = houseOf(file)
    const allowed = may[house] as readonly string[]
    for (const target of importsOf(text)) {
      const leaves = target.startsWith('../') && !posix.join(dirname(file), target).startsWith(`${house}/`)
      if (leaves || (target.startsWith('../') && house !== 'studio')) {
        wrong.push(`${file}: write #folder/file.ts instead of ${target}`)
      }
      if (!target.startsWith('#')) continue
      const path = target.slice(1)
      const folder = houseOf(path)
      if (folder === house || allowed.includes('*')) continue
      if (isTest(file) && !nobodyImports.includes(folder)) continue
      if (
        nobodyImports.includes(folder) ||
        !allowed.some((one) => path === one || path.startsWith(`${one}/`))
      ) {
        wrong.push(`${file}: ${house} may not import ${path}`)
      }
    }
  }
  assert.deepEqual(wrong, [])
})

test('docs/architecture.md shows the same table', () => {
  const rows = readFileSync('docs/architecture.md', 'utf8').matchAll(/^\| `([^`]+)` \|[^|]*\| ([^|]+) \|$/gm)
  const listOf = (text: string): string[] => (text === 'nothing' ? [] : text.split(', ').sort())
  const shown = Object.fromEntries([...rows].map(([, folder, text]) => [folder, listOf(text as string)]))
  const enforced = Object.entries(may)
    .filter(([folder]) => !nobodyImports.includes(folder))
    .map(([folder, ones]) => [folder, ones.includes('*') ? ['everything'] : [...ones].sort()])
  assert.deepEqual(shown, Object.fromEntries(enforced))
})

test('a domain never imports another domain', () => {
  const wrong: string[] = []
  for (const [file, text] of texts) {
    const domain = /^domains\/([^/]+)\//.exec(file)?.[1]
    if (domain === undefined || isTest(file)) continue
    for (const target of importsOf(text)) {
      const other = /^#domains\/([^/]+)\//.exec(target)?.[1]
      if (other !== undefined && other !== domain) wrong.push(`${file}: imports domain ${other}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('engine clients are imported by storage only', () => {
  const wrong = [...texts].flatMap(([file, text]) =>
    file.startsWith('storage/') || isTest(file) || /^(bench|scripts|tests)\//.test(file)
      ? []
      : importsOf(text)
          .filter((target) => engineClients.includes(target))
          .map((target) => `${file}: imports ${target}`),
  )
  assert.deepEqual(wrong, [])
})

test('SQL lives where it may', () => {
  const sql = /\b(SELECT\s[\s\S]{1,400}?\sFROM\s|INSERT INTO\s|CREATE TABLE\s|DELETE FROM\s)/
  const wrong = files.filter((file) => !mayHoldSql.test(file) && sql.test(texts.get(file) as string))
  assert.deepEqual(wrong, [])
})

test('the environment is read in app/config.ts only', () => {
  const wrong = files.filter(
    (file) =>
      /process\.env/.test(texts.get(file) as string) &&
      !/^(app\/|bench\/|scripts\/|tests\/)/.test(file) &&
      !isTest(file),
  )
  assert.deepEqual(wrong, [])
})

test('files, lines and words stay in bounds', () => {
  const wrong: string[] = []
  for (const [file, text] of texts) {
    const lines = text.split('\n')
    if (lines.length > 400) wrong.push(`${file}: ${lines.length} lines`)
    lines.forEach((line, i) => {
      if (line.length > 140) wrong.push(`${file}:${i + 1}: ${line.length} columns`)
      if (/\b(TODO|FIXME|XXX)\b/.test(line) && !file.endsWith('tidy.test.ts'))
        wrong.push(`${file}:${i + 1}: unfinished`)
    })
    if (/\bexport default\b/.test(text) && !file.endsWith('.config.ts')) wrong.push(`${file}: default export`)
    if (!/^(#!.*\n)?\s*(\/\*\*|\/\/)/.test(text) && !isTest(file))
      wrong.push(`${file}: does not open with what it is for`)
  }
  assert.deepEqual(wrong, [])
})

test('no package that every machine must have is for one kind of machine', () => {
  type Entry = {
    readonly os?: readonly string[]
    readonly cpu?: readonly string[]
    readonly optional?: boolean
  }
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, Entry>
  }
  const narrow = ({ os = ['linux', 'darwin'], cpu = ['x64', 'arm64'] }: Entry): boolean =>
    !['linux', 'darwin'].every((one) => os.includes(one)) ||
    !['x64', 'arm64'].every((one) => cpu.includes(one))
  const wrong = Object.entries(packages).filter(([, entry]) => entry.optional !== true && narrow(entry))
  assert.deepEqual(
    wrong.map(([name]) => name),
    [],
  )
})
