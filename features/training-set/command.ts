/** The command line that writes a training set. */
import { parseArgs } from 'node:util'
import type { Command, Commands } from '#base/command.ts'
import { findFeatures, offlineFeatures } from '#features/offline/registry.ts'
import { type FeatureCommandPorts, settledAt } from '#features/ports.ts'
import { openFolder } from '#features/training-set/folder.ts'
import { type Manifest, manifestOf } from '#features/training-set/manifest.ts'
import { NEGATIVES } from '#features/training-set/negatives.ts'
import { SPLITS } from '#features/training-set/split.ts'
import { type Format, makeTrainingSet, type TrainingSetRequest } from '#features/training-set/training-set.ts'

const FORMATS: readonly Format[] = ['parquet', 'arrow']
const MOST_SEED = 2 ** 53 - 1
const MOST_NEGATIVES = 100

function oneOf<const W extends string>(option: string, words: readonly W[], text: string): W {
  const word = words.find((one) => one === text)
  if (word === undefined) throw new TypeError(`--${option} takes ${words.join(' or ')}, not ${text}`)
  return word
}

function whole(option: string, text: string, min: number, max: number): number {
  const n = Number(text)
  if (text === '' || !Number.isInteger(n) || n < min || n > max)
    throw new TypeError(`--${option} takes a whole number from ${min} to ${max}, not ${text}`)
  return n
}

function instant(option: string, text: string | undefined, latest: number): number {
  if (text === undefined) return latest
  const at = Date.parse(text)
  if (Number.isNaN(at))
    throw new TypeError(`--${option} takes an instant such as 2026-05-01T12:00Z, not ${text}`)
  if (at > latest) {
    throw new TypeError(`--${option} takes an instant up to ${new Date(latest).toISOString()}, not ${text}`)
  }
  return at
}

function read(args: readonly string[], ports: FeatureCommandPorts) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      tenant: { type: 'string' },
      'as-of': { type: 'string' },
      'as-known-at': { type: 'string' },
      features: { type: 'string' },
      negatives: { type: 'string', default: 'exposed' },
      'per-positive': { type: 'string', default: '4' },
      split: { type: 'string', default: 'time' },
      seed: { type: 'string', default: '1' },
      format: { type: 'string', default: 'parquet' },
      out: { type: 'string', default: 'dataset' },
      json: { type: 'boolean', default: false },
    },
  })
  const knownAt = instant('as-known-at', values['as-known-at'], settledAt(ports.now()))
  const request: TrainingSetRequest = {
    tenantId: values.tenant ?? ports.tenantId,
    knownAt,
    asOf: instant('as-of', values['as-of'], knownAt),
    features: values.features === undefined ? offlineFeatures : findFeatures(values.features.split(',')),
    negatives: oneOf('negatives', NEGATIVES, values.negatives),
    perPositive: whole('per-positive', values['per-positive'], 1, MOST_NEGATIVES),
    split: oneOf('split', SPLITS, values.split),
    seed: whole('seed', values.seed, 0, MOST_SEED),
  }
  return { request, format: oneOf('format', FORMATS, values.format), out: values.out, json: values.json }
}

const count = (n: number): string => n.toLocaleString('en')

function tell(manifest: Manifest, out: string, print: (line: string) => void): void {
  const { rows, positives, negativeRows, censored, counts, dataHash, asOf, knownAt } = manifest
  print(`Wrote ${count(rows)} rows to ${out}: ${count(positives)} taken, ${count(negativeRows)} not taken,`)
  print(`${count(censored)} of which nothing is known: quality or a rule decided.`)
  for (const split of ['train', 'validation', 'test']) {
    const own = counts.filter((one) => one.split === split).map(({ kind, rows: n }) => `${kind} ${count(n)}`)
    if (own.length > 0) print(`  ${split.padEnd(11)} ${own.join(', ')}`)
  }
  print(`No value of ${count(manifest.comparedWithoutLater)} changed when what came later was taken away.`)
  print(`Data ${dataHash}`)
  print(`The same bytes again, at any time: --as-of ${asOf} --as-known-at ${knownAt}`)
}

const dataset: Command<FeatureCommandPorts> = {
  usage: 'dataset [--as-of <when>] [--as-known-at <when>] [--out <folder>]',
  summary: 'write a training set: labels, negatives, features as they were known',
  help: `One row a viewer, title and moment: what was taken, what was shown or could have been and was not, and what each
feature said before that moment, from what was known by then. Written as Parquet or an Arrow stream, in one order, with
manifest.json beside: hashes of data, code and definitions, counts, splits, schema. The same options give the same bytes.
The label is null where quality decided: a failed start, one that was not waited for, leaving within 10 s of a stall.

  --as-of <when>         moments before this only; without it up to --as-known-at
  --as-known-at <when>   from what had been received before; without it up to a minute ago
  --features <a,b>       columns; without it every feature (streamverse features)
  --negatives <from>     exposed (seen for a second and not taken; without it), uniform or popularity (drawn)
  --per-positive <n>     drawn: so many for each play; exposed: at most so many of a slate (4 without it)
  --split <how>          time (70, 10, 20 % of the plays; without it) or leave-one-out (to compare with papers)
  --seed <n>             of what is drawn (1 without it)
  --format <kind>        parquet (without it) or arrow
  --out <folder>         where to (dataset without it); a training set that is there is replaced
  --tenant <id>          whose viewers; the platform's own tenant without it
  --json                 the manifest instead of text`,
  run: async (args, ports) => {
    const { request, format, out, json } = read(args, ports)
    const folder = await openFolder(out)
    try {
      const made = await ports.knownAt(request.tenantId, request.knownAt, (known) =>
        makeTrainingSet(request, { known, format, write: folder.write }),
      )
      const manifest = manifestOf(request, format, made)
      await folder.finish(manifest)
      if (json) ports.print(JSON.stringify(manifest))
      else tell(manifest, out, ports.print)
      return 0
    } finally {
      await folder.close()
    }
  },
}

export const datasetCommands: Commands<FeatureCommandPorts> = { dataset }
