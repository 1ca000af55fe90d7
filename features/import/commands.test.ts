import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { importCommands } from '#features/import/commands.ts'
import { createImports, type ImportManifest, type Imports } from '#features/import/imports.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const root = mkdtempSync(path.join(tmpdir(), 'import-'))
let engine: Warehouse
let imports: Imports

before(async () => {
  engine = await openChdb({ dir: path.join(root, 'engine'), log: silentLog })
  imports = createImports({
    folder: path.join(root, 'imports'),
    engine: async () => engine,
    viewerKey: (_, id) => id,
    children: async () => [],
    clock: createManualClock(Date.UTC(2026, 4, 1)),
  })
})
after(async () => {
  await engine?.close()
  rmSync(root, { recursive: true, force: true })
})

async function run(name: string, ...args: string[]): Promise<string[]> {
  const lines: string[] = []
  const command = importCommands[name]
  assert.ok(command)
  const print = (line: string): void => void lines.push(line)
  assert.equal(await command.run(args, { ...imports, tenantId: 'one', by: 'ann', print }), 0)
  return lines
}

test('import tells what it found, imports lists it, and remove takes it away', async () => {
  const file = path.join(root, 'plays.csv')
  writeFileSync(
    file,
    'who,item,timestamp,rating\n1,a,1000,5\n1,a,1001,4\n2,b,1002,1\n,c,1003,5\n3,c,86400,4\n',
  )
  const args = [file, '--columns', 'viewer=who', '--min-rating', '2', '--name', 'mine']
  const dry = await run('import', ...args, '--dry-run')
  assert.equal(dry.at(-1), 'Would keep 2 interactions of 2 viewers with 2 titles, 1970-01-01 to 1970-01-02.')
  assert.deepEqual(await run('imports'), ['Nothing was imported yet: streamverse import FILE'])

  const told = await run('import', ...args)
  assert.match(told[0] as string, /^plays\.csv {2}\d+ bytes {2}sha-256 [0-9a-f]{64}$/)
  assert.deepEqual(told.slice(1), [
    '  no set published under a name known here, read as csv: 5 rows',
    '  viewer who, title item, at timestamp (s), strength rating',
    '  left out, no viewer: 1',
    '    line 5: no viewer:  c 1003 5',
    '  left out, rated below 2: 1',
    '  said before, of the same viewer and title: 1',
    'Kept as mine: 2 interactions of 2 viewers with 2 titles, 1970-01-01 to 1970-01-02.',
    'Learn from it with: streamverse train --from mine',
  ])
  const [again] = await run('import', ...args, '--json')
  const { kept, rows } = JSON.parse(again as string) as ImportManifest & { kept: boolean }
  assert.deepEqual([kept, rows], [false, 2])

  assert.match((await run('imports')).join('\n'), /^mine +2 interactions of 2 viewers/)
  assert.deepEqual(JSON.parse((await run('imports', '--tenant', 'two', '--json'))[0] as string), [])
  assert.deepEqual(await run('imports', 'remove', 'mine'), ['mine is removed.'])
  assert.deepEqual(await run('imports', '--json'), ['[]'])
})

test('mistakes in what was typed are told', async () => {
  await assert.rejects(run('import'), /takes one file/)
  await assert.rejects(run('import', 'a', 'b'), /takes one file/)
  await assert.rejects(run('import', 'a', '--layout', 'xml'), /one of ml-100k.*not xml/)
  await assert.rejects(run('import', 'a', '--at-unit', 'h'), /one of s, ms, iso/)
  await assert.rejects(run('import', 'a', '--min-rating', 'four'), /takes a number/)
  await assert.rejects(run('import', 'a', '--columns', 'user=x'), /roles viewer, title/)
  await assert.rejects(run('import', 'a', '--columns', 'viewer='), /roles viewer, title/)
  await assert.rejects(run('import', 'a', '--name', '../up'), /is no name for an import/)
  await assert.rejects(run('imports', 'drop', 'x'), /takes nothing/)
  await assert.rejects(run('imports', 'remove', 'none'), { code: 'SV_IMPORT_MISSING' })
})
