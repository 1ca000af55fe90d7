/** Each layout as people have it, small and written here; and MovieLens-100K itself where a copy is at hand. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { createImports, type Imports } from '#features/import/imports.ts'
import { encodeInteractions, type Interactions } from '#features/interactions.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

const root = mkdtempSync(path.join(tmpdir(), 'import-'))
const folder = path.join(root, 'imports')
const now = Date.UTC(2026, 4, 1)
let engine: Warehouse
let imports: Imports

before(async () => {
  engine = await openChdb({ dir: path.join(root, 'engine'), log: silentLog })
  imports = createImports({
    folder,
    engine: async () => engine,
    viewerKey: (tenantId, id) => `${tenantId}~${id}`,
    children: async (tenantId) => (tenantId === 'kin' ? ['kim'] : []),
    clock: createManualClock(now),
  })
})
after(async () => {
  await engine?.close()
  rmSync(root, { recursive: true, force: true })
})

function put(name: string, content: string | Uint8Array): string {
  const file = path.join(root, name)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, content)
  return file
}

/** Rows as text, in order: `viewer title at strength`. */
const rowsOf = ({ viewers, titles, viewer, title, at, strength }: Interactions): string[] =>
  Array.from(
    viewer,
    (v, k) => `${viewers[v]} ${titles[title[k] as number]} ${at[k]} ${strength[k]?.toFixed(3)}`,
  )

async function bring(from: string, more: Partial<Parameters<Imports['add']>[0]> = {}) {
  const { manifest, kept } = await imports.add({ tenantId: 'one', from, ...more })
  const rows = kept ? rowsOf(await imports.read('one', manifest.name)) : []
  return { manifest, kept, rows }
}

test('MovieLens 100K: tabs and Latin-1 names; ratings become strengths, in order of time', async () => {
  put('hundred/u.data', '7\t1\t5\t2000\n8\t2\t1\t1000\n7\t2\t3\t3000\n')
  const flags = (...at: number[]): string =>
    Array.from({ length: 19 }, (_, k) => (at.includes(k) ? 1 : 0)).join('|')
  const items = [
    `1|Misérables, Les (1995)|01-Jan-1995||http://x|${flags(8, 12)}`,
    `2|Nosferatu|x||y|${flags(11)}`,
  ]
  put('hundred/u.item', Buffer.from(`${items.join('\n')}\n`, 'latin1'))
  const { manifest, rows } = await bring(path.join(root, 'hundred'))
  assert.deepEqual(rows, ['one~8 2 1000000 0.500', 'one~7 1 2000000 1.000', 'one~7 2 3000000 0.750'])
  assert.deepEqual([manifest.layout, manifest.name, manifest.known], ['ml-100k', 'hundred', null])
  const titles = await engine.query({
    sql: sql`SELECT titleId, name, year, genres FROM file({file:String}, 'Parquet')`,
    params: { file: path.join(folder, 'one/hundred/titles.parquet') },
  })
  assert.deepEqual(titles, [
    { titleId: '1', name: 'Misérables, Les (1995)', year: 1995, genres: ['Drama', 'Musical'] },
    { titleId: '2', name: 'Nosferatu', year: 0, genres: ['Horror'] },
  ])
})

test('MovieLens 1M: `::` between fields, CRLF or not; genres with bars', async () => {
  put('million/ratings.dat', '1::1193::5::978300760\r\n1::661::3::978302109\r\n2::661::4::978302110\r\n')
  put('million/movies.dat', '661::James and the Giant Peach (1996)::Animation|Musical\n')
  const { manifest, rows } = await bring(path.join(root, 'million/ratings.dat'), { minRating: 4 })
  assert.deepEqual(rows, ['one~1 1193 978300760000 1.000', 'one~2 661 978302110000 0.750'])
  assert.deepEqual([manifest.layout, manifest.belowRating, manifest.describedTitles], ['ml-1m', 1, 1])
})

test('MovieLens 25M: CSV, half stars, names in quotes', async () => {
  put('more/ratings.csv', 'userId,movieId,rating,timestamp\n1,296,5.0,1147880044\n1,306,0.5,1147868817\n')
  put(
    'more/movies.csv',
    'movieId,title,genres\n296,"Pulp, or Fiction (1994)",Crime|Drama\n306,"Plain",(no genres listed)\n',
  )
  const { manifest, rows } = await bring(path.join(root, 'more'))
  assert.deepEqual(rows, ['one~1 306 1147868817000 0.500', 'one~1 296 1147880044000 1.000'])
  assert.deepEqual([manifest.layout, manifest.describedTitles], ['ml-25m', 2])
})

test('CSV: a mark of byte order, CRLF, quotes, a line within a field, other separators, moments as text', async () => {
  const file = put(
    'plain.csv',
    '\uFEFF"user_id";item_id;watched_at;"note"\r\n"a;1";"x ""y""";2026-01-02T03:04:05Z;"two\nlines"\r\nb;z;2026-01-02 03:04:06.5;\r\n\r\n',
  )
  const { manifest, rows } = await bring(file)
  const at = Date.UTC(2026, 0, 2, 3, 4, 5)
  assert.deepEqual(rows, [`one~a;1 x "y" ${at} 1.000`, `one~b z ${at + 1500} 1.000`])
  assert.deepEqual([manifest.atUnit, manifest.columns.strength, manifest.read], ['iso', null, 2])
})

test('columns of other names are named; milliseconds are told from seconds', async () => {
  const file = put('odd.csv', 'who,what,when,how\n1,2,1700000000000,3\n4,5,1700000000001,9\n')
  await assert.rejects(bring(file), {
    code: 'SV_IMPORT_COLUMNS',
    message: /viewer, title, at; there are who/,
  })
  const columns = { viewer: 'who', title: 'what', at: 'when', strength: 'how' }
  const { manifest, rows } = await bring(file, { columns })
  assert.deepEqual(rows, ['one~1 2 1700000000000 0.500', 'one~4 5 1700000000001 1.000'])
  assert.equal(manifest.atUnit, 'ms')
})

test('Parquet: typed ids and moments, missing values are bad rows', async () => {
  const file = path.join(root, 'typed.parquet')
  await engine.command({
    sql: sql`INSERT INTO FUNCTION file({file:String}, 'Parquet')
      SELECT toInt64(number) AS userId, if(number = 3, NULL, concat('t', toString(number % 2))) AS \`item id\`,
        toDateTime64('2026-01-01 00:00:00.250', 6, 'UTC') + number AS timestamp, toFloat32(number) AS rating
      FROM numbers(6)`,
    params: { file },
  })
  const { manifest, rows } = await bring(file)
  const at = Date.UTC(2026, 0, 1) + 250
  assert.deepEqual(rows[1], `one~1 t1 ${at + 1000} 0.600`)
  assert.equal(rows.length, 5)
  assert.deepEqual(manifest.refused, { 'no title': 1 })
  assert.deepEqual(manifest.examples, [{ line: 4, reason: 'no title', excerpt: `3  ${at + 3000} 3` }])
})

test('a viewer and title said twice is one interaction: the earliest moment, the greatest strength', async () => {
  const file = put('twice.csv', 'user,item,timestamp,rating\n1,a,300,5\n1,a,100,1\n1,a,100,1\n2,a,200,3\n')
  const { manifest, rows } = await bring(file)
  assert.deepEqual(rows, ['one~1 a 100000 1.000', 'one~2 a 200000 0.750'])
  assert.equal(manifest.repeated, 2)
})

test('the same file again is the same set, another of its name is refused; equal files give equal bytes', async () => {
  const lines = Array.from({ length: 500 }, (_, k) => `u${k % 17},i${k % 23},${1000 + ((k * 7919) % 500)}\n`)
  const text = `user,item,timestamp\n${lines.join('')}`
  const file = put('same.csv', text)
  const first = await bring(file)
  const again = await bring(file)
  assert.deepEqual([first.kept, again.kept], [true, false])
  assert.deepEqual(again.manifest, first.manifest)
  const other = await bring(file, { name: 'other' })
  assert.equal(other.manifest.sha256, first.manifest.sha256)
  assert.deepEqual(
    readFileSync(path.join(folder, 'one/other/interactions.parquet')),
    readFileSync(path.join(folder, 'one/same/interactions.parquet')),
  )
  await assert.rejects(bring(file, { minRating: 3 }), { code: 'SV_IMPORT_NAME_TAKEN' })
  await assert.rejects(bring(put('x/same.csv', 'user,item,timestamp\n1,2,3\n')), {
    code: 'SV_IMPORT_NAME_TAKEN',
  })
})

test('nothing of a child’s profile is kept', async () => {
  const file = put('kin.csv', 'user,item,timestamp\nkim,a,1\nann,a,2\nkim,b,3\n')
  const { manifest } = await imports.add({ tenantId: 'kin', from: file })
  assert.deepEqual([manifest.rows, manifest.ofChildren], [1, 2])
  assert.deepEqual(rowsOf(await imports.read('kin', 'kin')), ['kin~ann a 2000 1.000'])
  assert.doesNotMatch(readFileSync(path.join(folder, 'kin/kin/interactions.parquet'), 'latin1'), /kim/)
})

test('a draft whose process was killed is taken away by the next import', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  mkdirSync(path.join(folder, `left/.draft-${pid}-abc`), { recursive: true })
  mkdirSync(path.join(folder, `left/.draft-${process.pid}-abc`))
  await imports.add({ tenantId: 'left', from: put('left.csv', 'user,item,timestamp\n1,2,3\n') })
  assert.deepEqual(readdirSync(path.join(folder, 'left')).sort(), [`.draft-${process.pid}-abc`, 'left'])
})

test('tenants have their own; a removed set is gone; a dry run and a refused file leave nothing', async () => {
  const file = put('mine.csv', 'user,item,timestamp\n1,2,3\n')
  await imports.add({ tenantId: 'two', from: file })
  assert.deepEqual(
    (await imports.list('two')).map(({ name, rows }) => [name, rows]),
    [['mine', 1]],
  )
  assert.equal(
    (await imports.list('one')).some(({ name }) => name === 'mine'),
    false,
  )
  await assert.rejects(imports.read('one', 'mine'), { code: 'SV_IMPORT_MISSING' })
  assert.deepEqual(rowsOf(await imports.read('two', 'mine')), ['two~1 2 3000 1.000'])
  await imports.remove('two', 'mine')
  await assert.rejects(imports.remove('two', 'mine'), { code: 'SV_IMPORT_MISSING' })
  const dry = await imports.add({ tenantId: 'two', from: file, dryRun: true })
  assert.deepEqual([dry.kept, dry.manifest.rows, dry.manifest.sha256], [false, 1, null])
  await assert.rejects(imports.add({ tenantId: 'two', from: put('bad.csv', 'user,item,timestamp\n') }))
  assert.deepEqual(readdirSync(path.join(folder, 'two')), [])
  for (const name of ['..', '../one', 'a/b', '']) {
    await assert.rejects(imports.read('two', name), TypeError)
    await assert.rejects(imports.list(name), TypeError)
  }
})

test('the file’s own name is no pattern', async () => {
  put('star/a.csv', 'user,item,timestamp\n1,2,3\n')
  const { rows } = await bring(put('star/{a,b}*.csv', 'user,item,timestamp\n9,9,9\n'))
  assert.deepEqual(rows, ['one~9 9 9000 1.000'])
})

test('what is read back is what encoding its rows would give', async () => {
  const lines = Array.from(
    { length: 300 },
    (_, k) => [`u${(k * 31) % 40}`, `i${(k * 17) % 60}`, k + 1] as const,
  )
  const file = put('many.csv', `user,item,timestamp\n${lines.map((line) => line.join(',')).join('\n')}\n`)
  await bring(file)
  const seen = new Set<string>()
  const rows = lines.filter(([u, i]) => !seen.has(`${u} ${i}`) && seen.add(`${u} ${i}`))
  const expected = encodeInteractions(
    rows.map(([u, i, at]) => ({ viewerKey: `one~${u}`, titleId: i, at: at * 1000, strength: 1 })),
  )
  assert.deepEqual(await imports.read('one', 'many'), expected)
})

const OWN_COPY = path.join(import.meta.dirname, '../../../shared/data/movielens-100k')
test('MovieLens-100K is known by its checksum', {
  skip: !existsSync(OWN_COPY) && 'no copy at hand',
}, async () => {
  const { manifest } = await bring(OWN_COPY)
  assert.match(manifest.known ?? '', /^MovieLens 100K, checksum as published$/)
  const { rows, viewers, titles, describedTitles, refused } = manifest
  assert.deepEqual([rows, viewers, titles, describedTitles, refused], [100_000, 943, 1682, 1682, {}])
  const cells = readFileSync(path.join(OWN_COPY, 'u.data'), 'utf8').trimEnd().split('\n')
  const read = await imports.read('one', manifest.name)
  const pairs = new Set(rowsOf(read).map((row) => row.split(' ').slice(0, 3).join(' ')))
  assert.ok(
    cells.every((cell) => {
      const [user, item, , seconds] = cell.split('\t')
      return pairs.has(`one~${user} ${item} ${Number(seconds) * 1000}`)
    }),
  )
})
