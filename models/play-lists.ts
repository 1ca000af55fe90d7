/** Interactions as lists: the titles of each viewer and the viewers of each title, as kernels and counts want them. */
import type { Interactions } from '#features/interactions.ts'

/** Compressed rows: the items of row r are `items[starts[r]..starts[r + 1]]`, ascending. */
export type Lists = {
  readonly starts: Int32Array
  readonly items: Int32Array
  readonly weights: Float32Array
}

export const titlesOfViewers = (data: Interactions): Lists =>
  listsOf(data.viewers.length, data.viewer, data.title, data.strength)
export const viewersOfTitles = (data: Interactions): Lists =>
  listsOf(data.titles.length, data.title, data.viewer, data.strength)

function listsOf(rows: number, row: Int32Array, item: Int32Array, strength: Float32Array): Lists {
  const starts = new Int32Array(rows + 1)
  for (const r of row) starts[r + 1] = (starts[r + 1] as number) + 1
  for (let r = 0; r < rows; r++) starts[r + 1] = (starts[r + 1] as number) + (starts[r] as number)
  const order = Uint32Array.from(row, (_, k) => k).sort((a, b) => (item[a] as number) - (item[b] as number))
  const next = starts.slice()
  const items = new Int32Array(row.length)
  const weights = new Float32Array(row.length)
  for (const k of order) {
    const place = next[row[k] as number] as number
    next[row[k] as number] = place + 1
    items[place] = item[k] as number
    weights[place] = strength[k] as number
  }
  return { starts, items, weights }
}

/** Copies an array into memory of its kind; returns the copy. */
export function copyInto<T extends Int32Array | Float32Array>(target: T, source: ArrayLike<number>): T {
  target.set(source)
  return target
}
