// Adam, sparse for the embeddings: only rows of the batch move. Blocks of rows belong to shards, each shard to one
// thread, and a row's gradients are added in the order of its examples, so the number of threads changes nothing.
import * as at from "./layout";
import { floats, rowOf, Side } from "./layout";
import { multiply, transpose } from "./matrix";
import * as net from "./network";

/** `rate` has the first moment's correction in it, `square` is the second's: 1 / sqrt(1 - 0.999^step). */
function step(weights: usize, mean: usize, square: usize, gradient: usize, bytes: usize,
              rate: f32, correction: f32, decay: f32): void {
  const rates = f32x4.splat(rate);
  const corrections = f32x4.splat(correction);
  const keep = f32x4.splat(1 - decay);
  const tiny = f32x4.splat(1e-8);
  for (let j: usize = 0; j < bytes; j += 16) {
    const g = v128.load(gradient + j);
    const m = f32x4.add(f32x4.mul(f32x4.splat(0.9), v128.load(mean + j)), f32x4.mul(f32x4.splat(0.1), g));
    const s = f32x4.add(
      f32x4.mul(f32x4.splat(0.999), v128.load(square + j)),
      f32x4.mul(f32x4.splat(0.001), f32x4.mul(g, g)),
    );
    v128.store(mean + j, m);
    v128.store(square + j, s);
    const move = f32x4.div(f32x4.mul(rates, m), f32x4.add(f32x4.mul(f32x4.sqrt(s), corrections), tiny));
    v128.store(weights + j, f32x4.sub(f32x4.mul(keep, v128.load(weights + j)), move));
  }
}

/** Adds up what the examples of one row say: first-layer gradients into `half`, the other side's GMF into `gmf`. */
function addExamples(side: Side, other: Side, place: i32, half: usize, gmf: usize): void {
  const halfBytes: usize = <usize>at.hidden1 << 2;
  const gmfBytes: usize = <usize>at.width << 2;
  const deep = (at.parts & at.MLP) !== 0;
  const wide = (at.parts & at.GMF) !== 0;
  if (deep) memory.fill(half, 0, halfBytes);
  memory.fill(gmf, 0, gmfBytes);
  const end = load<i32>(floats(side.start, place + 1));
  for (let k = load<i32>(floats(side.start, place)); k < end; k++) {
    const e = load<i32>(floats(side.order, k));
    if (deep) {
      const from = floats(at.firstGradient, e * at.hidden1);
      for (let j: usize = 0; j < halfBytes; j += 16) {
        v128.store(half + j, f32x4.add(v128.load(half + j), v128.load(from + j)));
      }
    }
    if (wide) {
      const slopes = f32x4.splat(f32.load(floats(at.slopes, e)));
      const from = floats(other.copy, load<i32>(floats(other.place, e)) * at.pairWidth);
      for (let j: usize = 0; j < gmfBytes; j += 16) {
        v128.store(gmf + j, f32x4.add(v128.load(gmf + j), f32x4.mul(slopes, v128.load(from + j))));
      }
    }
  }
}

/** The GMF gradient of a row from the sum over its examples; viewers also bring the output layer's. */
function finishGmf(side: Side, place: i32, gmf: usize, sums: usize): void {
  const bytes: usize = <usize>at.width << 2;
  const out = floats(at.dense, at.gmfOut);
  const outSum = floats(sums, at.gmfOut);
  const own = floats(side.copy, place * at.pairWidth);
  for (let j: usize = 0; j < bytes; j += 16) {
    const sum = v128.load(gmf + j);
    if (side.kernelRow === 0) {
      v128.store(outSum + j, f32x4.add(v128.load(outSum + j), f32x4.mul(sum, v128.load(own + j))));
    }
    v128.store(gmf + j, f32x4.mul(sum, v128.load(out + j)));
  }
}

/** Gradients and steps of one side's rows in the blocks of the shard, and the first layer's kernel of this side. */
export function stepSide(side: Side, other: Side, shard: i32, thread: i32, rate: f32, correction: f32, decay: f32): void {
  net.useScratch(thread);
  const count = load<i32>(side.count);
  const sums = floats(at.denseGradient, shard * at.denseCount);
  const bytes: usize = <usize>at.pairWidth << 2;
  const half: usize = <usize>at.width << 2;
  const deep = (at.parts & at.MLP) !== 0;
  const turned = floats(at.transposed, side.kernelRow * at.hidden1);
  for (let start = shard * at.BLOCK; start < count; start += at.SHARDS * at.BLOCK) {
    const n = min(at.BLOCK, count - start);
    const rows = (n + 3) & ~3;
    const halves = floats(side.half, start * at.hidden1);
    for (let r: i32 = 0; r < n; r++) {
      const gmf = net.rowGradient + <usize>r * bytes;
      addExamples(side, other, start + r, floats(halves, r * at.hidden1), gmf);
      finishGmf(side, start + r, gmf, sums);
      if (!deep) memory.fill(gmf + half, 0, half);
    }
    if (deep) {
      if (rows > n) memory.fill(floats(halves, n * at.hidden1), 0, <usize>((rows - n) * at.hidden1) << 2);
      multiply(at.width, at.hidden1, rows, floats(side.copy, start * at.pairWidth + at.width), 1, at.pairWidth,
               halves, floats(sums, at.kernel1 + side.kernelRow * at.hidden1), true);
      multiply(rows, at.width, at.hidden1, halves, at.hidden1, 1, turned, net.rowMlp, false);
      for (let r: i32 = 0; r < n; r++) {
        memory.copy(net.rowGradient + <usize>r * bytes + half, floats(net.rowMlp, r * at.width), half);
      }
    }
    for (let r: i32 = 0; r < n; r++) {
      const weights = rowOf(side.table, load<i32>(floats(side.row, start + r)));
      step(weights, weights + bytes, weights + 2 * bytes, net.rowGradient + <usize>r * bytes, bytes,
           rate, correction, decay);
    }
  }
}

/** Turned copies of the layers' weights, which the backward pass reads: each side's kernel of the first apart. */
export function turnWeights(): void {
  const turned2 = floats(at.transposed, at.pairWidth * at.hidden1);
  const turned3 = floats(turned2, at.hidden1 * at.hidden2);
  const side = at.width * at.hidden1;
  transpose(at.width, at.hidden1, floats(at.dense, at.kernel1), at.transposed);
  transpose(at.width, at.hidden1, floats(at.dense, at.kernel1 + side), floats(at.transposed, side));
  transpose(at.hidden1, at.hidden2, floats(at.dense, at.kernel2), turned2);
  transpose(at.hidden2, at.hidden3, floats(at.dense, at.kernel3), turned3);
}

/** Adds up the shards in their order and steps the dense weights. */
export function stepDense(rate: f32, correction: f32): void {
  const bytes: usize = <usize>at.denseCount << 2;
  const sums = at.denseGradient;
  for (let shard: i32 = 1; shard < at.SHARDS; shard++) {
    const other = floats(sums, shard * at.denseCount);
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(sums + j, f32x4.add(v128.load(sums + j), v128.load(other + j)));
    }
  }
  step(at.dense, at.denseMean, at.denseSquare, sums, bytes, rate, correction, 0);
  turnWeights();
}
