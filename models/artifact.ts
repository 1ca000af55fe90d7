/** What is stored with a model beside its graph: which viewer and title each index means, and titles' neighbours. */
import type { Neighbours } from '#models/neighbours.ts'

export type ModelIndex = {
  readonly viewers: readonly string[]
  readonly titles: readonly string[]
  readonly neighbours: Neighbours
  /** Epoch ms of the newest play learned from; what a viewer did later is news to the model. */
  readonly knowsUntil: number
}

const FORMAT = 1
const pack = (array: Int32Array | Float32Array): string =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64')
const unpack = (text: string): ArrayBuffer => new Uint8Array(Buffer.from(text, 'base64')).buffer

export function writeIndex(index: ModelIndex): Uint8Array {
  const { neighbours, ...rest } = index
  const json = JSON.stringify({
    format: FORMAT,
    ...rest,
    perTitle: neighbours.perTitle,
    neighbourTitles: pack(neighbours.titles),
    neighbourWeights: pack(neighbours.weights),
  })
  return Buffer.from(json)
}

export function readIndex(bytes: Uint8Array): ModelIndex {
  const stored = JSON.parse(Buffer.from(bytes).toString()) as {
    viewers: string[]
    titles: string[]
    knowsUntil: number
    perTitle: number
    neighbourTitles: string
    neighbourWeights: string
  }
  return {
    viewers: stored.viewers,
    titles: stored.titles,
    knowsUntil: stored.knowsUntil,
    neighbours: {
      perTitle: stored.perTitle,
      titles: new Int32Array(unpack(stored.neighbourTitles)),
      weights: new Float32Array(unpack(stored.neighbourWeights)),
    },
  }
}
