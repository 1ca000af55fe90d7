/** Composing a page: rows take titles in turn, no title twice, nothing a rule forbids. */
import type { Catalogue } from '#serving/catalogue.ts'
import type { Row, Slot, Source } from '#serving/ports.ts'
import { best } from '#serving/scores.ts'
import type { ViewerState } from '#serving/viewer.ts'

export type Page = {
  /** May the title still be put on the page? */
  free(title: number): boolean
  /** Takes the titles off the page's table and lays them into a row. */
  row(key: string, name: string, picks: readonly Pick[]): Row
  /** The best free titles by these scores, of `among` where given. */
  pick(scores: Float32Array, count: number, source: Source, among?: Int32Array): Pick[]
}
export type Pick = { readonly title: number; readonly source: Source; readonly score: number }

/** Watched to the end and dismissed titles stay away; children see what is rated for all. */
export function openPage(catalogue: Catalogue, viewer: ViewerState, kids: boolean): Page {
  const taken = new Uint8Array(catalogue.titles.length)
  for (const { title, completed } of viewer.watched) if (completed) taken[title] = 1
  for (const { title, dismissed } of viewer.said) if (dismissed) taken[title] = 1
  const free = (title: number): boolean => taken[title] === 0 && (!kids || catalogue.forKids[title] === 1)
  return {
    free,
    row: (key, name, picks) => {
      const slots: Slot[] = []
      for (const { title, source, score } of picks) {
        const titleId = catalogue.titles[title]?.id
        if (titleId === undefined || !free(title)) continue
        taken[title] = 1
        slots.push({ position: slots.length, titleId, source, score })
      }
      return { key, name, slots }
    },
    pick: (scores, count, source, among) =>
      best(scores, count, free, among).map((title) => ({
        title,
        source,
        score: scores[title] as number,
      })),
  }
}
