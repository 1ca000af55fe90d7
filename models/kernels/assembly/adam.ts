// Adam, sparse for the embeddings: only rows of the batch move. Each row belongs to one thread and its gradients are
// added in the order of the examples, so the number of threads changes nothing.
import * as at from "./layout";
import { floats, rowOf } from "./layout";
import { transpose } from "./matrix";

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

/** Sums the gradients of equal rows into the first of them, then steps each row touched once. */
function stepTable(index: usize, gradients: usize, slots: usize, table: usize, batch: i32,
                   thread: i32, threads: i32, rate: f32, correction: f32, decay: f32): void {
  const bytes: usize = <usize>at.pairWidth << 2;
  const mine = at.touched + <usize>thread * at.touchedStride;
  let count: i32 = 0;
  for (let e: i32 = 0; e < batch; e++) {
    const row = load<i32>(floats(index, e));
    if (row % threads !== thread) continue;
    const slot = floats(slots, row);
    const first = load<i32>(slot);
    if (first < 0) {
      store<i32>(slot, e);
      store<i32>(floats(mine, count++), row);
      continue;
    }
    const into = gradients + <usize>first * bytes;
    const from = gradients + <usize>e * bytes;
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(into + j, f32x4.add(v128.load(into + j), v128.load(from + j)));
    }
  }
  for (let k: i32 = 0; k < count; k++) {
    const row = load<i32>(floats(mine, k));
    const slot = floats(slots, row);
    const weights = rowOf(table, row);
    const gradient = gradients + <usize>load<i32>(slot) * bytes;
    store<i32>(slot, -1);
    step(weights, weights + bytes, weights + 2 * bytes, gradient, bytes, rate, correction, decay);
  }
}

/** Steps the embeddings this thread owns. */
export function stepEmbeddings(batch: i32, thread: i32, threads: i32, rate: f32, correction: f32, decay: f32): void {
  stepTable(at.exampleViewer, at.viewerGradient, at.viewerSlot, at.viewerRows, batch, thread, threads,
            rate, correction, decay);
  stepTable(at.exampleTitle, at.titleGradient, at.titleSlot, at.titleRows, batch, thread, threads,
            rate, correction, decay);
}

/** Turned copies of the layers' weights, which the backward pass reads. */
export function turnWeights(): void {
  const turned2 = floats(at.transposed, at.pairWidth * at.hidden1);
  const turned3 = floats(turned2, at.hidden1 * at.hidden2);
  transpose(at.pairWidth, at.hidden1, floats(at.dense, at.kernel1), at.transposed);
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
