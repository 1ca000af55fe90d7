/** The command line for what people bring along: import, imports, imports remove. */
import { parseArgs } from 'node:util'
import type { Command, Commands, Shell } from '#base/command.ts'
import type { NamedRoles } from '#features/import/header.ts'
import type { ImportManifest, ImportRequest, Imports } from '#features/import/imports.ts'
import { LAYOUTS } from '#features/import/source.ts'
import { AT_UNITS, type BadRow } from '#features/import/stage.ts'

export type ImportCommandPorts = Shell &
  Pick<Imports, 'add' | 'list' | 'remove'> & {
    /** The tenant when --tenant does not say. */
    readonly tenantId: string
  }

const OPTIONS = {
  layout: { type: 'string' },
  columns: { type: 'string' },
  'at-unit': { type: 'string' },
  'min-rating': { type: 'string' },
  name: { type: 'string' },
  'dry-run': { type: 'boolean' },
  tenant: { type: 'string' },
  json: { type: 'boolean' },
} as const

const ROLES = ['viewer', 'title', 'at', 'strength'] as const

function oneOf<T extends string>(
  option: string,
  words: readonly T[],
  text: string | undefined,
): T | undefined {
  const found = words.find((word) => word === text)
  if (text === undefined || found !== undefined) return found
  throw new TypeError(`--${option} takes one of ${words.join(', ')}, not ${text}`)
}

/** `viewer=user_id,title=item_id`. */
function readColumns(text: string): NamedRoles {
  const pairs = text.split(',').map((pair) => {
    const at = pair.indexOf('=')
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const
  })
  for (const [role, column] of pairs) {
    if (!ROLES.some((one) => one === role) || column === '') {
      throw new TypeError(`--columns takes role=column of the roles ${ROLES.join(', ')}, not ${text}`)
    }
  }
  return Object.fromEntries(pairs)
}

function readRequest(args: readonly string[], tenantId: string) {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  const [from, ...more] = positionals
  if (from === undefined || more.length > 0) throw new TypeError('import takes one file or folder')
  const minRating = values['min-rating'] === undefined ? undefined : Number(values['min-rating'])
  if (minRating !== undefined && !Number.isFinite(minRating)) {
    throw new TypeError(`--min-rating takes a number, not ${values['min-rating']}`)
  }
  const layout = oneOf('layout', LAYOUTS, values.layout)
  const atUnit = oneOf('at-unit', AT_UNITS, values['at-unit'])
  const request: ImportRequest = {
    tenantId: values.tenant ?? tenantId,
    from,
    dryRun: values['dry-run'] === true,
    ...(values.name === undefined ? {} : { name: values.name }),
    ...(layout === undefined ? {} : { layout }),
    ...(atUnit === undefined ? {} : { atUnit }),
    ...(values.columns === undefined ? {} : { columns: readColumns(values.columns) }),
    ...(minRating === undefined ? {} : { minRating }),
  }
  return { request, json: values.json === true }
}

const count = (n: number): string => n.toLocaleString('en')
const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
const sizeOf = ({ rows, viewers, titles, firstAt, lastAt }: ImportManifest): string =>
  `${count(rows)} interactions of ${count(viewers)} viewers with ${count(titles)} titles, ${day(firstAt)} to ${day(lastAt)}`

function printRefused(
  refused: Readonly<Record<string, number>>,
  examples: readonly BadRow[],
  print: Shell['print'],
): void {
  for (const [reason, rows] of Object.entries(refused)) print(`  left out, ${reason}: ${count(rows)}`)
  for (const { line, reason, excerpt } of examples) print(`    line ${line}: ${reason}: ${excerpt}`)
}

function printManifest(manifest: ImportManifest, print: Shell['print']): void {
  const { source, layout, columns, atUnit, known, read, refused, examples } = manifest
  print(`${source.name}  ${count(source.bytes)} bytes  sha-256 ${source.sha256}`)
  print(`  ${known ?? 'no set published under a name known here'}, read as ${layout}: ${count(read)} rows`)
  const strength = columns.strength === null ? '' : `, strength ${columns.strength}`
  print(`  viewer ${columns.viewer}, title ${columns.title}, at ${columns.at} (${atUnit})${strength}`)
  printRefused(refused, examples, print)
  if (manifest.belowRating > 0)
    print(`  left out, rated below ${manifest.minRating}: ${count(manifest.belowRating)}`)
  if (manifest.ofChildren > 0) print(`  left out, of children’s profiles: ${count(manifest.ofChildren)}`)
  if (manifest.repeated > 0) print(`  said before, of the same viewer and title: ${count(manifest.repeated)}`)
  if (manifest.describedTitles > 0)
    print(`  names and genres of ${count(manifest.describedTitles)} titles kept beside them`)
}

const importCommand: Command<ImportCommandPorts> = {
  usage: 'import <file or folder> [--layout l] [--columns roles] [--at-unit u]',
  summary: 'bring along interactions of your own to learn from',
  help: `Reads who watched or rated what, when, from your own copy of a file: MovieLens as unpacked (100K, 1M and 10M, 20M and
25M), CSV with a header, or Parquet. It is checked and summed; rows that cannot be taken are told with their line and
why. What is kept lies in the data folder under the platform's pseudonyms; the file itself is not touched.
Learn from it with: streamverse train --from NAME

  --layout l      ml-100k, ml-1m, ml-25m, csv or parquet; recognised without it
  --columns c     viewer=user_id,title=item_id,at=timestamp,strength=rating; usual names are recognised
  --at-unit u     s, ms or iso: what the moments are in; guessed from the first thousand without it
  --min-rating n  leave out what was rated lower
  --name n        what to call it (default: the name of the file, or of the folder of MovieLens)
  --dry-run       read and check, keep nothing
  --tenant <id>   whose; the platform's own tenant without it
  --json          one JSON document instead of text`,
  run: async (args, { add, print, ...ports }) => {
    const { request, json } = readRequest(args, ports.tenantId)
    const { manifest, kept } = await add(request)
    if (json) {
      print(JSON.stringify({ ...manifest, kept }))
      return 0
    }
    printManifest(manifest, print)
    if (request.dryRun === true) print(`Would keep ${sizeOf(manifest)}.`)
    else if (kept) print(`Kept as ${manifest.name}: ${sizeOf(manifest)}.`)
    else print(`${manifest.name} was there already: ${sizeOf(manifest)}.`)
    if (request.dryRun !== true) print(`Learn from it with: streamverse train --from ${manifest.name}`)
    return 0
  },
}

const importsCommand: Command<ImportCommandPorts> = {
  usage: 'imports [remove <name>]',
  summary: 'list what was brought along, or take it away',
  help: `Lists the imported sets with their size, span of time and checksum. Removing one leaves the models learned from it.

  --tenant <id>   whose; the platform's own tenant without it
  --json          one JSON document instead of text`,
  run: async (args, { list, remove, print, ...ports }) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { tenant: OPTIONS.tenant, json: OPTIONS.json },
      allowPositionals: true,
    })
    const tenantId = values.tenant ?? ports.tenantId
    const [verb, name] = positionals
    if (verb === 'remove' && name !== undefined) {
      await remove(tenantId, name)
      print(values.json === true ? JSON.stringify({ removed: name }) : `${name} is removed.`)
      return 0
    }
    if (verb !== undefined) throw new TypeError('imports takes nothing, or `remove` and a name')
    const sets = await list(tenantId)
    if (values.json === true) print(JSON.stringify(sets))
    else if (sets.length === 0) print('Nothing was imported yet: streamverse import FILE')
    else
      for (const set of sets)
        print(`${set.name.padEnd(20)}  ${sizeOf(set)}  ${set.source.sha256.slice(0, 12)}`)
    return 0
  },
}

export const importCommands: Commands<ImportCommandPorts> = {
  import: importCommand,
  imports: importsCommand,
}
