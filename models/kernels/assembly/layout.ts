// Where everything lies in the one shared memory, and the sizes of the network. Every thread calls `plan` with the
// same numbers and so agrees on every address.

/** Examples that go through the network at once. */
export const BLOCK: i32 = 64;
/** Gradients of the dense weights are summed in this many shards, whatever the number of threads: same bits always. */
export const SHARDS: i32 = 4;

export let viewers: i32 = 0;
export let titles: i32 = 0;
export let positives: i32 = 0;
/** Width of one embedding; a row holds a GMF and an MLP embedding side by side. */
export let width: i32 = 0;
export let pairWidth: i32 = 0;
export let hidden1: i32 = 0;
export let hidden2: i32 = 0;
export let hidden3: i32 = 0;

// Offsets of the dense weights, in floats from `dense`.
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

// Addresses.
export let sync: usize = 0;
export let viewerRows: usize = 0;
export let titleRows: usize = 0;
export let dense: usize = 0;
export let denseMean: usize = 0;
export let denseSquare: usize = 0;
export let denseGradient: usize = 0;
export let transposed: usize = 0;
export let scratch: usize = 0;
export let scratchStride: usize = 0;
export let exampleViewer: usize = 0;
export let exampleTitle: usize = 0;
export let exampleTarget: usize = 0;
export let viewerGradient: usize = 0;
export let titleGradient: usize = 0;
export let viewerSlot: usize = 0;
export let titleSlot: usize = 0;
export let touched: usize = 0;
export let touchedStride: usize = 0;
/** Per positive: its viewer, its title, its weight; the order of the epoch; and each viewer's titles, sorted. */
export let positiveViewer: usize = 0;
export let positiveTitle: usize = 0;
export let positiveWeight: usize = 0;
export let order: usize = 0;
export let seenStart: usize = 0;
export let seenTitle: usize = 0;
export let scores: usize = 0;

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
): usize {
  viewers = viewerCount;
  titles = titleCount;
  positives = positiveCount;
  width = embedding;
  pairWidth = 2 * embedding;
  hidden1 = h1;
  hidden2 = h2;
  hidden3 = h3;
  planDense();
  top = (__heap_base + 63) & ~63;
  sync = reserve(64);
  viewerRows = reserve(<usize>viewers * pairWidth * 3);
  titleRows = reserve(<usize>titles * pairWidth * 3);
  dense = reserve(denseCount);
  denseMean = reserve(denseCount);
  denseSquare = reserve(denseCount);
  denseGradient = reserve(denseCount * SHARDS);
  transposed = reserve(pairWidth * h1 + h1 * h2 + h2 * h3);
  const blockFloats = BLOCK * (pairWidth + h1 + h2 + h3) * 2;
  scratchStride = <usize>blockFloats * 4;
  scratch = reserve(<usize>blockFloats * threads);
  exampleViewer = reserve(batch);
  exampleTitle = reserve(batch);
  exampleTarget = reserve(batch);
  viewerGradient = reserve(<usize>batch * pairWidth);
  titleGradient = reserve(<usize>batch * pairWidth);
  viewerSlot = reserve(viewers);
  titleSlot = reserve(titles);
  touchedStride = <usize>batch * 4;
  touched = reserve(<usize>batch * threads);
  positiveViewer = reserve(positives);
  positiveTitle = reserve(positives);
  positiveWeight = reserve(positives);
  order = reserve(positives);
  seenStart = reserve(viewers + 1);
  seenTitle = reserve(positives);
  scores = reserve(<usize>(titles + BLOCK) * threads);
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
