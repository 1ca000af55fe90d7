// NeuMF forward: a generalised matrix factorisation beside a three-layer perceptron, joined by one output layer.
import * as at from "./layout";
import { floats } from "./layout";
import { addBiasRelu, multiply, sumLanes } from "./matrix";

/** Buffers of one thread for one block: inputs and activations, then their gradients. */
export let input: usize = 0;
export let layer1: usize = 0;
export let layer2: usize = 0;
export let layer3: usize = 0;
export let inputGradient: usize = 0;
export let gradient1: usize = 0;
export let gradient2: usize = 0;
export let gradient3: usize = 0;

export function useScratch(thread: i32): void {
  input = at.scratch + <usize>thread * at.scratchStride;
  layer1 = floats(input, at.BLOCK * at.pairWidth);
  layer2 = floats(layer1, at.BLOCK * at.hidden1);
  layer3 = floats(layer2, at.BLOCK * at.hidden2);
  inputGradient = floats(layer3, at.BLOCK * at.hidden3);
  gradient1 = floats(inputGradient, at.BLOCK * at.pairWidth);
  gradient2 = floats(gradient1, at.BLOCK * at.hidden1);
  gradient3 = floats(gradient2, at.BLOCK * at.hidden2);
}

/** Puts the MLP embeddings of a pair side by side into row `r` of the input. */
// @ts-ignore: decorator
@inline
export function gather(r: i32, viewer: usize, title: usize): void {
  const bytes: usize = <usize>at.width << 2;
  const x = floats(input, r * at.pairWidth);
  memory.copy(x, viewer + bytes, bytes);
  memory.copy(x + bytes, title + bytes, bytes);
}

/** The next multiple of four; the rows in between are zeroed. */
export function padded(rows: i32): i32 {
  const full = (rows + 3) & ~3;
  if (full > rows) memory.fill(floats(input, rows * at.pairWidth), 0, <usize>((full - rows) * at.pairWidth) << 2);
  return full;
}

/** Runs the perceptron over the rows gathered. */
export function perceptron(rows: i32): void {
  const d = at.dense;
  multiply(rows, at.hidden1, at.pairWidth, input, at.pairWidth, 1, floats(d, at.kernel1), layer1, false);
  addBiasRelu(rows, at.hidden1, layer1, floats(d, at.bias1));
  multiply(rows, at.hidden2, at.hidden1, layer1, at.hidden1, 1, floats(d, at.kernel2), layer2, false);
  addBiasRelu(rows, at.hidden2, layer2, floats(d, at.bias2));
  multiply(rows, at.hidden3, at.hidden2, layer2, at.hidden2, 1, floats(d, at.kernel3), layer3, false);
  addBiasRelu(rows, at.hidden3, layer3, floats(d, at.bias3));
}

/** The logit of row `r` for the pair whose rows are given. */
// @ts-ignore: decorator
@inline
export function logit(r: i32, viewer: usize, title: usize): f32 {
  const gmfBytes: usize = <usize>at.width << 2;
  const mlpBytes: usize = <usize>at.hidden3 << 2;
  const gmf = floats(at.dense, at.gmfOut);
  const mlp = floats(at.dense, at.mlpOut);
  const top = floats(layer3, r * at.hidden3);
  let sum = f32x4.splat(0);
  for (let j: usize = 0; j < gmfBytes; j += 16) {
    sum = f32x4.add(sum, f32x4.mul(f32x4.mul(v128.load(viewer + j), v128.load(title + j)), v128.load(gmf + j)));
  }
  for (let j: usize = 0; j < mlpBytes; j += 16) {
    sum = f32x4.add(sum, f32x4.mul(v128.load(top + j), v128.load(mlp + j)));
  }
  return sumLanes(sum) + f32.load(floats(at.dense, at.outBias));
}
