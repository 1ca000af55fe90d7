/**
 * The vocabulary of offline features: what is known of a viewer, a title or both at a moment, as SQL over the warehouse.
 * One definition serves training sets, the checks and whoever reads the table; all work over rows is the engine's.
 */
import { createHash } from 'node:crypto'
import { assert } from '#base/assert.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

/**
 * What a feature is about, and the columns of an example that name it. `genre` is the main genre of the example's title, by
 * the catalogue's word before the moment: the join adds it.
 */
export const ENTITY_KEYS = {
  viewer: ['viewerKey'],
  title: ['titleId'],
  'viewer-title': ['viewerKey', 'titleId'],
  'viewer-genre': ['viewerKey', 'genre'],
} as const
export type Entity = keyof typeof ENTITY_KEYS

/**
 * How a value is read at a moment `at`: as it stands; as days since the instant it names (epoch ms); or as a sum of
 * weights that halve with time, kept at what they are worth at `DECAY_ZERO` so that no row must change when time passes.
 */
export type Reading = 'value' | 'days-since' | { readonly halvesInMs: number }

/** 2020-01-01T00:00Z: a weight of an instant `s` is kept as 2^((s - DECAY_ZERO) / halvesInMs). */
export const DECAY_ZERO = 1_577_836_800_000
export const DAY_MS = 86_400_000

export type OfflineFeature = {
  /** Camel case: the column of a training set. */
  readonly name: string
  /** Who answers for it. */
  readonly owner: string
  readonly description: string
  /** Of the value as it is read, e.g. `plays`, `hours`, `share`, `days`. */
  readonly unit: string
  readonly entity: Entity
  /**
   * A SELECT of one row a change: the key columns of the entity, `eventAt` and `knownAt` (Int64, epoch ms: when it
   * happened, when the platform could first know), `value` (a number, or null where there is none from now on). It may
   * read `view_facts`, `shown_facts`, `title_facts` (facts.ts) and the tables of streams, with `{tenantId:String}`.
   */
  readonly rows: string
  readonly reads: Reading
  /** A value whose event is longer ago than this is no longer a value. Null: it never grows stale. */
  readonly freshForMs: number | null
  /** What stands where no value is known; null says so. */
  readonly whenMissing: number | null
  /** The online feature that says the same while a page is made; a test holds the two together. */
  readonly agreesWith?: string
}

/** Declares an offline feature; a name that could not be a column is a bug. */
export function defineOfflineFeature(feature: OfflineFeature): OfflineFeature {
  assert(/^[a-z][A-Za-z0-9]{1,60}$/.test(feature.name), `${feature.name} is no name of a feature`)
  return feature
}

/** Changes when anything that decides its values does. */
export function definitionHash(feature: OfflineFeature): string {
  const { name, entity, rows, reads, freshForMs, whenMissing } = feature
  const said = JSON.stringify([
    name,
    entity,
    rows.replaceAll(/\s+/g, ' ').trim(),
    reads,
    freshForMs,
    whenMissing,
  ])
  return createHash('sha256').update(said).digest('hex')
}

/** The value read at `at` (SQL, epoch ms) from what was kept, SQL in, SQL out. */
export function readAt(reads: Reading, kept: string, at: string): string {
  if (reads === 'value') return kept
  if (reads === 'days-since') return sql`((${at}) - ${kept}) / ${String(DAY_MS)}`
  return sql`${kept} * exp2(-((${at}) - ${String(DECAY_ZERO)}) / ${String(reads.halvesInMs)})`
}
