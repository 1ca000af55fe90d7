/**
 * Linear kinds as ONNX graphs with the inputs and output every served model has: `viewer` [1] and `titles` [N]
 * (indexes) in, `scores` [N] out.
 */
import { operation, value, weight, writeOnnx } from '#models/onnx.ts'
import type { Lists } from '#models/play-lists.ts'

const inputs = () => [value('viewer', 'int64', [1]), value('titles', 'int64', ['N'])]
const outputs = () => [value('scores', 'float', ['N'])]
const whole = (numbers: ArrayLike<number>): BigInt64Array => BigInt64Array.from(numbers as number[], BigInt)

/** Scores are the viewer's row times the title's, plus the title's bias. */
export function exportFactors(model: {
  readonly name: string
  /** Row by row, `width` each. */
  readonly viewers: Float32Array
  readonly titles: Float32Array
  readonly width: number
  readonly bias?: Float32Array
}): Uint8Array {
  const { name, viewers, titles, width } = model
  const count = titles.length / width
  return writeOnnx({
    name,
    inputs: inputs(),
    outputs: outputs(),
    weights: [
      weight('viewerFactors', [viewers.length / width, width], viewers),
      weight('titleFactors', [count, width], titles),
      weight('titleBias', [count, 1], model.bias ?? new Float32Array(count)),
      weight('flat', [1], whole([-1])),
    ],
    operations: [
      operation('Gather', ['viewerFactors', 'viewer'], 'own'),
      operation('Gather', ['titleFactors', 'titles'], 'theirs'),
      operation('Gather', ['titleBias', 'titles'], 'bias'),
      operation('Gemm', ['theirs', 'own', 'bias'], 'sums', { transB: 1 }),
      operation('Reshape', ['sums', 'flat'], 'scores'),
    ],
  })
}

/** Scores are the sum of the rows of what the viewer has watched. Titles outside the matrix score zero. */
export function exportRows(model: {
  readonly name: string
  /** Square, row by row: what having watched the row's title adds to the column's. */
  readonly weights: Float32Array
  /** Each viewer's plays, as places in the matrix. */
  readonly watched: Pick<Lists, 'starts' | 'items'>
  /** Titles of the matrix, by their place in it. */
  readonly kept: Int32Array
  /** Titles in all. */
  readonly titles: number
}): Uint8Array {
  const { name, weights, watched, kept, titles } = model
  const count = kept.length
  const places = new Int32Array(titles).fill(count)
  kept.forEach((title, place) => (places[title] = place))
  return writeOnnx({
    name,
    inputs: inputs(),
    outputs: outputs(),
    weights: [
      weight('weights', [count, count], weights),
      weight('starts', [watched.starts.length], whole(watched.starts)),
      weight('items', [watched.items.length], whole(watched.items)),
      weight('places', [titles], whole(places)),
      weight('one', [1], whole([1])),
      weight('down', [1], whole([0])),
      weight('nothing', [1], new Float32Array(1)),
    ],
    operations: [
      operation('Gather', ['starts', 'viewer'], 'from'),
      operation('Add', ['viewer', 'one'], 'nextViewer'),
      operation('Gather', ['starts', 'nextViewer'], 'to'),
      operation('Slice', ['items', 'from', 'to'], 'own'),
      operation('Gather', ['weights', 'own'], 'rows'),
      operation('ReduceSum', ['rows', 'down'], 'sums', { keepdims: 0 }),
      operation('Concat', ['sums', 'nothing'], 'all', { axis: 0 }),
      operation('Gather', ['places', 'titles'], 'at'),
      operation('Gather', ['all', 'at'], 'scores'),
    ],
  })
}
