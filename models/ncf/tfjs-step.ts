/**
 * One step of NeuMF in TensorFlow.js: forward, backward and Adam as the kernels take them (`../kernels/assembly`),
 * formula by formula. Each row a batch names passes the first layer once; only those rows move, and only their moments.
 */
import type { NeumfParts } from '#models/kernels/kernels.ts'
import type { Tensor, TensorFlow } from '#models/ncf/tensorflow.ts'

/** Weights, mean and square of every row side by side [rows, 6 * width]; those of the dense weights [3, dense]. */
export type Tables = { readonly viewers: Tensor; readonly titles: Tensor; readonly dense: Tensor }

/** The rows of one side that a batch names, each once, and each example's place among them. */
export type Named = { readonly rows: Int32Array; readonly places: Int32Array }

export type Batch = {
  readonly viewers: Named
  readonly titles: Named
  /** Weight of a positive, 0 of a negative. */
  readonly targets: Float32Array
}

export type Pace = { readonly rate: number; readonly correction: number; readonly decay: number }
export type Shape = {
  readonly width: number
  readonly layers: readonly [number, number, number]
  readonly parts: NeumfParts
}

/** The dense weights by name, in the order they lie in. Padded to `length`. */
function readDense(tf: TensorFlow, flat: Tensor, { width, layers }: Shape) {
  const [h1, h2, h3] = layers
  let at = 0
  const next = (...shape: readonly number[]): Tensor => {
    const count = shape.reduce((a, b) => a * b)
    at += count
    return tf.reshape(tf.slice(flat, [at - count], [count]), shape)
  }
  return {
    viewerKernel: next(width, h1),
    titleKernel: next(width, h1),
    bias1: next(h1),
    kernel2: next(h1, h2),
    bias2: next(h2),
    kernel3: next(h2, h3),
    bias3: next(h3),
    gmfOut: next(width),
    mlpOut: next(h3),
    outBias: next(1),
  }
}
type Dense = ReturnType<typeof readDense>

function openSide(tf: TensorFlow, table: Tensor, { rows, places }: Named) {
  const indexes = tf.tensor(rows, [rows.length, 1], 'int32')
  const kept = tf.gather(table, tf.reshape(indexes, [rows.length]))
  const [weights, mean, square] = tf.split(kept, 3, 1) as [Tensor, Tensor, Tensor]
  const [gmf, mlp] = tf.split(weights, 2, 1) as [Tensor, Tensor]
  const count = rows.length
  return {
    indexes,
    count,
    weights,
    mean,
    square,
    gmf,
    mlp,
    places: tf.tensor(places, [places.length], 'int32'),
  }
}
type OpenSide = ReturnType<typeof openSide>

type Gradients = { readonly viewers: Tensor; readonly titles: Tensor; readonly dense: Partial<Dense> }

/** The tables after the step and the summed loss of the batch; the caller frees both, and the tables given. */
export function takeStep(
  tf: TensorFlow,
  shape: Shape,
  tables: Tables,
  batch: Batch,
  pace: Pace,
): Tables & { readonly loss: Tensor } {
  return tf.tidy(() => {
    const [flat, mean, square] = tf.split(tables.dense, 3, 0).map((row) => tf.reshape(row, [-1])) as [
      Tensor,
      Tensor,
      Tensor,
    ]
    const dense = readDense(tf, flat, shape)
    const viewers = openSide(tf, tables.viewers, batch.viewers)
    const titles = openSide(tf, tables.titles, batch.titles)
    const { loss, gradients } = backward(tf, shape, dense, viewers, titles, batch.targets)
    const gradient = joinDense(tf, dense, gradients.dense, flat.shape[0] as number)
    const moved = adam(tf, [flat, mean, square], gradient, { ...pace, decay: 0 })
    const step = (table: Tensor, side: OpenSide, own: Tensor): Tensor => {
      const kept = tf.concat(adam(tf, [side.weights, side.mean, side.square], own, pace), 1)
      return tf.tensorScatterUpdate(table, side.indexes, kept)
    }
    return {
      viewers: step(tables.viewers, viewers, gradients.viewers),
      titles: step(tables.titles, titles, gradients.titles),
      dense: tf.reshape(tf.concat(moved, 0), tables.dense.shape),
      loss,
    }
  })
}

/** Log loss, by hand as in the kernels: what is differentiated there leaves the guard of the logarithm out. */
function backward(
  tf: TensorFlow,
  { width, parts }: Shape,
  dense: Dense,
  viewers: OpenSide,
  titles: OpenSide,
  targets: Float32Array,
): { loss: Tensor; gradients: Gradients } {
  const count = targets.length
  const labels = tf.tensor(
    targets.map((t) => (t > 0 ? 1 : 0)),
    [count, 1],
    'float32',
  )
  const weights = tf.tensor(
    targets.map((t) => (t > 0 ? t : 1)),
    [count, 1],
    'float32',
  )
  const perceptron = parts === 'gmf' ? null : runPerceptron(tf, dense, viewers, titles)
  const factors = parts === 'mlp' ? null : runFactors(tf, viewers, titles)
  const outOf = (x: Tensor, by: Tensor): Tensor => tf.matMul(x, tf.reshape(by, [-1, 1]))
  let logits: Tensor | null = factors && outOf(factors.product, dense.gmfOut)
  if (perceptron !== null) {
    const deep = outOf(perceptron.layer3, dense.mlpOut)
    logits = logits === null ? deep : tf.add(logits, deep)
  }
  const p = tf.sigmoid(tf.add(logits as Tensor, dense.outBias))
  const hit = tf.abs(tf.sub(p, tf.sub(1, labels)))
  const loss = tf.sum(tf.mul(weights, tf.mul(-1, tf.log(tf.add(hit, 1e-7)))))
  const slopes = tf.mul(tf.mul(tf.sub(p, labels), weights), 1 / count)
  const deep = perceptron && backPerceptron(tf, dense, viewers, titles, perceptron, slopes)
  const wide = factors && backFactors(tf, dense, viewers, titles, factors, slopes)
  const both = (side: OpenSide, gmf: Tensor | undefined, mlp: Tensor | undefined): Tensor => {
    const none = [side.count, width]
    return tf.concat([gmf ?? tf.zeros(none), mlp ?? tf.zeros(none)], 1)
  }
  return {
    loss,
    gradients: {
      viewers: both(viewers, wide?.viewers, deep?.viewers),
      titles: both(titles, wide?.titles, deep?.titles),
      dense: { ...deep?.dense, ...wide?.dense, outBias: tf.sum(slopes) },
    },
  }
}

function runPerceptron(tf: TensorFlow, dense: Dense, viewers: OpenSide, titles: OpenSide) {
  const viewerHalves = tf.matMul(viewers.mlp, dense.viewerKernel)
  const titleHalves = tf.add(tf.matMul(titles.mlp, dense.titleKernel), dense.bias1)
  const layer1 = tf.relu(
    tf.add(tf.gather(viewerHalves, viewers.places), tf.gather(titleHalves, titles.places)),
  )
  const layer2 = tf.relu(tf.add(tf.matMul(layer1, dense.kernel2), dense.bias2))
  const layer3 = tf.relu(tf.add(tf.matMul(layer2, dense.kernel3), dense.bias3))
  return { layer1, layer2, layer3 }
}

function backPerceptron(
  tf: TensorFlow,
  dense: Dense,
  viewers: OpenSide,
  titles: OpenSide,
  { layer1, layer2, layer3 }: ReturnType<typeof runPerceptron>,
  slopes: Tensor,
): Gradients {
  const at3 = tf.mul(tf.matMul(slopes, tf.reshape(dense.mlpOut, [1, -1])), tf.step(layer3))
  const at2 = tf.mul(tf.matMul(at3, dense.kernel3, false, true), tf.step(layer2))
  const at1 = tf.mul(tf.matMul(at2, dense.kernel2, false, true), tf.step(layer1))
  const ofViewers = tf.unsortedSegmentSum(at1, viewers.places, viewers.count)
  const ofTitles = tf.unsortedSegmentSum(at1, titles.places, titles.count)
  return {
    viewers: tf.matMul(ofViewers, dense.viewerKernel, false, true),
    titles: tf.matMul(ofTitles, dense.titleKernel, false, true),
    dense: {
      viewerKernel: tf.matMul(viewers.mlp, ofViewers, true),
      titleKernel: tf.matMul(titles.mlp, ofTitles, true),
      bias1: tf.sum(at1, 0),
      kernel2: tf.matMul(layer1, at2, true),
      bias2: tf.sum(at2, 0),
      kernel3: tf.matMul(layer2, at3, true),
      bias3: tf.sum(at3, 0),
      mlpOut: tf.matMul(layer3, slopes, true),
    },
  }
}

function runFactors(tf: TensorFlow, viewers: OpenSide, titles: OpenSide) {
  const ofViewers = tf.gather(viewers.gmf, viewers.places)
  const ofTitles = tf.gather(titles.gmf, titles.places)
  return { ofViewers, ofTitles, product: tf.mul(ofViewers, ofTitles) }
}

function backFactors(
  tf: TensorFlow,
  dense: Dense,
  viewers: OpenSide,
  titles: OpenSide,
  { ofViewers, ofTitles }: ReturnType<typeof runFactors>,
  slopes: Tensor,
): Gradients {
  const atViewers = tf.unsortedSegmentSum(tf.mul(slopes, ofTitles), viewers.places, viewers.count)
  const atTitles = tf.unsortedSegmentSum(tf.mul(slopes, ofViewers), titles.places, titles.count)
  return {
    viewers: tf.mul(atViewers, dense.gmfOut),
    titles: tf.mul(atTitles, dense.gmfOut),
    dense: { gmfOut: tf.sum(tf.mul(atViewers, viewers.gmf), 0) },
  }
}

/** Gradients in the order the weights lie in; zeros where a half is not there, and for the padding. */
function joinDense(tf: TensorFlow, dense: Dense, gradients: Partial<Dense>, length: number): Tensor {
  const names = Object.keys(dense) as (keyof Dense)[]
  const parts = names.map((name) => tf.reshape(gradients[name] ?? tf.zeros(dense[name].shape), [-1]))
  const used = parts.reduce((sum, { shape }) => sum + (shape[0] as number), 0)
  return tf.concat([...parts, tf.zeros([length - used])], 0)
}

/** Adam (Kingma and Ba 2015) with the corrections in the pace, and decay apart from the gradient (Loshchilov 2019). */
function adam(
  tf: TensorFlow,
  [weights, mean, square]: readonly [Tensor, Tensor, Tensor],
  gradient: Tensor,
  { rate, correction, decay }: Pace,
): [Tensor, Tensor, Tensor] {
  const m = tf.add(tf.mul(0.9, mean), tf.mul(0.1, gradient))
  const s = tf.add(tf.mul(0.999, square), tf.mul(0.001, tf.square(gradient)))
  const move = tf.div(tf.mul(rate, m), tf.add(tf.mul(tf.sqrt(s), correction), 1e-8))
  return [tf.sub(tf.mul(1 - decay, weights), move), m, s]
}
