/**
 * The user's own file: which layout it has, whether it is a plain file of a bearable size, and its checksum. Nothing is
 * written to it, and nothing of it is kept but what an import says it keeps.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, type Stats, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#features/import/errors.ts'
import { looksLikeMovieLens, readHeader } from '#features/import/header.ts'

export const LAYOUTS = ['ml-100k', 'ml-1m', 'ml-25m', 'csv', 'parquet'] as const
export type Layout = (typeof LAYOUTS)[number]

/** A file with its size and checksum, as the manifest keeps it: its name only, never its path. */
export type SourceFile = { readonly name: string; readonly bytes: number; readonly sha256: string }
export type Source = {
  readonly layout: Layout
  readonly file: string
  /** Names and genres of the titles, where the layout has them and the file is there. */
  readonly titlesFile: string | null
}

const MAX_BYTES = 32e9
const MAX_TITLES_BYTES = 64e6
const HEAD_BYTES = 65_536

/** What each MovieLens layout calls its two files. */
const NAMES: Partial<Record<Layout, { readonly ratings: string; readonly titles: string }>> = {
  'ml-100k': { ratings: 'u.data', titles: 'u.item' },
  'ml-1m': { ratings: 'ratings.dat', titles: 'movies.dat' },
  'ml-25m': { ratings: 'ratings.csv', titles: 'movies.csv' },
}

/** Finds the file to read and what it is: by its name, and for CSV by its first line. */
export async function findSource(given: string, layout?: Layout): Promise<Source> {
  const at = path.resolve(given)
  const found = statOf(at)
  if (found.isDirectory()) return findInFolder(at, layout)
  if (!found.isFile()) throw new Refusal(refusals.sourceMissing, `${at} is no plain file.`)
  const is = layout ?? (await recognise(at))
  return { layout: is, file: at, titlesFile: titlesBeside(path.dirname(at), is) }
}

function findInFolder(folder: string, layout?: Layout): Source {
  for (const [is, { ratings }] of Object.entries(NAMES) as [Layout, { ratings: string }][]) {
    const file = path.join(folder, ratings)
    if ((layout === undefined || layout === is) && existsSync(file)) {
      return { layout: is, file, titlesFile: titlesBeside(folder, is) }
    }
  }
  const wanted = Object.values(NAMES).map(({ ratings }) => ratings)
  throw new Refusal(refusals.sourceMissing, `${folder} holds none of ${wanted.join(', ')}.`)
}

function titlesBeside(folder: string, layout: Layout): string | null {
  const name = NAMES[layout]?.titles
  if (name === undefined) return null
  const file = path.join(folder, name)
  return existsSync(file) && statSync(file).isFile() && statSync(file).size <= MAX_TITLES_BYTES ? file : null
}

async function recognise(file: string): Promise<Layout> {
  const name = path.basename(file).toLowerCase()
  if (name === 'u.data') return 'ml-100k'
  if (name.endsWith('.dat')) return 'ml-1m'
  if (/\.(parquet|pq)$/.test(name)) return 'parquet'
  const head = await readHead(file)
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet'
  const first = head.toString('utf8').split(/\r?\n/, 1)[0] ?? ''
  if (/^\d+::\d+::[\d.]+::\d+$/.test(first)) return 'ml-1m'
  if (/^\d+\t\d+\t\d\t\d+$/.test(first)) return 'ml-100k'
  if (/\.(csv|tsv|txt)$/.test(name)) return looksLikeMovieLens(readHeader(head)) ? 'ml-25m' : 'csv'
  throw new Refusal(refusals.layoutUnknown, `What ${path.basename(file)} holds cannot be told from its name.`)
}

/** The first bytes of the file, enough for the names of its columns. */
export async function readHead(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

function statOf(file: string): Stats {
  try {
    return statSync(file)
  } catch (cause) {
    throw new Refusal(refusals.sourceMissing, `${file} cannot be read: ${(cause as Error).message}.`, {
      cause,
    })
  }
}

export type Checked = SourceFile & {
  /** Refuses when the file is no longer what was summed. */
  unchanged(): void
}

/** Sums the file. Refuses what is no plain file, as a device or a pipe would never end. */
export async function sumFile(file: string): Promise<Checked> {
  const before = statOf(file)
  if (!before.isFile()) throw new Refusal(refusals.sourceMissing, `${file} is no plain file.`)
  if (before.size > MAX_BYTES) {
    throw new Refusal(refusals.tooLarge, `${file} has ${before.size} bytes; at most ${MAX_BYTES} are read.`)
  }
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  } catch (cause) {
    throw new Refusal(refusals.sourceMissing, `${file} cannot be read: ${(cause as Error).message}.`, {
      cause,
    })
  }
  const unchanged = (): void => {
    const now = statOf(file)
    if (now.size !== before.size || now.mtimeMs !== before.mtimeMs) {
      throw new Refusal(refusals.changed, `${file} was written to while it was read.`)
    }
  }
  unchanged()
  return { name: path.basename(file), bytes: before.size, sha256: hash.digest('hex'), unchanged }
}
