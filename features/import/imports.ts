/**
 * Interaction sets people brought along: read from their own copy, checked, kept under the data folder as Parquet beside
 * a manifest, one folder a tenant and name. A name holds one set; the same file said again changes nothing.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { Refusal } from '#base/refusal.ts'
import { openDraft } from '#features/import/draft.ts'
import { refusals } from '#features/import/errors.ts'
import { type NamedRoles, type Roles, readHeader } from '#features/import/header.ts'
import { type Kept, keepRows, readKept, writeKept, writeTitles } from '#features/import/keep.ts'
import { knownAs } from '#features/import/known-sets.ts'
import { csvRows, parquetRows, type Rows, separatedRows } from '#features/import/rows.ts'
import {
  findSource,
  type Layout,
  readHead,
  type Source,
  type SourceFile,
  sumFile,
} from '#features/import/source.ts'
import { type AtUnit, type BadRow, reading, stageRows } from '#features/import/stage.ts'
import type { Interactions } from '#features/interactions.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type ImportRequest = {
  readonly tenantId: string
  /** A file, or a folder with an unpacked copy of MovieLens. */
  readonly from: string
  /** The source's own name without. Letters, digits, `.`, `_` and `-`. */
  readonly name?: string
  readonly layout?: Layout
  readonly columns?: NamedRoles
  readonly atUnit?: AtUnit
  /** Rows rated lower are left out. */
  readonly minRating?: number
  /** Reads and checks, and keeps nothing. */
  readonly dryRun?: boolean
}

export type ImportManifest = Kept & {
  readonly format: 1
  readonly tenantId: string
  readonly name: string
  readonly layout: Layout
  readonly importedAt: number
  readonly source: SourceFile
  readonly columns: Roles<string>
  readonly atUnit: AtUnit
  readonly minRating: number | null
  /** The published set it is, in words; null for one of your own. */
  readonly known: string | null
  readonly read: number
  readonly refused: Readonly<Record<string, number>>
  readonly examples: readonly BadRow[]
  /** Titles with a name and genres, from the layout's second file. */
  readonly describedTitles: number
  /** Checksum of what is kept; null when nothing was. */
  readonly sha256: string | null
}

export type Imports = {
  /** `kept` is false when the very same set is there already, and for a dry run. */
  add(request: ImportRequest): Promise<{ readonly manifest: ImportManifest; readonly kept: boolean }>
  /** By name. */
  list(tenantId: string): Promise<ImportManifest[]>
  /** What models learn from. Rejects with SV_IMPORT_MISSING. */
  read(tenantId: string, name: string): Promise<Interactions>
  remove(tenantId: string, name: string): Promise<void>
}

const MANIFEST = 'manifest.json'
const INTERACTIONS = 'interactions.parquet'
const TITLES = 'titles.parquet'
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

type Options = {
  /** The folder imports are kept in. */
  readonly folder: string
  /** An embedded engine that may be kept busy: it reads files of this machine. Opened when first needed. */
  readonly engine: () => Promise<Warehouse>
  readonly viewerKey: (tenantId: string, id: string) => string
  /** Ids of children's profiles. */
  readonly children: (tenantId: string) => Promise<readonly string[]>
  readonly clock: Clock
}

let databases = 0

export function createImports(options: Options): Imports {
  const folderOf = (tenantId: string): string => path.join(options.folder, checkedName(tenantId, 'tenant'))
  const placeOf = (tenantId: string, name: string): string =>
    path.join(folderOf(tenantId), checkedName(name, 'import'))
  const find = async (tenantId: string, name: string): Promise<string> => {
    const place = placeOf(tenantId, name)
    if (existsSync(path.join(place, MANIFEST))) return place
    throw new Refusal(refusals.importMissing, `${tenantId} has no import ${name}.`)
  }
  return {
    add: async (request) => {
      const name = request.name ?? nameFrom(request.from)
      const place = placeOf(request.tenantId, name)
      const source = await findSource(request.from, request.layout)
      const checked = await sumFile(source.file)
      if (existsSync(place) && request.dryRun !== true) {
        return { manifest: await sameAs(place, name, checked, request), kept: false }
      }
      const draft = await openDraft(folderOf(request.tenantId))
      const engine = await options.engine()
      const database = `import_${process.pid}_${databases++}`
      try {
        const own = await engine.inDatabase(database)
        const found = await makeSet(own, { ...options, request, source, draft, checked })
        const manifest: ImportManifest = { ...found, name }
        if (request.dryRun === true) return { manifest, kept: false }
        const text = `${JSON.stringify(manifest, null, 2)}\n`
        await writeFile(path.join(draft, MANIFEST), text, { mode: 0o600, flush: true })
        await putInPlace(draft, place, name)
        return { manifest, kept: true }
      } finally {
        await engine.dropDatabase(database)
        await rm(draft, { recursive: true, force: true })
      }
    },
    list: async (tenantId) => {
      const folder = folderOf(tenantId)
      const names = existsSync(folder) ? (await readdir(folder)).filter((name) => NAME.test(name)) : []
      const whole = names.filter((name) => existsSync(path.join(folder, name, MANIFEST)))
      return Promise.all(whole.sort().map((name) => readManifest(path.join(folder, name))))
    },
    read: async (tenantId, name) =>
      readKept(await options.engine(), path.join(await find(tenantId, name), INTERACTIONS)),
    remove: async (tenantId, name) => rm(await find(tenantId, name), { recursive: true }),
  }
}

const readManifest = async (place: string): Promise<ImportManifest> =>
  JSON.parse(await readFile(path.join(place, MANIFEST), 'utf8')) as ImportManifest

async function putInPlace(draft: string, place: string, name: string): Promise<void> {
  try {
    await rename(draft, place)
  } catch (cause) {
    throw new Refusal(refusals.nameTaken, `An import ${name} came in between.`, { cause })
  }
}

type Task = Options & {
  readonly request: ImportRequest
  readonly source: Source
  readonly draft: string
  readonly checked: Awaited<ReturnType<typeof sumFile>>
}

/** Reads, checks, and unless it is a dry run writes the files into the draft. */
async function makeSet(engine: Warehouse, task: Task): Promise<Omit<ImportManifest, 'name'>> {
  const { request, source, draft, checked, clock } = task
  const { tenantId, minRating } = request
  // Under a name of ours: the engine takes `*` and `{}` in the names of files for patterns.
  const [linked, linkedTitles] = [path.join(draft, 'source'), path.join(draft, 'titles')]
  await symlink(source.file, linked)
  const rows = await reading(() => rowsOf(engine, linked, source, request))
  const staged = await stageRows(engine, rows, {
    now: clock.now(),
    ...(request.atUnit === undefined ? {} : { unit: request.atUnit }),
  })
  checked.unchanged()
  const kept = await keepRows(engine, staged, {
    folder: draft,
    viewerKey: (id) => task.viewerKey(tenantId, id),
    children: await task.children(tenantId),
    ...(minRating === undefined ? {} : { minRating }),
  })
  let [describedTitles, sha256]: [number, string | null] = [0, null]
  if (request.dryRun !== true) {
    await writeKept(engine, path.join(draft, INTERACTIONS))
    sha256 = (await sumFile(path.join(draft, INTERACTIONS))).sha256
    if (source.titlesFile !== null) {
      await symlink(source.titlesFile, linkedTitles)
      const file = path.join(draft, TITLES)
      describedTitles = await reading(() =>
        writeTitles(engine, source.layout, { titlesFile: linkedTitles, file }),
      )
    }
  }
  for (const link of [linked, linkedTitles]) await rm(link, { force: true })
  const { name, bytes, sha256: sourceSum } = checked
  const { sound, viewers, titles, read, refused, examples, unit } = staged
  const counts = { rows: sound, viewers, titles, sha256: sourceSum }
  return {
    format: 1,
    tenantId,
    layout: source.layout,
    importedAt: clock.now(),
    source: { name, bytes, sha256: sourceSum },
    columns: rows.columns,
    atUnit: unit,
    minRating: minRating ?? null,
    known: knownAs(source.layout, counts),
    read,
    refused,
    examples,
    ...kept,
    describedTitles,
    sha256,
  }
}

async function rowsOf(
  engine: Warehouse,
  file: string,
  { layout }: Source,
  { columns }: ImportRequest,
): Promise<Rows> {
  if (layout === 'ml-100k') return separatedRows(file, '\t')
  if (layout === 'ml-1m') return separatedRows(file, '::')
  if (layout === 'parquet') return parquetRows(engine, file, columns)
  return csvRows(file, readHeader(await readHead(file)), columns)
}

/** The set there is, when it was made of the same file in the same way; refused when the name is another's. */
async function sameAs(
  place: string,
  name: string,
  { sha256 }: SourceFile,
  { minRating, layout, columns, atUnit }: ImportRequest,
): Promise<ImportManifest> {
  const there = await readManifest(place)
  const same =
    there.source.sha256 === sha256 &&
    there.minRating === (minRating ?? null) &&
    (layout === undefined || layout === there.layout) &&
    (atUnit === undefined || atUnit === there.atUnit) &&
    Object.entries(columns ?? {}).every(([role, column]) => there.columns[role as 'at'] === column)
  if (same) return there
  throw new Refusal(refusals.nameTaken, `${name} holds another file, or the same one read in another way.`)
}

/** Names become names of folders. */
function checkedName(name: string, of: 'tenant' | 'import'): string {
  if (NAME.test(name)) return name
  throw new TypeError(
    `${name.slice(0, 80)} is no name for ${of === 'tenant' ? 'a tenant' : 'an import'}: letters, digits, “.”, “_” and “-”`,
  )
}

/** `ratings.csv` of a folder `ml-25m` is `ml-25m`; any other file is called by its own name. */
function nameFrom(from: string): string {
  const at = path.resolve(from)
  const file = path.basename(at)
  const own = /^(u\.data|ratings\.(dat|csv))$/.test(file) ? path.basename(path.dirname(at)) : file
  const name = own
    .replace(/\.(csv|tsv|txt|dat|data|parquet|pq)$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
  return name.slice(0, 64) || 'import'
}
