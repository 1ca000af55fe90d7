// NeuMF forward: a generalised matrix factorisation beside a three-layer perceptron, joined by one output layer. The
// first layer is the sum of a viewer's and a title's half, computed beforehand.
import * as at from "./layout";
import { floats } from "./layout";
import { addBiasRelu, multiply, sumLanes } from "./matrix";

/** Buffers of one thread for one block: activations, their gradients, and gradients of embedding rows. */
export let layer1: usize = 0;
export let layer2: usize = 0;
export let layer3: usize = 0;
export let gradient2: usize = 0;
export let gradient3: usize = 0;
export let rowGradient: usize = 0;
export let rowMlp: usize = 0;

export function useScratch(thread: i32): void {
  layer1 = at.scratch + <usize>thread * at.scratchStride;
  layer2 = floats(layer1, at.BLOCK * at.hidden1);
  layer3 = floats(layer2, at.BLOCK * at.hidden2);
  gradient2 = floats(layer3, at.BLOCK * at.hidden3);
  gradient3 = floats(gradient2, at.BLOCK * at.hidden2);
  rowGradient = floats(gradient3, at.BLOCK * at.hidden3);
  rowMlp = floats(rowGradient, at.BLOCK * at.pairWidth);
}

/** Row `r` of the first layer from its two halves. */
// @ts-ignore: decorator
@inline
export function join(r: i32, viewerHalf: usize, titleHalf: usize): void {
  const zero = f32x4.splat(0);
  const bytes: usize = <usize>at.hidden1 << 2;
  const out = floats(layer1, r * at.hidden1);
  for (let j: usize = 0; j < bytes; j += 16) {
    v128.store(out + j, f32x4.max(zero, f32x4.add(v128.load(viewerHalf + j), v128.load(titleHalf + j))));
  }
}

/** The next multiple of four; the rows in between are zeroed. */
export function padded(rows: i32): i32 {
  const full = (rows + 3) & ~3;
  if (full > rows) memory.fill(floats(layer1, rows * at.hidden1), 0, <usize>((full - rows) * at.hidden1) << 2);
  return full;
}

/** Runs the second and third layer over the rows joined. */
export function perceptron(rows: i32): void {
  const d = at.dense;
  multiply(rows, at.hidden2, at.hidden1, layer1, at.hidden1, 1, floats(d, at.kernel2), layer2, false);
  addBiasRelu(rows, at.hidden2, layer2, floats(d, at.bias2));
  multiply(rows, at.hidden3, at.hidden2, layer2, at.hidden2, 1, floats(d, at.kernel3), layer3, false);
  addBiasRelu(rows, at.hidden3, layer3, floats(d, at.bias3));
}

/** The logit of row `r` for the pair whose embeddings are given. */
// @ts-ignore: decorator
@inline
export function logit(r: i32, viewer: usize, title: usize): f32 {
  let sum = f32x4.splat(0);
  if ((at.parts & at.GMF) !== 0) {
    const gmfBytes: usize = <usize>at.width << 2;
    const gmf = floats(at.dense, at.gmfOut);
    for (let j: usize = 0; j < gmfBytes; j += 16) {
      sum = f32x4.add(sum, f32x4.mul(f32x4.mul(v128.load(viewer + j), v128.load(title + j)), v128.load(gmf + j)));
    }
  }
  if ((at.parts & at.MLP) !== 0) {
    const mlpBytes: usize = <usize>at.hidden3 << 2;
    const mlp = floats(at.dense, at.mlpOut);
    const top = floats(layer3, r * at.hidden3);
    for (let j: usize = 0; j < mlpBytes; j += 16) {
      sum = f32x4.add(sum, f32x4.mul(v128.load(top + j), v128.load(mlp + j)));
    }
  }
  return sumLanes(sum) + f32.load(floats(at.dense, at.outBias));
}
