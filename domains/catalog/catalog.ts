/** Titles in the records: each change is one transaction with its event in the outbox. */
import type { Clock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#domains/catalog/errors.ts'
import { type CatalogReading, createReading } from '#domains/catalog/read.ts'
import {
  CATALOG_CHANGED,
  type CatalogTables,
  type CatalogTransaction,
  type CreatorRecord,
  catalogMigrations,
  hasTrigrams,
  rowOf,
  tellChanged,
  titleOf,
} from '#domains/catalog/records.ts'
import * as core from '#domains/catalog/title.ts'
import type { TitleStatus } from '#events/catalog.ts'
import type { StoredEvent } from '#events/define.ts'
import { addToOutbox, startRelay } from '#storage/records/outbox.ts'
import type { Records } from '#storage/records/records.ts'

export type Catalog = CatalogReading & {
  create(title: core.NewTitle): Promise<core.Title>
  /** Creates those that are not there; resolves to how many were made. For imports. */
  ensureMany(titles: readonly core.NewTitle[]): Promise<number>
  /** With `version`, refused when the title has changed since. */
  update(tenantId: string, titleId: string, change: core.TitleChange, version?: number): Promise<core.Title>
  setStatus(
    tenantId: string,
    titleId: string,
    status: TitleStatus,
    details?: { readonly durationMs?: number },
  ): Promise<void>
  remove(tenantId: string, titleId: string): Promise<core.Title>
  restore(tenantId: string, titleId: string): Promise<core.Title>
  ensureCreator(tenantId: string, creator: CreatorRecord): Promise<void>
  /** Grows with each change heard, for caches. */
  version(): number
  /** Hears the tenant of every change by any process; '' when some may have been missed. */
  onChange(heard: (tenantId: string) => void): () => void
  /** Resolves when everything changed so far has been said. */
  said(): Promise<void>
  close(): Promise<void>
}

export async function openCatalog(options: {
  readonly records: Records
  readonly clock: Clock
  /** Resolves when the events are durable. */
  readonly say: (events: StoredEvent[]) => Promise<unknown>
  readonly log?: Log
}): Promise<Catalog> {
  const { records, clock } = options
  await records.migrate(catalogMigrations)
  const db = records.tables<CatalogTables>()
  const trigrams = await hasTrigrams(db)
  const relay = startRelay(records, 'catalogOutbox', options.say, options.log)
  const listeners = new Set<(tenantId: string) => void>()
  let changes = 0
  const stopListening = await records.listen(CATALOG_CHANGED, (tenantId) => {
    changes++
    relay.wake()
    for (const heard of listeners) heard(tenantId)
  })

  const change = (
    tenantId: string,
    titleId: string,
    work: (title: core.Title, at: number) => core.Title,
    version?: number,
  ): Promise<core.Title> =>
    db.transaction().execute(async (trx) => {
      const row = await trx
        .selectFrom('catalogTitles')
        .selectAll()
        .where('tenantId', '=', tenantId)
        .where('id', '=', titleId)
        .forUpdate()
        .executeTakeFirst()
      if (row === undefined) throw new Refusal(refusals.noSuchTitle, `There is no title ${titleId}.`)
      if (version !== undefined && version !== row.version) {
        throw new Refusal(refusals.changedMeanwhile, `“${row.name}” has changed meanwhile.`)
      }
      const before = titleOf(row)
      const after = work(before, clock.now())
      if (after === before) return before
      await trx
        .updateTable('catalogTitles')
        .set(rowOf(after))
        .where('tenantId', '=', tenantId)
        .where('id', '=', titleId)
        .execute()
      await queue(trx, [after])
      return after
    })
  const insert = async (given: readonly core.NewTitle[]): Promise<core.Title[]> => {
    const titles = given.map((title) => core.createdTitle(title, clock.now()))
    return db.transaction().execute(async (trx) => {
      const made = await trx
        .insertInto('catalogTitles')
        .values(titles.map(rowOf))
        .onConflict((conflict) => conflict.columns(['tenantId', 'id']).doNothing())
        .returningAll()
        .execute()
        .catch(nameMissingCreator)
      await queue(trx, made.map(titleOf))
      return made.map(titleOf)
    })
  }

  return {
    create: async (title) => {
      const [made] = await insert([title])
      if (made === undefined) throw new Refusal(refusals.exists, `There is a title ${title.id} already.`)
      return made
    },
    ensureMany: async (titles) => {
      let made = 0
      for (let from = 0; from < titles.length; from += 500) {
        made += (await insert(titles.slice(from, from + 500))).length
      }
      return made
    },
    update: (tenantId, titleId, wanted, version) =>
      change(tenantId, titleId, (title, at) => core.changedTitle(title, wanted, at), version),
    setStatus: async (tenantId, titleId, status, details = {}) => {
      await change(tenantId, titleId, (title, at) => core.withStatus(title, status, details, at))
    },
    remove: (tenantId, titleId) => change(tenantId, titleId, core.removedTitle),
    restore: (tenantId, titleId) => change(tenantId, titleId, core.restoredTitle),
    ...createReading(db, clock, trigrams),
    ensureCreator: async (tenantId, { id, name, avatarUrl }) => {
      await db
        .insertInto('catalogCreators')
        .values({ tenantId, id, name, avatarUrl })
        .onConflict((conflict) => conflict.columns(['tenantId', 'id']).doUpdateSet({ name, avatarUrl }))
        .execute()
    },
    version: () => changes,
    onChange: (heard) => {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
    said: relay.drained,
    close: async () => {
      await stopListening()
      await relay.close()
    },
  }
}

function nameMissingCreator(cause: unknown): never {
  if ((cause as { code?: string }).code === '23503') {
    throw new Refusal(refusals.noSuchCreator, 'The title names a creator who is not there.', { cause })
  }
  throw cause
}

/** Puts what became of the titles into the outbox, and tells every process when the transaction commits. */
async function queue(trx: CatalogTransaction, titles: readonly core.Title[]): Promise<void> {
  const [first] = titles
  if (first === undefined) return
  const events = titles.map((title) => core.upsertedEvent(title, uuidv7(title.updatedAt)))
  await addToOutbox(trx, 'catalogOutbox', events)
  await tellChanged(trx, first.tenantId)
}
