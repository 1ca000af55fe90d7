// Learning from pairs (BPR, Rendle et al. 2009): a title watched should score above one that was not. Viewers and titles
// are sums of the embeddings of their features; a lone feature each is plain matrix factorisation. Steps are taken one
// by one in the order given, by Adagrad.

// Where a task's numbers lie; set by `planPairs`, as a call takes only so many arguments.
let width: i32 = 0;
let bytes: usize = 0;
let titles: i32 = 0;
let viewerStarts: usize = 0;
let viewerFeatures: usize = 0;
let titleStarts: usize = 0;
let titleFeatures: usize = 0;
let viewerTable: usize = 0;
let titleTable: usize = 0;
let biases: usize = 0;
let seenStarts: usize = 0;
let seenTitles: usize = 0;
let scratch: usize = 0;

/**
 * Rows of the tables hold `width` weights, then their `width` sums of squares; `biases` holds both for a title's
 * feature side by side. `scratch` has room for five rows of `width`.
 */
export function planPairs(columns: i32, titleCount: i32, vStarts: usize, vFeatures: usize, tStarts: usize,
                          tFeatures: usize, vTable: usize, tTable: usize, biasTable: usize, sStarts: usize,
                          sTitles: usize, room: usize): void {
  width = columns;
  bytes = <usize>columns << 2;
  titles = titleCount;
  viewerStarts = vStarts;
  viewerFeatures = vFeatures;
  titleStarts = tStarts;
  titleFeatures = tFeatures;
  viewerTable = vTable;
  titleTable = tTable;
  biases = biasTable;
  seenStarts = sStarts;
  seenTitles = sTitles;
  scratch = room;
}

// @ts-ignore: decorator
@inline
function cell(base: usize, index: i32): usize {
  return base + (<usize>index << 2);
}

// @ts-ignore: decorator
@inline
function scramble(value: u32): u32 {
  let x = value;
  x ^= x >> 16;
  x *= 0x7feb352d;
  x ^= x >> 15;
  x *= 0x846ca68b;
  x ^= x >> 16;
  return x;
}

function hasSeen(viewer: i32, title: i32): bool {
  let low = load<i32>(cell(seenStarts, viewer));
  let high = load<i32>(cell(seenStarts, viewer + 1)) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = load<i32>(cell(seenTitles, middle));
    if (found === title) return true;
    if (found < title) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}

/** out = the sum of the embeddings of the features of `entity`. */
function gather(entity: i32, starts: usize, features: usize, table: usize, out: usize): void {
  memory.fill(out, 0, bytes);
  const end = load<i32>(cell(starts, entity + 1));
  for (let k = load<i32>(cell(starts, entity)); k < end; k++) {
    const row = table + <usize>load<i32>(cell(features, k)) * 2 * bytes;
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(out + j, f32x4.add(v128.load(out + j), v128.load(row + j)));
    }
  }
}

function biasOf(title: i32): f32 {
  let sum: f32 = 0;
  const end = load<i32>(cell(titleStarts, title + 1));
  for (let k = load<i32>(cell(titleStarts, title)); k < end; k++) {
    sum += f32.load(cell(biases, 2 * load<i32>(cell(titleFeatures, k))));
  }
  return sum;
}

function dot(a: usize, b: usize): f32 {
  let sum = f32x4.splat(0);
  for (let j: usize = 0; j < bytes; j += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(a + j), v128.load(b + j)));
  return (f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1))
    + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
}

/** Steps each feature's row against `slope * direction + penalty * weight`. */
function step(entity: i32, starts: usize, features: usize, table: usize, slope: f32, direction: usize,
              rate: f32, penalty: f32): void {
  const slopes = f32x4.splat(slope);
  const penalties = f32x4.splat(penalty);
  const rates = f32x4.splat(rate);
  const tiny = f32x4.splat(1e-8);
  const end = load<i32>(cell(starts, entity + 1));
  for (let k = load<i32>(cell(starts, entity)); k < end; k++) {
    const row = table + <usize>load<i32>(cell(features, k)) * 2 * bytes;
    for (let j: usize = 0; j < bytes; j += 16) {
      const w = v128.load(row + j);
      const g = f32x4.add(f32x4.mul(slopes, v128.load(direction + j)), f32x4.mul(penalties, w));
      const square = f32x4.add(v128.load(row + bytes + j), f32x4.mul(g, g));
      v128.store(row + bytes + j, square);
      v128.store(row + j, f32x4.sub(w, f32x4.div(f32x4.mul(rates, g), f32x4.sqrt(f32x4.add(square, tiny)))));
    }
  }
}

function stepBias(title: i32, slope: f32, rate: f32, penalty: f32): void {
  const end = load<i32>(cell(titleStarts, title + 1));
  for (let k = load<i32>(cell(titleStarts, title)); k < end; k++) {
    const bias = cell(biases, 2 * load<i32>(cell(titleFeatures, k)));
    const w = f32.load(bias);
    const g = slope + penalty * w;
    const square = f32.load(bias, 4) + g * g;
    f32.store(bias, square, 4);
    f32.store(bias, w - rate * g / sqrt<f32>(square + 1e-8));
  }
}

/**
 * Goes through plays `from`..`to` of `order`. For each, the hardest of `tries` titles the viewer has not watched is
 * its rival (dynamic negative sampling, Zhang et al. 2013; one try is BPR as published). Returns the summed log loss.
 */
export function walkPairs(from: i32, to: i32, order: usize, viewers: usize, positives: usize, weights: usize,
                          seed: u32, tries: i32, rate: f32, penalty: f32): f64 {
  const own = scratch;
  const liked = scratch + bytes;
  const rival = scratch + 2 * bytes;
  const tried = scratch + 3 * bytes;
  const between = scratch + 4 * bytes;
  let loss: f64 = 0;
  for (let k = from; k < to; k++) {
    const play = load<i32>(cell(order, k));
    const viewer = load<i32>(cell(viewers, play));
    const title = load<i32>(cell(positives, play));
    gather(viewer, viewerStarts, viewerFeatures, viewerTable, own);
    gather(title, titleStarts, titleFeatures, titleTable, liked);
    let state = scramble(seed ^ scramble(<u32>play * 2654435761));
    let other: i32 = -1;
    let best: f32 = 0;
    for (let t: i32 = 0; t < tries; t++) {
      let drawn: i32 = 0;
      let draws: i32 = 0;
      do {
        state = scramble(state + 0x9e3779b9);
        drawn = <i32>((<u64>state * <u64>titles) >> 32);
      } while (++draws < 64 && hasSeen(viewer, drawn));
      gather(drawn, titleStarts, titleFeatures, titleTable, tried);
      const score = dot(own, tried) + biasOf(drawn);
      if (other >= 0 && score <= best) continue;
      other = drawn;
      best = score;
      memory.copy(rival, tried, bytes);
    }
    const gap = dot(own, liked) + biasOf(title) - best;
    const weight = f32.load(cell(weights, play));
    const miss: f32 = 1 / (1 + Mathf.exp(gap));
    loss += <f64>(weight * -Mathf.log(1 - miss + 1e-7));
    const slope = -miss * weight;
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(between + j, f32x4.sub(v128.load(liked + j), v128.load(rival + j)));
    }
    step(title, titleStarts, titleFeatures, titleTable, slope, own, rate, penalty);
    step(other, titleStarts, titleFeatures, titleTable, -slope, own, rate, penalty);
    step(viewer, viewerStarts, viewerFeatures, viewerTable, slope, between, rate, penalty);
    stepBias(title, slope, rate, penalty);
    stepBias(other, -slope, rate, penalty);
  }
  return loss;
}
