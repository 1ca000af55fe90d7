// Where everything lies in the one shared memory, and the sizes of the network. Every thread calls `plan` with the
// same numbers and so agrees on every address.

/** Rows that go through the network at once. */
export const BLOCK: i32 = 64;
/** Gradients of the dense weights are summed in this many shards, whatever the number of threads: same bits always. */
export const SHARDS: i32 = 4;

/** Which halves of NeuMF there are: the factorisation, the perceptron, or both. */
export const GMF: i32 = 1;
export const MLP: i32 = 2;
export let parts: i32 = 3;

export let viewers: i32 = 0;
export let titles: i32 = 0;
export let positives: i32 = 0;
/** Width of one embedding; a row holds a GMF and an MLP embedding side by side. */
export let width: i32 = 0;
export let pairWidth: i32 = 0;
export let hidden1: i32 = 0;
export let hidden2: i32 = 0;
export let hidden3: i32 = 0;

// Offsets of the dense weights, in floats from `dense`. The first layer's kernel has the viewer's half above the title's.
export let kernel1: i32 = 0;
export let bias1: i32 = 0;
export let kernel2: i32 = 0;
export let bias2: i32 = 0;
export let kernel3: i32 = 0;
export let bias3: i32 = 0;
export let gmfOut: i32 = 0;
export let mlpOut: i32 = 0;
export let outBias: i32 = 0;
export let denseCount: i32 = 0;

/** A side of the network: the viewers or the titles. What a batch knows of it, each row of a table once. */
export class Side {
  /** Row of the table each example names. */
  example: usize = 0;
  /** Weights, mean and square of every row. */
  table: usize = 0;
  /** For each row of the table its place in the batch, -1 where it has none. */
  slot: usize = 0;
  /** How many rows the batch names, which, and each example's place among them. */
  count: usize = 0;
  row: usize = 0;
  place: usize = 0;
  /** Examples by place: those of place p are `order[start[p]..start[p + 1]]`. */
  start: usize = 0;
  order: usize = 0;
  /** The rows' weights as they were when the batch began. */
  copy: usize = 0;
  /** Their halves of the first layer; afterwards the sums of its gradients. */
  half: usize = 0;
  /** Offset of this side's kernel in the first layer, in rows. */
  kernelRow: i32 = 0;
}
export const viewerSide = new Side();
export const titleSide = new Side();

// Addresses. The dense weights are followed by their means and squares.
export let sync: usize = 0;
export let dense: usize = 0;
export let denseMean: usize = 0;
export let denseSquare: usize = 0;
export let denseGradient: usize = 0;
export let transposed: usize = 0;
export let scratch: usize = 0;
export let scratchStride: usize = 0;
export let exampleTarget: usize = 0;
/** Gradient of each example at the first layer, and of its logit. */
export let firstGradient: usize = 0;
export let slopes: usize = 0;
/** Per positive: its viewer, its title, its weight; the order of the epoch; and each viewer's titles, sorted. */
export let positiveViewer: usize = 0;
export let positiveTitle: usize = 0;
export let positiveWeight: usize = 0;
export let order: usize = 0;
export let seenStart: usize = 0;
export let seenTitle: usize = 0;
export let scores: usize = 0;
/** Every title's half of the first layer, for scoring. */
export let allHalves: usize = 0;

let top: usize = 0;
function reserve(count: usize): usize {
  const at = top;
  top = (top + count * 4 + 63) & ~63;
  return at;
}

function planDense(): void {
  kernel1 = 0;
  bias1 = kernel1 + pairWidth * hidden1;
  kernel2 = bias1 + hidden1;
  bias2 = kernel2 + hidden1 * hidden2;
  kernel3 = bias2 + hidden2;
  bias3 = kernel3 + hidden2 * hidden3;
  gmfOut = bias3 + hidden3;
  mlpOut = gmfOut + width;
  outBias = mlpOut + hidden3;
  denseCount = outBias + 4;
}

function planSide(side: Side, rows: i32, batch: i32, kernelRow: i32): void {
  const padded = <usize>((batch + 2 * BLOCK - 1) & ~(BLOCK - 1));
  side.kernelRow = kernelRow;
  side.table = reserve(<usize>rows * pairWidth * 3);
  side.slot = reserve(rows);
  side.example = reserve(batch);
  side.count = reserve(1);
  side.row = reserve(batch);
  side.place = reserve(batch);
  side.start = reserve(batch + 1);
  side.order = reserve(batch);
  side.copy = reserve(padded * pairWidth);
  side.half = reserve(padded * hidden1);
}

/** Lays everything out and returns the bytes of memory needed. Widths are multiples of 8. */
export function plan(
  viewerCount: i32,
  titleCount: i32,
  positiveCount: i32,
  embedding: i32,
  h1: i32,
  h2: i32,
  h3: i32,
  batch: i32,
  threads: i32,
  halves: i32,
): usize {
  parts = halves;
  viewers = viewerCount;
  titles = titleCount;
  positives = positiveCount;
  width = embedding;
  pairWidth = 2 * embedding;
  hidden1 = h1;
  hidden2 = h2;
  hidden3 = h3;
  planDense();
  top = (__heap_base + 4095) & ~63;
  sync = reserve(64);
  planSide(viewerSide, viewers, batch, 0);
  planSide(titleSide, titles, batch, embedding);
  dense = reserve(3 * denseCount);
  denseMean = floats(dense, denseCount);
  denseSquare = floats(dense, 2 * denseCount);
  denseGradient = reserve(denseCount * SHARDS);
  transposed = reserve(pairWidth * h1 + h1 * h2 + h2 * h3);
  const blockFloats = BLOCK * (2 * pairWidth + h1 + (h2 + h3) * 2);
  scratchStride = <usize>blockFloats * 4;
  scratch = reserve(<usize>blockFloats * threads);
  exampleTarget = reserve(batch);
  firstGradient = reserve(<usize>(batch + BLOCK) * h1);
  slopes = reserve(batch + BLOCK);
  positiveViewer = reserve(positives);
  positiveTitle = reserve(positives);
  positiveWeight = reserve(positives);
  order = reserve(positives);
  seenStart = reserve(viewers + 1);
  seenTitle = reserve(positives);
  scores = reserve(<usize>(titles + BLOCK) * threads);
  allHalves = reserve(<usize>(titles + BLOCK) * h1);
  return top;
}

// @ts-ignore: decorator
@inline
export function floats(base: usize, index: i32): usize {
  return base + (<usize>index << 2);
}

/** The row of an embedding: weights, then Adam's mean, then Adam's square, each `pairWidth` floats. */
// @ts-ignore: decorator
@inline
export function rowOf(table: usize, index: i32): usize {
  return table + <usize>index * <usize>(pairWidth * 12);
}
