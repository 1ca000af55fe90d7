/** Plays as many as MovieLens-1M has, made by seed: viewers of unequal appetite, titles of unequal fame. */
import { createRandom } from '#base/random.ts'
import type { Positives } from '#models/kernels/prepare.ts'

export const VIEWERS = 6040
export const TITLES = 3706
export const PLAYS = 1_000_209
export const SEED = 1

/** Distinct pairs, in no order. */
export function makePlays(count: number): Positives {
  const random = createRandom(SEED)
  const taken = new Set<number>()
  while (taken.size < count) {
    const viewer = Math.floor(VIEWERS * random.next() ** 1.5)
    const title = Math.floor(TITLES * random.next() ** 2)
    taken.add(viewer * TITLES + title)
  }
  const keys = random.shuffle([...taken])
  return {
    viewers: Int32Array.from(keys, (key) => Math.floor(key / TITLES)),
    titles: Int32Array.from(keys, (key) => key % TITLES),
    weights: new Float32Array(count).fill(1),
  }
}

/** For a program that reads them from a file: viewers, then titles, as 32-bit numbers. */
export const bytesOf = ({ viewers, titles }: Positives): Buffer =>
  Buffer.concat([viewers, titles].map(({ buffer }) => Buffer.from(buffer)))
