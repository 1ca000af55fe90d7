/**
 * A training set: labels, negatives and features as they were known, made in the engine from what was known at one
 * instant, and written in one order. The same request on the same knowledge gives the same bytes, whenever it is made.
 */
import { createHash } from 'node:crypto'
import { Refusal } from '#base/refusal.ts'
import { discoveryEvents } from '#events/discovery.ts'
import { streamColumns } from '#events/registry.ts'
import { refusals } from '#features/errors.ts'
import type { OfflineFeature } from '#features/offline/define.ts'
import { makeFacts } from '#features/offline/facts.ts'
import { refuseFromLater } from '#features/offline/from-later.ts'
import { joinedTo, makeTimelines } from '#features/offline/join.ts'
import { choices, chosen, EXAMPLE_COLUMNS, slots } from '#features/training-set/labels.ts'
import { drawn, exposed, type Negatives, pool } from '#features/training-set/negatives.ts'
import { type Moments, moments, type Split, splitRows } from '#features/training-set/split.ts'
import { type Statement, sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export type TrainingSetRequest = {
  readonly tenantId: string
  /** Epoch ms: examples up to then. */
  readonly asOf: number
  /** Epoch ms: the instant whose knowledge the warehouse has. */
  readonly knownAt: number
  readonly features: readonly OfflineFeature[]
  readonly negatives: Negatives
  readonly perPositive: number
  readonly split: Split
  readonly seed: number
}
export type Format = 'parquet' | 'arrow'
export type Part = {
  readonly name: string
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
}
export type TrainingSet = {
  readonly rows: number
  readonly moments: Moments
  /** Values compared to find features from the future; there were none. */
  readonly compared: number
  /** Rows of each kind in each part of the split. */
  readonly counts: readonly { readonly split: string; readonly kind: string; readonly rows: number }[]
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly parts: readonly Part[]
  /** SHA-256 of the bytes of all parts, one after the other. */
  readonly dataHash: string
  readonly engine: string
  /** Version of the rules the views were built by. */
  readonly viewRules: number
}
export type Making = {
  /** What was known at `knownAt` in a name space that is thrown away afterwards. */
  readonly known: Warehouse
  readonly format: Format
  /** Takes the bytes of a part. */
  readonly write: (name: string, bytes: Uint8Array) => Promise<void>
  /** Threads of the engine while tables are made; changes the time it takes, not a byte. */
  readonly threads?: number
  /** A part is in memory as a whole, here and in the engine: half a million rows without it. */
  readonly rowsAPart?: number
}

const FORMATS = { parquet: ['Parquet', 'parquet'], arrow: ['ArrowStream', 'arrows'] } as const
const ROWS_A_PART = 500_000
const MOST_ROWS = 100_000_000
const WITHIN = { timeoutMs: 600_000 } as const
const ORDER = `at, viewerKey, titleId, kind, ifNull(slateId, '')`
const LOGS_CHANCES = streamColumns(discoveryEvents).some(({ name }) => name === 'propensities')

export async function makeTrainingSet(request: TrainingSetRequest, making: Making): Promise<TrainingSet> {
  const { known, threads = 2 } = making
  const { tenantId, features } = request
  const make = async (
    table: string,
    orderBy: string,
    { sql: select, params = {} }: Statement,
  ): Promise<void> =>
    known.command(
      {
        sql: sql`CREATE TABLE ${table} ENGINE = MergeTree ORDER BY (${orderBy})
          AS SELECT * FROM (${select} SETTINGS max_threads = ${String(threads)})`,
        params,
      },
      WITHIN,
    )
  await makeFacts(known, tenantId)
  await make('choices', 'viewerKey, titleId, at, sid', choices(request))
  await make('slots', 'slateId, titleId', slots(tenantId, LOGS_CHANCES))
  await makeExamples(request, known, make)
  const [moment] = await known.query(moments)
  const split = moment ?? { validationFrom: null, testFrom: null }
  await make('examples', 'at, viewerKey, titleId', splitRows(request.split, split))
  await makeTimelines(known, tenantId, features)
  const compared = await refuseFromLater(known, { tenantId, features, examples: 'examples' })
  const columns = [...EXAMPLE_COLUMNS, 'split']
  await make('training_rows', ORDER, { sql: joinedTo({ table: 'examples', columns }, features) })
  return { ...(await written(making)), moments: split, compared }
}

type Make = (table: string, orderBy: string, statement: Statement) => Promise<void>

/** Table `labelled`: what viewers chose, and what they did not. */
async function makeExamples(request: TrainingSetRequest, known: Warehouse, make: Make): Promise<void> {
  const { tenantId, negatives, perPositive } = request
  await make('labelled', 'at, viewerKey, titleId', chosen(request))
  const [plays] = await known.query<{ rows: number }>({
    sql: sql`SELECT countIf(kind = 'play') AS rows FROM labelled`,
  })
  if ((plays?.rows ?? 0) === 0)
    throw new Refusal(refusals.nothingToLearn, `${tenantId} had no valid play by then.`)
  if ((plays?.rows ?? 0) * (1 + perPositive) > MOST_ROWS) {
    throw new Refusal(
      refusals.trainingSetTooLarge,
      `${plays?.rows} plays with ${perPositive} negatives each are too many.`,
    )
  }
  if (negatives !== 'exposed') await make('pool', 'place', pool(negatives))
  const more = negatives === 'exposed' ? exposed(request) : drawn(negatives, request)
  await make('refused', 'at, viewerKey, titleId', more)
  await known.command({ sql: sql`INSERT INTO labelled SELECT * FROM refused` }, WITHIN)
}

type Written = Omit<TrainingSet, 'moments' | 'compared'>

/** Reads `training_rows` in order, part by part. */
async function written({ known, format, write, rowsAPart = ROWS_A_PART }: Making): Promise<Written> {
  const counts = await known.query<Written['counts'][number]>({
    sql: sql`SELECT split, kind, count() AS rows FROM training_rows GROUP BY split, kind ORDER BY split, kind`,
  })
  const columns = await known.query<Written['columns'][number]>({
    sql: sql`SELECT name, replace(type, 'Int64', $$DateTime64(3, 'UTC')$$) AS type FROM system.columns
      WHERE database = currentDatabase() AND table = 'training_rows' ORDER BY position`,
  })
  const [made] = await known.query<{ engine: string; viewRules: number }>({
    sql: sql`SELECT version() AS engine, toUInt32(max(builtBy)) AS viewRules FROM views`,
  })
  const rows = counts.reduce((sum, count) => sum + count.rows, 0)
  const [name, extension] = FORMATS[format]
  const whole = createHash('sha256')
  const parts: Part[] = []
  for (let from = 0; from < rows; from += rowsAPart) {
    const part = await known.bytes(partOf(columns, from, rowsAPart), name, WITHIN)
    whole.update(part)
    const file = `part-${String(parts.length).padStart(5, '0')}.${extension}`
    await write(file, part)
    const sha256 = createHash('sha256').update(part).digest('hex')
    parts.push({ name: file, rows: Math.min(rowsAPart, rows - from), bytes: part.length, sha256 })
  }
  const { engine = '', viewRules = 0 } = made ?? {}
  return { rows, counts, columns, parts, dataHash: whole.digest('hex'), engine, viewRules }
}

/** One thread and one size of block: where a page of the file ends does not depend on the machine. */
function partOf(columns: Written['columns'], from: number, most: number): Statement {
  const rest = columns.map(({ name }) => name).filter((name) => name !== 'at')
  return {
    sql: sql`
      SELECT fromUnixTimestamp64Milli(at, 'UTC') AS at, ${rest.join(', ')}
      FROM (
        SELECT * FROM training_rows ORDER BY ${ORDER} LIMIT {rows:UInt64} OFFSET {from:UInt64}
        SETTINGS max_threads = 1, max_block_size = 65536)`,
    params: { rows: most, from },
  }
}
