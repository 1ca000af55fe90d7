/** The model before a tenant's viewers, ready to score. A new one is loaded whole before the old one lets go. */
import type { Log } from '#base/log.ts'
import { type NcfSession, openNcfSession } from '#models/ncf/session.ts'
import type { Registry } from '#models/registry.ts'
import type { ModelVersion } from '#models/version.ts'
import { createRefreshed, type Refreshed } from '#serving/refreshed.ts'

export type ActiveModel = { readonly version: ModelVersion; readonly session: NcfSession } | null

/** How long answers begun with the old model may take. */
const GRACE_MS = 10_000
/** A look at the registry even when no change was heard. */
const EVERY_MS = 30_000

export function createActiveModels(
  registry: Pick<Registry, 'active' | 'artifact' | 'onChange'>,
  log: Log,
): Refreshed<ActiveModel> {
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
  const models = createRefreshed<ActiveModel>({
    name: 'the active model',
    everyMs: EVERY_MS,
    log,
    load: async (tenantId, previous) => {
      const version = await registry.active(tenantId)
      if (version?.id === previous?.version.id) return previous ?? null
      const next = version === null ? null : await loadModel(version, registry, log)
      if (next === undefined) return previous ?? null
      if (previous) {
        open.delete(previous.session)
        retire(previous.session)
      }
      if (next !== null) open.add(next.session)
      log.info({ tenantId, model: version?.id ?? 'popularity' }, 'viewers get this model now')
      return next
    },
  })
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

/** Undefined, and logged, when the artifact cannot be read: what serves now goes on, and the next turn tries again. */
async function loadModel(
  version: ModelVersion,
  registry: Pick<Registry, 'artifact'>,
  log: Log,
): Promise<NonNullable<ActiveModel> | undefined> {
  try {
    return { version, session: await openNcfSession(await registry.artifact(version)) }
  } catch (error) {
    log.error({ error, tenantId: version.tenantId, model: version.id }, 'the model cannot be loaded')
    return undefined
  }
}
