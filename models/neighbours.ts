/**
 * Titles watched by the same viewers: for each title its nearest, by cosine of who watched it, damped where few did.
 * Serves "because you watched" and viewers the model has not met.
 */
import type { Interactions } from '#features/interactions.ts'

export type Neighbours = {
  readonly perTitle: number
  /** `perTitle` title indexes a title, nearest first; -1 where there are fewer. */
  readonly titles: Int32Array
  /** Their similarity, 0 to 1. */
  readonly weights: Float32Array
}

const DAMPING = 8
/** A viewer's latest titles that count: bounds the work of viewers who watch everything. */
const MAX_PER_VIEWER = 300

export function findNeighbours(interactions: Interactions, perTitle = 50): Neighbours {
  const count = interactions.titles.length
  const lists: number[][] = interactions.viewers.map(() => [])
  for (let k = interactions.viewer.length - 1; k >= 0; k--) {
    const list = lists[interactions.viewer[k] as number] as number[]
    if (list.length < MAX_PER_VIEWER) list.push(interactions.title[k] as number)
  }
  const viewersOf: number[][] = interactions.titles.map(() => [])
  lists.forEach((list, viewer) => {
    for (const title of list) (viewersOf[title] as number[]).push(viewer)
  })
  const titles = new Int32Array(count * perTitle).fill(-1)
  const weights = new Float32Array(count * perTitle)
  const together = new Float64Array(count)
  for (let title = 0; title < count; title++) {
    together.fill(0)
    const own = viewersOf[title] as number[]
    for (const viewer of own)
      for (const other of lists[viewer] as number[]) together[other] = (together[other] as number) + 1
    const near: { other: number; weight: number }[] = []
    for (let other = 0; other < count; other++) {
      const both = together[other] as number
      if (other === title || both < 2) continue
      const size = Math.sqrt(own.length * (viewersOf[other] as number[]).length)
      near.push({ other, weight: both / (size + DAMPING) })
    }
    near.sort((a, b) => b.weight - a.weight || a.other - b.other)
    near.slice(0, perTitle).forEach(({ other, weight }, place) => {
      titles[title * perTitle + place] = other
      weights[title * perTitle + place] = weight
    })
  }
  return { perTitle, titles, weights }
}
