/** For each title served, the titles its viewers watched too: as the model learned it, or as the warehouse counts it. */
import type { CoWatched } from '#features/co-watch.ts'
import type { Neighbours } from '#models/neighbours.ts'
import type { Catalogue } from '#serving/catalogue.ts'

/** Calls `visit` for each neighbour, nearest first, by catalogue index. */
export type Together = (title: number, visit: (other: number, weight: number) => void) => void

/** `toModel` and `toServed` turn catalogue indexes into the model's and back, -1 where there is none. */
export const neighboursServed =
  ({ perTitle, titles, weights }: Neighbours, toModel: Int32Array, toServed: Int32Array): Together =>
  (title, visit) => {
    const known = toModel[title] as number
    if (known < 0) return
    for (let k = known * perTitle; k < (known + 1) * perTitle; k++) {
      const neighbour = titles[k] as number
      if (neighbour < 0) return
      const other = toServed[neighbour] as number
      if (other >= 0) visit(other, weights[k] as number)
    }
  }

const nobody: Together = () => {}
const cache = new WeakMap<readonly CoWatched[], WeakMap<Catalogue, Together>>()

/** From rows that lie nearest first within a title. */
export function matchTogether(rows: readonly CoWatched[] | undefined, catalogue: Catalogue): Together {
  if (rows === undefined) return nobody
  let byCatalogue = cache.get(rows)
  if (byCatalogue === undefined) cache.set(rows, (byCatalogue = new WeakMap()))
  let together = byCatalogue.get(catalogue)
  if (together === undefined) byCatalogue.set(catalogue, (together = fromRows(rows, catalogue)))
  return together
}

function fromRows(rows: readonly CoWatched[], catalogue: Catalogue): Together {
  const near = new Map<number, { other: number; weight: number }[]>()
  for (const { titleId, otherId, weight } of rows) {
    const title = catalogue.indexOf.get(titleId)
    const other = catalogue.indexOf.get(otherId)
    if (title === undefined || other === undefined) continue
    const list = near.get(title)
    if (list === undefined) near.set(title, [{ other, weight }])
    else list.push({ other, weight })
  }
  return (title, visit) => {
    for (const { other, weight } of near.get(title) ?? []) visit(other, weight)
  }
}
