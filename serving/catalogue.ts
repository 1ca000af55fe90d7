/** The titles a tenant serves, in memory: by index, by genre, newest first. Rebuilt in the background when they change. */
import type { ServedTitle } from '#serving/ports.ts'

export type Catalogue = {
  readonly titles: readonly ServedTitle[]
  readonly indexOf: ReadonlyMap<string, number>
  /** 1 where there is video to play. */
  readonly playable: Uint8Array
  /** 1 where children may watch. */
  readonly forKids: Uint8Array
  /** Title indexes, newest first. */
  readonly newest: Int32Array
  readonly byGenre: ReadonlyMap<string, Int32Array>
}

/** Only what viewers may see: published, with video, or simulated in the demo world. */
const mayServe = (title: ServedTitle, now: number): boolean =>
  (title.status === 'ready' || title.status === 'simulated') &&
  title.publishedAt !== null &&
  title.publishedAt <= now

export function buildCatalogue(all: readonly ServedTitle[], now: number): Catalogue {
  const titles = all.filter((title) => mayServe(title, now)).sort((a, b) => (a.id < b.id ? -1 : 1))
  const lists = new Map<string, number[]>()
  titles.forEach(({ genres }, index) => {
    for (const genre of genres) {
      const list = lists.get(genre) ?? []
      lists.set(genre, list)
      list.push(index)
    }
  })
  const publishedAt = (index: number): number => titles[index]?.publishedAt ?? 0
  return {
    titles,
    indexOf: new Map(titles.map(({ id }, index) => [id, index])),
    playable: Uint8Array.from(titles, ({ status }) => (status === 'ready' ? 1 : 0)),
    forKids: Uint8Array.from(titles, ({ ageRating }) => (ageRating === 'all' ? 1 : 0)),
    newest: Int32Array.from(titles.keys()).sort((a, b) => publishedAt(b) - publishedAt(a) || a - b),
    byGenre: new Map([...lists].map(([genre, list]) => [genre, Int32Array.from(list)])),
  }
}
