/** A trained model ready to score: its graph in onnxruntime, and the index that says what its numbers mean. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { required } from '#base/assert.ts'
import { type ModelIndex, readIndex } from '#models/artifact.ts'

export type NcfSession = {
  readonly index: ModelIndex
  readonly viewerIndex: ReadonlyMap<string, number>
  readonly titleIndex: ReadonlyMap<string, number>
  /** Logits for title indexes (an int64 tensor made with `titlesTensor`, reusable over calls). */
  score(viewer: number, titles: Tensor): Promise<Float32Array>
  close(): Promise<void>
}

/** Indexes are below 2^31: their upper halves stay zero, and no bigint is made of any. */
export function titlesTensor(titles: ArrayLike<number>): Tensor {
  const indexes = new BigInt64Array(titles.length)
  const halves = new Int32Array(indexes.buffer)
  for (let k = 0; k < titles.length; k++) halves[2 * k + LOWER] = titles[k] as number
  return new Tensor('int64', indexes, [titles.length])
}
/** Which half of a 64-bit number comes first on this machine. */
const LOWER = new Int32Array(BigInt64Array.of(1n).buffer)[0] === 1 ? 0 : 1

export async function openNcfSession(artifact: { onnx: Uint8Array; index: Uint8Array }): Promise<NcfSession> {
  const session = await InferenceSession.create(artifact.onnx, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  })
  const index = readIndex(artifact.index)
  return {
    index,
    viewerIndex: new Map(index.viewers.map((key, k) => [key, k])),
    titleIndex: new Map(index.titles.map((id, k) => [id, k])),
    score: async (viewer, titles) => {
      const answer = await session.run({
        viewer: new Tensor('int64', BigInt64Array.of(BigInt(viewer)), [1]),
        titles,
      })
      return required(answer['scores'], 'scores').data as Float32Array
    },
    close: () => session.release(),
  }
}
