/** Files that are wrong by mistake or on purpose: each is refused in words, or its bad rows are told, and nothing is left. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { createImports, type ImportManifest, type Imports } from '#features/import/imports.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const root = mkdtempSync(path.join(tmpdir(), 'import-'))
const now = Date.UTC(2026, 4, 1)
let engine: Warehouse
let imports: Imports

before(async () => {
  mkdirSync(path.join(root, 'files'))
  engine = await openChdb({ dir: path.join(root, 'engine'), log: silentLog })
  imports = createImports({
    folder: path.join(root, 'imports'),
    engine: async () => engine,
    viewerKey: (_, id) => id,
    children: async () => [],
    clock: createManualClock(now),
  })
})
after(async () => {
  await engine?.close()
  rmSync(root, { recursive: true, force: true })
})

let files = 0
async function bring(
  name: string,
  content: string | Uint8Array,
  more: Partial<Parameters<Imports['add']>[0]> = {},
): Promise<ImportManifest> {
  const file = path.join(root, 'files', `${files++}-${name}`)
  writeFileSync(file, content)
  return (await imports.add({ tenantId: 'one', from: file, ...more })).manifest
}

const HEADER = 'user,item,timestamp,rating\n'
const sound = (n: number): string => Array.from({ length: n }, (_, k) => `u${k},i${k},${k + 1},3\n`).join('')

test('nothing, and nothing but a header', async () => {
  for (const text of ['', '\n', '\uFEFF', HEADER, `${HEADER}\n\r\n`]) {
    await assert.rejects(bring('a.csv', text), { code: 'SV_IMPORT_EMPTY' })
  }
  await assert.rejects(bring('a.dat', ''), { code: 'SV_IMPORT_EMPTY' })
  await assert.rejects(bring('a.parquet', ''), { code: 'SV_IMPORT_UNREADABLE' })
})

test('what is no file, or none of ours', async () => {
  const add = (from: string) => imports.add({ tenantId: 'one', from })
  await assert.rejects(add(path.join(root, 'files/none.csv')), { code: 'SV_IMPORT_SOURCE_MISSING' })
  await assert.rejects(add(root), { code: 'SV_IMPORT_SOURCE_MISSING', message: /none of u\.data/ })
  await assert.rejects(bring('a.xlsx', 'PK'), { code: 'SV_IMPORT_LAYOUT' })
  await assert.rejects(add('/dev/zero'), { code: 'SV_IMPORT_SOURCE_MISSING', message: /no plain file/ })
})

test('each bad row is told by its line and reason; the others are kept', async () => {
  const bad = [
    ',i,1,3',
    'u,,1,3',
    'u,i,,3',
    'u,i,yesterday,3',
    'u,i,-5,3',
    'u,i,99999999999,3',
    'u,i,1,good',
    'u,i,1,inf',
    'u,i,1,3,more',
    'u\0x,i,1,3',
    `${'x'.repeat(65)},i,1,3`,
    `"two\nlines",i,1,3`,
    'u,i',
  ]
  const manifest = await bring('a.csv', `${HEADER}"a","b\nc",1,3\n${bad.join('\n')}\n${sound(1400)}`)
  assert.deepEqual(manifest.refused, {
    'no title': 1,
    'no viewer': 1,
    'strength is no number': 2,
    'time before 1970': 1,
    'time cannot be read': 3,
    'time in the future': 1,
    'title is no id': 1,
    'too many fields': 1,
    'viewer is no id': 3,
  })
  assert.equal(manifest.rows, 1400)
  const lineOf = (reason: string): number[] =>
    manifest.examples.filter((one) => one.reason === reason).map(({ line }) => line)
  assert.deepEqual(lineOf('title is no id'), [2])
  assert.deepEqual(lineOf('no viewer'), [4])
  assert.deepEqual(lineOf('viewer is no id'), [13, 14, 15])
  assert.deepEqual(lineOf('time cannot be read'), [6, 7, 17])
  assert.ok(manifest.examples.every(({ excerpt }) => excerpt.length <= 80 && !/[\0\n]/.test(excerpt)))
})

test('a few bad rows pass, a hundredth passes, more is refused', async () => {
  assert.equal((await bring('a.csv', `${HEADER}${sound(6)}${',,1,\n'.repeat(5)}`)).refused['no viewer'], 5)
  await assert.rejects(bring('a.csv', `${HEADER}${sound(100)}${',,1,\n'.repeat(6)}`), {
    code: 'SV_IMPORT_BAD_ROWS',
    message: /^6 of 106 rows .*6 no viewer.* line 102: no viewer/,
  })
  await assert.rejects(bring('a.csv', `${HEADER}u,i,-1,3\n`), { code: 'SV_IMPORT_BAD_ROWS' })
  await assert.rejects(bring('a.csv', `${HEADER}${sound(50)}`, { atUnit: 'iso' }), {
    code: 'SV_IMPORT_BAD_ROWS',
  })
})

test('a line of a million characters is one bad row', async () => {
  const long = 'x'.repeat(1_000_000)
  const dat = await bring('a.dat', `1::2::3::4\n${long}\n1::3::4::5\n${long}::1::2::3\n2::2::2::2\n`)
  assert.deepEqual([dat.rows, dat.refused], [3, { 'line too long': 2 }])
  const csv = await bring('a.csv', `${HEADER}u,i,1,3\n${long},i,2,3\nv,i,3,"${long}"\nw,i,3,2\nx,i,3,2\n`)
  assert.deepEqual([csv.rows, csv.refused], [3, { 'strength is no number': 1, 'viewer is no id': 1 }])
  await assert.rejects(bring('a.csv', `${long}\n1\n`), { code: 'SV_IMPORT_COLUMNS' })
})

test('NUL bytes, other encodings, a wrong layout', async () => {
  await assert.rejects(bring('a.csv', Buffer.alloc(1000)), { code: 'SV_IMPORT_UNREADABLE' })
  await assert.rejects(bring('u.dat', Buffer.alloc(1000)), { code: 'SV_IMPORT_BAD_ROWS' })
  await assert.rejects(bring('a.csv', Buffer.from(`\uFEFF${HEADER}${sound(9)}`, 'utf16le')))
  await assert.rejects(bring('a.csv', HEADER + sound(99), { layout: 'ml-1m' }), {
    code: 'SV_IMPORT_BAD_ROWS',
    message: /not four fields/,
  })
  await assert.rejects(bring('a.csv', HEADER + sound(99), { layout: 'parquet' }), {
    code: 'SV_IMPORT_UNREADABLE',
  })
  const latin = await bring('a.csv', Buffer.from(`${HEADER}${sound(9)}é,i,1,3\n`, 'latin1'))
  assert.deepEqual(latin.refused, { 'viewer is no id': 1 })
})

test('quotes that never close, and text behind a closing quote', async () => {
  await assert.rejects(bring('a.csv', `${HEADER}u,"i,1,3\n${sound(50)}`), { code: 'SV_IMPORT_BAD_ROWS' })
  await assert.rejects(bring('a.csv', `${HEADER}u,i,1,3\nu,"i"x,1,3\n`), {
    code: 'SV_IMPORT_UNREADABLE',
    message: /^Row 2, the header not counted/,
  })
})

test('names of columns that break out of quotes are names', async () => {
  const names = ["`'; DROP TABLE staged; --", 'user', 'item\\', 'timestamp', '{x:String}']
  const columns = { title: 'item\\' }
  const manifest = await bring('a.csv', `${names.join(',')}\n1,2,3,4,5\n`, { columns })
  assert.deepEqual([manifest.rows, manifest.columns.title], [1, 'item\\'])
  const wide = Array.from({ length: 600 }, (_, k) => `c${k}`).join(',')
  await assert.rejects(bring('a.csv', `${wide}\n`), { code: 'SV_IMPORT_UNREADABLE' })
})

test('nothing is left of what was refused', async () => {
  const left = readdirSync(path.join(root, 'imports/one')).filter((name) => name.startsWith('.'))
  assert.deepEqual(left, [])
  const databases = await engine.query<{ name: string }>({ sql: 'SHOW DATABASES' })
  assert.deepEqual(
    databases.filter(({ name }) => name.startsWith('import')),
    [],
  )
})
