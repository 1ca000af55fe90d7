/**
 * NeuMF as an ONNX graph: `viewer` [1] and `titles` [N] (indexes) in, `scores` [N] (logits) out. The viewer's half of
 * the first layer is computed once, not once a title.
 */
import type { NeumfParts } from '#models/kernels/kernels.ts'
import type { NeumfSettings, NeumfWeights } from '#models/kernels/prepare.ts'
import { operation, value, weight, writeOnnx } from '#models/onnx.ts'

export function exportNcf(
  weights: NeumfWeights,
  settings: NeumfSettings,
  parts: NeumfParts = 'both',
): Uint8Array {
  const { width, layers } = settings
  const [h1, h2, h3] = layers
  const viewers = weights.viewerRows.length / (2 * width)
  const titles = weights.titleRows.length / (2 * width)
  let at = 0
  const next = (count: number): Float32Array => weights.dense.subarray(at, (at += count))
  const dense = {
    viewerKernel: next(width * h1),
    titleKernel: next(width * h1),
    bias1: next(h1),
    kernel2: next(h1 * h2),
    bias2: next(h2),
    kernel3: next(h2 * h3),
    bias3: next(h3),
    gmfOut: next(width),
    mlpOut: next(h3),
    bias: next(1),
  }
  // A half that learned alone: the other says nothing.
  if (parts === 'gmf') dense.mlpOut = new Float32Array(h3)
  if (parts === 'mlp') dense.gmfOut = new Float32Array(width)
  return writeOnnx({
    name: 'neumf',
    inputs: [value('viewer', 'int64', [1]), value('titles', 'int64', ['N'])],
    outputs: [value('scores', 'float', ['N'])],
    weights: [
      weight('viewerGmf', [viewers, width], half(weights.viewerRows, width, 0)),
      weight('viewerMlp', [viewers, width], half(weights.viewerRows, width, 1)),
      weight('titleGmf', [titles, width], half(weights.titleRows, width, 0)),
      weight('titleMlp', [titles, width], half(weights.titleRows, width, 1)),
      weight('viewerKernel', [width, h1], dense.viewerKernel),
      weight('titleKernel', [width, h1], dense.titleKernel),
      weight('bias1', [h1], dense.bias1),
      weight('kernel2', [h1, h2], dense.kernel2),
      weight('bias2', [h2], dense.bias2),
      weight('kernel3', [h2, h3], dense.kernel3),
      weight('bias3', [h3], dense.bias3),
      weight('gmfOut', [width], dense.gmfOut),
      weight('mlpOut', [h3, 1], dense.mlpOut),
      weight('bias', [1], dense.bias),
      weight('flat', [1], new BigInt64Array([-1n])),
    ],
    operations: [
      operation('Gather', ['viewerGmf', 'viewer'], 'viewerFactors'),
      operation('Gather', ['titleGmf', 'titles'], 'titleFactors'),
      operation('Mul', ['viewerFactors', 'gmfOut'], 'weightedFactors'),
      operation('Gemm', ['titleFactors', 'weightedFactors'], 'gmf', { transB: 1 }),
      operation('Gather', ['viewerMlp', 'viewer'], 'viewerInput'),
      operation('Gather', ['titleMlp', 'titles'], 'titleInput'),
      operation('Gemm', ['viewerInput', 'viewerKernel', 'bias1'], 'viewerHidden'),
      operation('MatMul', ['titleInput', 'titleKernel'], 'titleHidden'),
      operation('Add', ['titleHidden', 'viewerHidden'], 'sum1'),
      operation('Relu', ['sum1'], 'hidden1'),
      operation('Gemm', ['hidden1', 'kernel2', 'bias2'], 'sum2'),
      operation('Relu', ['sum2'], 'hidden2'),
      operation('Gemm', ['hidden2', 'kernel3', 'bias3'], 'sum3'),
      operation('Relu', ['sum3'], 'hidden3'),
      operation('Gemm', ['hidden3', 'mlpOut', 'bias'], 'mlp'),
      operation('Add', ['gmf', 'mlp'], 'logits'),
      operation('Reshape', ['logits', 'flat'], 'scores'),
    ],
  })
}

/** The GMF (0) or MLP (1) half of each row. */
function half(rows: Float32Array, width: number, which: 0 | 1): Float32Array {
  const count = rows.length / (2 * width)
  const out = new Float32Array(count * width)
  for (let r = 0; r < count; r++) {
    const from = (2 * r + which) * width
    out.set(rows.subarray(from, from + width), r * width)
  }
  return out
}
