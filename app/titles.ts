/** Titles and creators at hand for every page: read once, forgotten when the catalog says that they changed. */
import { createRemembered } from '#app/remembered.ts'
import type { Clock } from '#base/clock.ts'
import type { Catalog, CreatorRecord, Title } from '#domains/catalog/index.ts'
import type { Playback, Sources } from '#playback/playback.ts'

export type Titles = {
  byId(tenantId: string, ids: readonly string[]): Promise<Title[]>
  one(tenantId: string, id: string): Promise<Title | null>
  creator(tenantId: string, id: string): Promise<CreatorRecord | null>
  sources(tenantId: string, id: string): Promise<Sources | null>
  posterUrl(title: Pick<Title, 'tenantId' | 'id' | 'simulated'>): Promise<string>
}

const TITLE_MS = 30_000
const SOURCES_MS = 5000
const TITLES = 10_000
const split = (key: string): [string, string] => key.split('\n') as [string, string]
const join = (tenantId: string, id: string): string => `${tenantId}\n${id}`

export function createTitles(catalog: Catalog, playback: Playback, clock: Clock): Titles {
  const held = new Map<string, { readonly at: number; readonly title: Title }>()
  const creators = createRemembered({ load: (key) => catalog.creator(...split(key)), clock, forMs: TITLE_MS })
  const sources = createRemembered({
    load: (key) => playback.sourcesFor(...split(key)),
    clock,
    forMs: SOURCES_MS,
  })
  catalog.onChange(() => {
    held.clear()
    creators.forget()
  })
  playback.onJob((job) => sources.forget(join(job.tenantId, job.titleId)))

  const hold = (key: string, known: { readonly at: number; readonly title: Title }): void => {
    held.delete(key)
    if (held.size >= TITLES) held.delete(held.keys().next().value as string)
    held.set(key, known)
  }
  const byId = async (tenantId: string, ids: readonly string[]): Promise<Title[]> => {
    const now = clock.now()
    const fresh = (id: string): Title | undefined => {
      const known = held.get(join(tenantId, id))
      return known !== undefined && now - known.at < TITLE_MS ? known.title : undefined
    }
    const found = new Map(ids.flatMap((id) => fresh(id) ?? []).map((title) => [title.id, title]))
    const missing = ids.filter((id) => !found.has(id))
    if (missing.length > 0) {
      const version = catalog.version()
      for (const title of await catalog.getMany(tenantId, missing)) {
        found.set(title.id, title)
        // What was read while something changed may be the title of before.
        if (catalog.version() === version) hold(join(tenantId, title.id), { at: now, title })
      }
    }
    return ids.flatMap((id) => found.get(id) ?? [])
  }
  return {
    byId,
    one: async (tenantId, id) => (await byId(tenantId, [id]))[0] ?? null,
    creator: (tenantId, id) => creators.get(join(tenantId, id)),
    sources: (tenantId, id) => sources.get(join(tenantId, id)),
    posterUrl: async ({ tenantId, id, simulated }) => {
      if (simulated) return `/media/${tenantId}/${id}/poster.svg`
      return (await sources.get(join(tenantId, id)))?.posterUrl ?? `/art/${tenantId}/${id}.svg`
    },
  }
}
