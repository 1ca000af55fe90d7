/** What viewers get, in the registry's tables: the stack of promotions, the canary, and the events that tell of both. */
import { uuidv7 } from '#base/ids.ts'
import { Refusal } from '#base/refusal.ts'
import type { EventDefinition, StoredEvent } from '#events/define.ts'
import { canaryStarted, modelPromoted, modelRolledBack } from '#events/models.ts'
import { serverEvent } from '#events/registry.ts'
import type { Canary } from '#models/canary.ts'
import { closeCanary, findCanary, insertCanary } from '#models/canary-records.ts'
import { refusals } from '#models/errors.ts'
import { POPULARITY } from '#models/popularity/popularity.ts'
import type * as records from '#models/records.ts'
import type { StoredVersion } from '#models/version.ts'
import { addToOutbox } from '#storage/records/outbox.ts'

/** An event of a model's life. */
export const event = (
  definition: EventDefinition,
  at: number,
  model: { tenantId: string; name: string; version: string },
  data: object,
): StoredEvent =>
  serverEvent(definition, at, uuidv7(at), {
    tenantId: model.tenantId,
    modelName: model.name,
    modelVersion: model.version,
    ...data,
  })

/** As an event keeps it; the registry keeps all of it. */
const shortened = (by: string): string => by.slice(0, 120)

/** Puts a version before a share of the viewers, in place of another canary. Refuses the one before all of them. */
export async function putCanary(
  trx: records.ModelsTransaction,
  model: StoredVersion,
  canary: Canary,
): Promise<void> {
  const { share, startedAt, startedBy } = canary
  if ((await topPromotion(trx, model.tenantId))?.modelId === model.id)
    throw new Refusal(refusals.canaryImpossible, `${model.id} is before all viewers.`)
  await takeCanaryBack(trx, model.tenantId, startedBy, startedAt)
  await insertCanary(trx, model.tenantId, canary)
  await addToOutbox(trx, 'modelOutbox', [
    event(canaryStarted, startedAt, model, { share, by: shortened(startedBy) }),
  ])
}

/** Nothing happens where none runs. */
export async function takeCanaryBack(
  trx: records.ModelsTransaction,
  tenantId: string,
  by: string,
  at: number,
): Promise<void> {
  const canary = await findCanary(trx, tenantId)
  if (canary === null) return
  await closeCanary(trx, tenantId, by, at)
  const champion = (await topPromotion(trx, tenantId)) ?? { tenantId, ...POPULARITY }
  const { version: previousVersion } = await trx
    .selectFrom('modelVersions')
    .select('version')
    .where('tenantId', '=', tenantId)
    .where('id', '=', canary.modelId)
    .executeTakeFirstOrThrow()
  await addToOutbox(trx, 'modelOutbox', [
    event(modelRolledBack, at, champion, { previousVersion, by: shortened(by) }),
  ])
}

/** The stack's top: the promotion that counts. */
const topPromotion = (trx: records.ModelsTransaction, tenantId: string) =>
  trx
    .selectFrom('modelPromotions')
    .innerJoin('modelVersions', (join) =>
      join
        .onRef('modelVersions.tenantId', '=', 'modelPromotions.tenantId')
        .onRef('modelVersions.id', '=', 'modelPromotions.modelId'),
    )
    .select([
      'modelPromotions.number',
      'modelPromotions.modelId',
      'modelVersions.tenantId',
      'modelVersions.name',
      'modelVersions.version',
    ])
    .where('modelPromotions.tenantId', '=', tenantId)
    .where('modelPromotions.takenBackAt', 'is', null)
    .orderBy('modelPromotions.number', 'desc')
    .limit(1)
    .executeTakeFirst()

/** Puts a version before all viewers. */
export async function promoteVersion(
  trx: records.ModelsTransaction,
  model: StoredVersion,
  by: string,
  at: number,
): Promise<void> {
  const previous = await topPromotion(trx, model.tenantId)
  const running = await findCanary(trx, model.tenantId)
  // A canary that becomes the champion is not taken back by it.
  if (running?.modelId === model.id) await closeCanary(trx, model.tenantId, by, at)
  else await takeCanaryBack(trx, model.tenantId, by, at)
  if (previous?.modelId === model.id) return
  await trx
    .insertInto('modelPromotions')
    .values({ tenantId: model.tenantId, modelId: model.id, promotedAt: String(at), promotedBy: by })
    .execute()
  await addToOutbox(trx, 'modelOutbox', [
    event(modelPromoted, at, model, { previousVersion: previous?.version ?? null, by: shortened(by) }),
  ])
}

/** Takes the stack's top; resolves to the version below it. */
async function takePromotionBack(
  trx: records.ModelsTransaction,
  tenantId: string,
  by: string,
  at: number,
): Promise<string | null> {
  const top = await topPromotion(trx, tenantId)
  if (top === undefined) throw new Refusal(refusals.nothingToRollBack, 'No model is active.')
  await trx
    .updateTable('modelPromotions')
    .set({ takenBackAt: String(at), takenBackBy: by })
    .where('number', '=', top.number)
    .execute()
  const before = await topPromotion(trx, tenantId)
  const restored = before ?? { tenantId, ...POPULARITY }
  await addToOutbox(trx, 'modelOutbox', [
    event(modelRolledBack, at, restored, { previousVersion: top.version, by: shortened(by) }),
  ])
  return before?.modelId ?? null
}

/** Takes back what runs: the canary, else the promotion that counts. Resolves to what all viewers get then. */
export async function takeBack(
  trx: records.ModelsTransaction,
  tenantId: string,
  by: string,
  { id, at }: { readonly id: string | undefined; readonly at: number },
): Promise<string | null> {
  const canary = await findCanary(trx, tenantId)
  const champion = (await topPromotion(trx, tenantId))?.modelId ?? null
  const next = canary?.modelId ?? champion
  if (id !== undefined && next !== id) {
    const now = next === null ? 'none is before viewers' : `that is ${next}`
    throw new Refusal(refusals.notNextToRollBack, `${id} is not the version to take back; ${now}.`)
  }
  if (canary === null) return takePromotionBack(trx, tenantId, by, at)
  await takeCanaryBack(trx, tenantId, by, at)
  return champion
}
