// The rows a batch names, each once: popular titles and viewers with several examples go through the first layer a
// single time, and their gradients are added up before they are carried back. Half of the work of a batch is saved so.
import * as at from "./layout";
import { floats, rowOf, Side } from "./layout";
import { multiply } from "./matrix";

/** Finds the rows of one side and lists its examples by row, in order of their first example. One thread a side. */
export function indexSide(side: Side, batch: i32): void {
  let count: i32 = 0;
  for (let e: i32 = 0; e < batch; e++) {
    const row = load<i32>(floats(side.example, e));
    let place = load<i32>(floats(side.slot, row));
    if (place < 0) {
      place = count++;
      store<i32>(floats(side.slot, row), place);
      store<i32>(floats(side.row, place), row);
      store<i32>(floats(side.start, place), 0);
    }
    store<i32>(floats(side.place, e), place);
    const counted = floats(side.start, place);
    store<i32>(counted, load<i32>(counted) + 1);
  }
  store<i32>(side.count, count);
  let sum: i32 = 0;
  for (let p: i32 = 0; p < count; p++) {
    const own = load<i32>(floats(side.start, p));
    store<i32>(floats(side.start, p), sum);
    sum += own;
    store<i32>(floats(side.slot, load<i32>(floats(side.row, p))), -1);
  }
  for (let e: i32 = 0; e < batch; e++) {
    const next = floats(side.start, load<i32>(floats(side.place, e)));
    const to = load<i32>(next);
    store<i32>(floats(side.order, to), e);
    store<i32>(next, to + 1);
  }
  // What was each row's beginning is its end by now: move them up by one.
  for (let p = count; p > 0; p--) store<i32>(floats(side.start, p), load<i32>(floats(side.start, p - 1)));
  store<i32>(side.start, 0);
}

/** Copies the weights of the rows and computes their halves of the first layer; blocks of this thread. */
export function projectSide(side: Side, thread: i32, threads: i32): void {
  const count = load<i32>(side.count);
  for (let start = thread * at.BLOCK; start < count; start += threads * at.BLOCK) {
    const n = min(at.BLOCK, count - start);
    const copy = floats(side.copy, start * at.pairWidth);
    const bytes: usize = <usize>at.pairWidth << 2;
    for (let r: i32 = 0; r < n; r++) {
      memory.copy(copy + <usize>r * bytes, rowOf(side.table, load<i32>(floats(side.row, start + r))), bytes);
    }
    const rows = (n + 3) & ~3;
    if (rows > n) memory.fill(copy + <usize>n * bytes, 0, <usize>(rows - n) * bytes);
    if ((at.parts & at.MLP) !== 0) projectRows(side, rows, copy, floats(side.half, start * at.hidden1));
  }
}

/** half = the MLP embeddings of the rows times this side's kernel; titles bring the bias. */
export function projectRows(side: Side, rows: i32, copy: usize, half: usize): void {
  multiply(rows, at.hidden1, at.width, floats(copy, at.width), at.pairWidth, 1,
           floats(at.dense, at.kernel1 + side.kernelRow * at.hidden1), half, false);
  if (side.kernelRow === 0) return;
  const bytes: usize = <usize>at.hidden1 << 2;
  const bias = floats(at.dense, at.bias1);
  for (let r: i32 = 0; r < rows; r++) {
    const row = half + <usize>r * bytes;
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(row + j, f32x4.add(v128.load(row + j), v128.load(bias + j)));
    }
  }
}
