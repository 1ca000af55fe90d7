/**
 * The model registry: every version with what it was learned from and how it measured, which one viewers get, and the
 * way back. Shared by processes through PostgreSQL: a promotion by the command line reaches a running server at once.
 */
import type { Clock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import { Refusal } from '#base/refusal.ts'
import type { StoredEvent } from '#events/define.ts'
import { modelEvaluated, modelTrained } from '#events/models.ts'
import { type Canary, MAX_SHARE } from '#models/canary.ts'
import { findCanary, findTenantsWithCanary } from '#models/canary-records.ts'
import { refusals } from '#models/errors.ts'
import { event, promoteVersion, putCanary, takeBack, takeCanaryBack } from '#models/promotions.ts'
import * as records from '#models/records.ts'
import type { ModelState, ModelVersion, NewVersion, StoredVersion } from '#models/version.ts'
import type { MediaStore } from '#storage/media/media-store.ts'
import { addToOutbox, startRelay } from '#storage/records/outbox.ts'
import type { Records } from '#storage/records/records.ts'

export type Registry = {
  /** Stores the artifact, then the version, as a candidate. */
  save(model: NewVersion): Promise<ModelVersion>
  /** Newest first. */
  list(tenantId: string): Promise<ModelVersion[]>
  get(tenantId: string, id: string): Promise<ModelVersion | null>
  /** The version viewers get; null when it is popularity. */
  active(tenantId: string): Promise<ModelVersion | null>
  artifact(
    model: Pick<ModelVersion, 'tenantId' | 'name' | 'version'>,
  ): Promise<{ onnx: Uint8Array; index: Uint8Array }>
  /**
   * Puts a version before viewers. `id` may also be its version alone. Refuses one with a closed gate, unless a reason is
   * given for doing it all the same, which is kept.
   */
  promote(tenantId: string, id: string, by: string, despite?: string): Promise<ModelVersion>
  /** The version a share of the viewers gets; null when there is none. */
  canary(tenantId: string): Promise<Canary | null>
  tenantsWithCanary(): Promise<string[]>
  /** Puts a version before a share of the viewers, in place of another canary; refuses as `promote` does. */
  startCanary(
    tenantId: string,
    id: string,
    share: number,
    by: string,
    despite?: string,
  ): Promise<ModelVersion>
  /** Takes this canary back; nothing happens when it is over already. */
  endCanary(tenantId: string, canary: Canary, by: string): Promise<void>
  /**
   * Takes the canary back where one runs, else the active version; resolves to the version all viewers get then, null
   * when that is popularity. With `id` only when that is the version it would take back.
   */
  rollback(tenantId: string, by: string, id?: string): Promise<ModelVersion | null>
  /** Hears of every change by any process; '' when some may have been missed. */
  onChange(heard: (tenantId: string) => void): () => void
  close(): Promise<void>
}

export const artifactFolder = (model: Pick<ModelVersion, 'tenantId' | 'name' | 'version'>): string =>
  `models/${model.tenantId}/${model.name}/${model.version}`

export async function openRegistry(options: {
  readonly records: Records
  readonly media: MediaStore
  readonly clock: Clock
  /** Says lifecycle events; without it (a command line) they wait for the platform to say them. */
  readonly say?: (events: StoredEvent[]) => Promise<unknown>
}): Promise<Registry> {
  const { media, clock } = options
  await options.records.migrate(records.modelMigrations)
  const db = options.records.tables<records.ModelTables>()
  const listeners = new Set<(tenantId: string) => void>()
  const relay = options.say === undefined ? null : startRelay(options.records, 'modelOutbox', options.say)
  const stopListening = await options.records.listen(records.MODELS_CHANGED, (tenantId) => {
    relay?.wake()
    for (const listener of listeners) listener(tenantId)
  })
  const read = (tenantId: string): Promise<ModelVersion[]> => readVersions(db, tenantId)
  const find = async (tenantId: string, id: string): Promise<ModelVersion | null> =>
    (await read(tenantId)).find((one) => one.id === id || one.version === id) ?? null
  const existing = async (tenantId: string, id: string): Promise<ModelVersion> => {
    const found = await find(tenantId, id)
    if (found === null) throw new Refusal(refusals.modelMissing, `There is no model version ${id}.`)
    return found
  }
  const change = <T>(tenantId: string, work: (trx: records.ModelsTransaction) => Promise<T>): Promise<T> =>
    db.transaction().execute(async (trx) => {
      await records.lockTenant(trx, tenantId)
      const result = await work(trx)
      await records.tellChanged(trx, tenantId)
      return result
    })

  return {
    save: async ({ onnx, index, ...facts }) => {
      const trainedAt = clock.now()
      const version = versionAt(trainedAt, facts.dataHash)
      const stored: StoredVersion = { ...facts, version, id: `${facts.name}-${version}`, trainedAt }
      await media.put(`${artifactFolder(stored)}/model.onnx`, onnx)
      await media.put(`${artifactFolder(stored)}/index.json`, index)
      await change(facts.tenantId, (trx) => insertVersion(trx, stored, clock.now()))
      return { ...stored, state: 'candidate' }
    },
    list: read,
    get: find,
    active: async (tenantId) => (await read(tenantId)).find((one) => one.state === 'champion') ?? null,
    artifact: async (model) => {
      const [onnx, index] = await Promise.all([
        media.bytes(`${artifactFolder(model)}/model.onnx`),
        media.bytes(`${artifactFolder(model)}/index.json`),
      ])
      return { onnx, index }
    },
    promote: async (tenantId, id, by, despite) => {
      const wanted = await existing(tenantId, id)
      const who = passOrRefuse(wanted, by, despite)
      await change(tenantId, (trx) => promoteVersion(trx, wanted, who, clock.now()))
      return { ...wanted, state: 'champion' }
    },
    canary: (tenantId) => findCanary(db, tenantId),
    tenantsWithCanary: () => findTenantsWithCanary(db),
    startCanary: async (tenantId, id, share, by, despite) => {
      if (!(share > 0 && share <= MAX_SHARE)) {
        const why = `A canary gets a share above 0 and up to ${MAX_SHARE}, not ${share}.`
        throw new Refusal(refusals.canaryImpossible, why)
      }
      const wanted = await existing(tenantId, id)
      const startedBy = passOrRefuse(wanted, by, despite)
      await change(tenantId, (trx) =>
        putCanary(trx, wanted, { modelId: wanted.id, share, startedAt: clock.now(), startedBy }),
      )
      return { ...wanted, state: 'canary' }
    },
    endCanary: (tenantId, { modelId, startedAt }, by) =>
      change(tenantId, async (trx) => {
        const running = await findCanary(trx, tenantId)
        if (running?.modelId === modelId && running.startedAt === startedAt)
          await takeCanaryBack(trx, tenantId, by, clock.now())
      }),
    rollback: async (tenantId, by, id) => {
      const restored = await change(tenantId, (trx) => takeBack(trx, tenantId, by, { id, at: clock.now() }))
      return restored === null ? null : find(tenantId, restored)
    },
    onChange: (heard) => {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
    close: async () => {
      await stopListening()
      await relay?.close()
    },
  }
}

/** Whom the promotion is by; with the reason where a gate was closed. */
function passOrRefuse({ id, gates = [] }: ModelVersion, by: string, despite: string | undefined): string {
  const closed = gates.filter(({ passed }) => !passed)
  if (closed.length === 0) return by
  const names = closed.map(({ name }) => name).join(', ')
  if (despite !== undefined && despite.trim() !== '')
    return `${by}, despite ${names}: ${despite.slice(0, 300)}`
  const why = closed.map(({ name, why: said }) => `${name} (${said})`).join('; ')
  throw new Refusal(refusals.gateClosed, `${id} has a closed gate: ${why}.`)
}

/** `20261123T151500-3fa2c1`: when, and of which data. */
const versionAt = (at: number, dataHash: string): string =>
  `${new Date(at).toISOString().replace(/[-:]|\..*/g, '')}-${dataHash.slice(0, 4)}${uuidv7(at).slice(-4)}`

async function readVersions(db: records.ModelsDb, tenantId: string): Promise<ModelVersion[]> {
  const [versions, promotions, canary] = await Promise.all([
    db
      .selectFrom('modelVersions')
      .selectAll()
      .where('tenantId', '=', tenantId)
      .orderBy('trainedAt', 'desc')
      .execute(),
    db
      .selectFrom('modelPromotions')
      .select(['modelId', 'takenBackAt'])
      .where('tenantId', '=', tenantId)
      .orderBy('number', 'desc')
      .execute(),
    findCanary(db, tenantId),
  ])
  const champion = promotions.find((one) => one.takenBackAt === null)?.modelId
  const promoted = new Set(promotions.map((one) => one.modelId))
  const stateOf = (id: string): ModelState =>
    id === champion
      ? 'champion'
      : id === canary?.modelId
        ? 'canary'
        : promoted.has(id)
          ? 'retired'
          : 'candidate'
  return versions.map(({ facts, trainedAt, ...row }) => ({
    ...facts,
    ...row,
    trainedAt: Number(trainedAt),
    state: stateOf(row.id),
  }))
}

async function insertVersion(
  trx: records.ModelsTransaction,
  model: StoredVersion,
  at: number,
): Promise<void> {
  const { tenantId, id, name, version, trainedAt, ...facts } = model
  await trx
    .insertInto('modelVersions')
    .values({ tenantId, id, name, version, trainedAt: String(trainedAt), facts: JSON.stringify(facts) })
    .execute()
  const { interactionCount, trainMs, dataHash } = model
  await addToOutbox(trx, 'modelOutbox', [
    event(modelTrained, at, model, { interactionCount, trainMs, dataHash }),
    ...model.metrics.map(({ name: metric, value, low, high, against, difference, differenceLow }) =>
      event(modelEvaluated, at, model, { metric, value, low, high, against, difference, differenceLow }),
    ),
  ])
}
