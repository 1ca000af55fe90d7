// Implicit ALS: each row of factors solves its own least squares by a few steps of conjugate gradients (Takacs et al.
// 2011), warm from where it was. Rows are independent, so the number of threads changes no bit.

// @ts-ignore: decorator
@inline
function cell(base: usize, index: i32): usize {
  return base + (<usize>index << 2);
}

// @ts-ignore: decorator
@inline
function dot(a: usize, b: usize, bytes: usize): f32 {
  let even = f32x4.splat(0), odd = even;
  for (let j: usize = 0; j < bytes; j += 32) {
    even = f32x4.add(even, f32x4.mul(v128.load(a + j), v128.load(b + j)));
    odd = f32x4.add(odd, f32x4.mul(v128.load(a + j, 16), v128.load(b + j, 16)));
  }
  const sum = f32x4.add(even, odd);
  return (f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1))
    + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
}

/** y += scale * x */
// @ts-ignore: decorator
@inline
function addScaled(y: usize, scale: f32, x: usize, bytes: usize): void {
  const scales = f32x4.splat(scale);
  for (let j: usize = 0; j < bytes; j += 16) {
    v128.store(y + j, f32x4.add(v128.load(y + j), f32x4.mul(scales, v128.load(x + j))));
  }
}

/** sums[shard] = Yt Y over the rows of the shard. Shards are fixed in number and added up in their order. */
export function gramOfShard(factors: usize, rows: i32, width: i32, shard: i32, shards: i32, sums: usize): void {
  const bytes: usize = <usize>width << 2;
  const sum = sums + <usize>shard * <usize>width * bytes;
  memory.fill(sum, 0, <usize>width * bytes);
  const from = <i32>((<i64>rows * shard) / shards);
  const to = <i32>((<i64>rows * (shard + 1)) / shards);
  for (let r = from; r < to; r++) {
    const row = factors + <usize>r * bytes;
    for (let i: i32 = 0; i < width; i++) addScaled(sum + <usize>i * bytes, f32.load(cell(row, i)), row, bytes);
  }
}

/** gram = scale * the sum of the shards. */
export function addShards(sums: usize, width: i32, shards: i32, scale: f32, gram: usize): void {
  const bytes: usize = <usize>width * <usize>width << 2;
  const scales = f32x4.splat(scale);
  for (let j: usize = 0; j < bytes; j += 16) {
    let sum = v128.load(sums + j);
    for (let s: i32 = 1; s < shards; s++) sum = f32x4.add(sum, v128.load(sums + <usize>s * bytes + j));
    v128.store(gram + j, f32x4.mul(scales, sum));
  }
}

/** out = (gram + penalty I) x + sum over the row's plays of weight (y . x) y */
function apply(x: usize, out: usize, gram: usize, penalty: f32, others: usize, width: i32,
               indexes: usize, weights: usize, from: i32, to: i32): void {
  const bytes: usize = <usize>width << 2;
  const penalties = f32x4.splat(penalty);
  for (let j: usize = 0; j < bytes; j += 16) v128.store(out + j, f32x4.mul(penalties, v128.load(x + j)));
  for (let i: i32 = 0; i < width; i++) addScaled(out, f32.load(cell(x, i)), gram + <usize>i * bytes, bytes);
  for (let k = from; k < to; k++) {
    const y = others + <usize>load<i32>(cell(indexes, k)) * bytes;
    addScaled(out, f32.load(cell(weights, k)) * dot(y, x, bytes), y, bytes);
  }
}

/**
 * Solves the rows that are this thread's. Row r minimises sum over its plays w (1 - x.y)^2 + x gram x + penalty_r |x|^2,
 * where penalty_r is `penalties[r]`. `scratch` holds three rows of `width`.
 */
export function solveRows(rows: i32, width: i32, factors: usize, others: usize, gram: usize, penalties: usize,
                          starts: usize, indexes: usize, weights: usize, steps: i32, scratch: usize,
                          thread: i32, threads: i32): void {
  const bytes: usize = <usize>width << 2;
  const residual = scratch;
  const direction = scratch + bytes;
  const applied = scratch + 2 * bytes;
  for (let r = thread; r < rows; r += threads) {
    const from = load<i32>(cell(starts, r));
    const to = load<i32>(cell(starts, r + 1));
    const x = factors + <usize>r * bytes;
    if (from === to) {
      memory.fill(x, 0, bytes);
      continue;
    }
    const penalty = f32.load(cell(penalties, r));
    apply(x, applied, gram, penalty, others, width, indexes, weights, from, to);
    memory.fill(residual, 0, bytes);
    for (let k = from; k < to; k++) {
      addScaled(residual, f32.load(cell(weights, k)), others + <usize>load<i32>(cell(indexes, k)) * bytes, bytes);
    }
    addScaled(residual, -1, applied, bytes);
    memory.copy(direction, residual, bytes);
    let error = dot(residual, residual, bytes);
    for (let step: i32 = 0; step < steps && error > 1e-20; step++) {
      apply(direction, applied, gram, penalty, others, width, indexes, weights, from, to);
      const length = error / dot(direction, applied, bytes);
      addScaled(x, length, direction, bytes);
      addScaled(residual, -length, applied, bytes);
      const next = dot(residual, residual, bytes);
      const turn = f32x4.splat(next / error);
      for (let j: usize = 0; j < bytes; j += 16) {
        v128.store(direction + j, f32x4.add(v128.load(residual + j), f32x4.mul(turn, v128.load(direction + j))));
      }
      error = next;
    }
  }
}
