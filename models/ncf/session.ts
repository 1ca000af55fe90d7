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

export const titlesTensor = (titles: ArrayLike<number>): Tensor =>
  new Tensor(
    'int64',
    BigInt64Array.from({ length: titles.length }, (_, k) => BigInt(titles[k] as number)),
    [titles.length],
  )

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
