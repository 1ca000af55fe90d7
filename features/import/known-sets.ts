/** Published sets an import can tell by: one by the checksum of its file, others by how much is in them. */
import type { Layout } from '#features/import/source.ts'

type KnownSet = {
  readonly name: string
  readonly layout: Layout
  readonly rows: number
  readonly viewers: number
  readonly titles: number
  readonly sha256?: string
}

/** Harper and Konstan 2015; counts from the READMEs of GroupLens, titles that have a rating. */
const KNOWN: readonly KnownSet[] = [
  {
    name: 'MovieLens 100K',
    layout: 'ml-100k',
    rows: 100_000,
    viewers: 943,
    titles: 1682,
    sha256: '06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490',
  },
  { name: 'MovieLens 1M', layout: 'ml-1m', rows: 1_000_209, viewers: 6040, titles: 3706 },
  { name: 'MovieLens 10M', layout: 'ml-1m', rows: 10_000_054, viewers: 69_878, titles: 10_677 },
  { name: 'MovieLens 20M', layout: 'ml-25m', rows: 20_000_263, viewers: 138_493, titles: 26_744 },
  { name: 'MovieLens 25M', layout: 'ml-25m', rows: 25_000_095, viewers: 162_541, titles: 59_047 },
]

/** What the file is, in words; null for one nobody published. */
export function knownAs(
  layout: Layout,
  found: {
    readonly rows: number
    readonly viewers: number
    readonly titles: number
    readonly sha256: string
  },
): string | null {
  const own = KNOWN.filter((one) => one.layout === layout)
  const same = own.find(({ sha256 }) => sha256 === found.sha256)
  if (same !== undefined) return `${same.name}, checksum as published`
  const counted = own.find(
    ({ rows, viewers, titles }) =>
      rows === found.rows && viewers === found.viewers && titles === found.titles,
  )
  if (counted === undefined) return null
  return counted.sha256 === undefined
    ? `${counted.name}, by its counts`
    : `${counted.name} by its counts, but not its checksum`
}
