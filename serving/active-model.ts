/**
 * The models before a tenant's viewers, ready to score: the champion, and the canary where one runs. A new one is loaded
 * whole before the old one lets go.
 */
import type { Log } from '#base/log.ts'
import { armOf, type Canary, experimentOf } from '#models/canary.ts'
import { type NcfSession, openNcfSession } from '#models/ncf/session.ts'
import type { Registry } from '#models/registry.ts'
import type { ModelVersion } from '#models/version.ts'
import { createRefreshed, type Refreshed } from '#serving/refreshed.ts'

export type ActiveModel = { readonly version: ModelVersion; readonly session: NcfSession } | null
export type ActiveModels = {
  readonly champion: ActiveModel
  readonly canary: { readonly model: NonNullable<ActiveModel>; readonly plan: Canary } | null
}

/** How long answers begun with the old model may take. */
const GRACE_MS = 10_000
/** A look at the registry even when no change was heard. */
const EVERY_MS = 30_000

/** The model this viewer gets, and what the receipt says of the draw. Strangers get the champion and are in no arm. */
export function modelFor(
  { champion, canary }: ActiveModels,
  viewerKey: string | null,
): { readonly model: ActiveModel; readonly experiments: readonly string[] } {
  if (canary === null || viewerKey === null) return { model: champion, experiments: [] }
  const arm = armOf(canary.plan, viewerKey)
  const experiments = [`${experimentOf(canary.plan.modelId)}:${arm}`]
  return { model: arm === 'canary' ? canary.model : champion, experiments }
}

type RegistryPart = Pick<Registry, 'active' | 'artifact' | 'canary' | 'get' | 'onChange'>

export function createActiveModels(registry: RegistryPart, log: Log): Refreshed<ActiveModels> {
  const retired = new Set<{ session: NcfSession; timer: NodeJS.Timeout }>()
  const retire = (session: NcfSession): void => {
    const entry = {
      session,
      timer: setTimeout(() => {
        retired.delete(entry)
        void session.close()
      }, GRACE_MS).unref(),
    }
    retired.add(entry)
  }
  const open = new Set<NcfSession>()

  const load = async (tenantId: string, previous: ActiveModels | undefined): Promise<ActiveModels> => {
    const [version, plan] = await Promise.all([registry.active(tenantId), registry.canary(tenantId)])
    const tried = plan === null ? null : await registry.get(tenantId, plan.modelId)
    const before = [previous?.champion, previous?.canary?.model].filter((one) => one != null)
    const ready = async (wanted: ModelVersion | null, otherwise: ActiveModel): Promise<ActiveModel> => {
      if (wanted === null) return null
      const there = before.find((one) => one.version.id === wanted.id)
      return there ?? (await loadModel(wanted, registry, log)) ?? otherwise
    }
    const champion = await ready(version, previous?.champion ?? null)
    const model = await ready(tried, null)
    const canary = plan === null || model === null ? null : { model, plan }
    const now = [champion, model].flatMap((one) => (one === null ? [] : [one.session]))
    for (const session of now) open.add(session)
    for (const { session } of before) {
      if (now.includes(session)) continue
      open.delete(session)
      retire(session)
    }
    const [is, was] = [champion?.version.id, previous?.champion?.version.id]
    if (previous === undefined || is !== was)
      log.info({ tenantId, model: is ?? 'popularity' }, 'viewers get this model now')
    return { champion, canary }
  }
  const models = createRefreshed<ActiveModels>({ name: 'the active model', everyMs: EVERY_MS, log, load })
  const stop = registry.onChange((tenantId) => {
    void (tenantId === '' ? models.refreshAll() : models.refresh(tenantId))
  })
  return {
    ...models,
    close: async () => {
      stop()
      await models.close()
      for (const { timer } of retired) clearTimeout(timer)
      await Promise.all(
        [...open, ...[...retired].map((entry) => entry.session)].map((session) => session.close()),
      )
    },
  }
}

/** Null, and logged, when the artifact cannot be read: what serves now goes on, and the next turn tries again. */
async function loadModel(
  version: ModelVersion,
  registry: Pick<Registry, 'artifact'>,
  log: Log,
): Promise<ActiveModel> {
  try {
    return { version, session: await openNcfSession(await registry.artifact(version)) }
  } catch (error) {
    log.error({ error, tenantId: version.tenantId, model: version.id }, 'the model cannot be loaded')
    return null
  }
}
