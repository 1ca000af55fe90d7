/**
 * What a training set was made of: enough to make it again and to know that it is the same. Written beside the data; it
 * says nothing of when or where it was made, so that equal sets have equal manifests.
 */
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { definitionHash } from '#features/offline/define.ts'
import { KINDS, type Kind } from '#features/training-set/labels.ts'
import type { Format, TrainingSet, TrainingSetRequest } from '#features/training-set/training-set.ts'

const HERE = path.join(import.meta.dirname, '..')

/** SHA-256 of every file of this folder that may decide a value: names and contents, in order of the names. */
function codeHash(): string {
  const hash = createHash('sha256')
  const files = globSync('**/*.ts', { cwd: HERE }).filter((file) => !file.includes('.test.'))
  for (const file of files.sort())
    hash
      .update(`${file}\n`)
      .update(readFileSync(path.join(HERE, file)))
      .update('\0')
  return hash.digest('hex')
}

const ABOUT: Readonly<Record<string, string>> = {
  at: 'the moment: features are of before it',
  viewerKey: 'pseudonymous viewer',
  titleId: 'the title',
  label: '1 taken, 0 not taken, null where quality or a rule decided and nothing is known',
  kind: 'how the label came about: play, left, exposed, uniform, popularity, never-began, failed, stall, open',
  weight: 'strength of a play, 0.5 to 1; 1 for a title not taken; 0 where the label is null',
  slateId: 'the slate the title was shown in',
  rowKey: 'row of the slate',
  position: 'place in the row, from 0',
  propensity: 'chance with which the slate put the title there; null where it was not logged',
  split: 'train, validation or test',
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

export type Manifest = ReturnType<typeof manifestOf>

export function manifestOf(request: TrainingSetRequest, format: Format, made: TrainingSet) {
  const { tenantId, asOf, knownAt, features, negatives, perPositive, split, seed } = request
  const rowsOf = (label: 0 | 1 | null): number =>
    made.counts.reduce((sum, { kind, rows }) => sum + (KINDS[kind as Kind] === label ? rows : 0), 0)
  const said = new Map(features.map(({ name, description, unit }) => [name, `${description} Unit: ${unit}.`]))
  return {
    format,
    version: 1,
    tenantId,
    asOf: iso(asOf),
    knownAt: iso(knownAt),
    seed,
    negatives: { from: negatives, perPositive },
    split: {
      by: split,
      validationFrom: split === 'time' ? iso(made.moments.validationFrom) : null,
      testFrom: split === 'time' ? iso(made.moments.testFrom) : null,
    },
    rows: made.rows,
    positives: rowsOf(1),
    negativeRows: rowsOf(0),
    censored: rowsOf(null),
    counts: made.counts,
    comparedWithoutLater: made.compared,
    dataHash: made.dataHash,
    codeHash: codeHash(),
    engine: made.engine,
    viewRules: made.viewRules,
    features: features.map((feature) => ({
      name: feature.name,
      owner: feature.owner,
      definitionHash: definitionHash(feature),
    })),
    schema: made.columns.map(({ name, type }) => ({
      name,
      type,
      about: ABOUT[name] ?? said.get(name) ?? '',
    })),
    files: made.parts,
  }
}
