// Small dense matrix work in 128-bit SIMD. Sums run in one fixed order, so that results are equal everywhere.

// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3)
  );
}

/**
 * C[M x N] (+)= A[M x K] B[K x N], four rows by eight columns at a time. A is addressed by two strides in floats,
 * so its transpose costs nothing. M is a multiple of 4, N of 8.
 */
export function multiply(
  M: i32, N: i32, K: i32,
  a: usize, rowStride: i32, columnStride: i32,
  b: usize, c: usize, add: bool,
): void {
  const aRow: usize = <usize>rowStride << 2;
  const aColumn: usize = <usize>columnStride << 2;
  const rowBytes: usize = <usize>N << 2;
  for (let m: i32 = 0; m < M; m += 4) {
    const a0 = a + <usize>m * aRow;
    for (let n: i32 = 0; n < N; n += 8) {
      let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00;
      let c20 = c00, c21 = c00, c30 = c00, c31 = c00;
      const at = c + <usize>m * rowBytes + (<usize>n << 2);
      if (add) {
        c00 = v128.load(at);
        c01 = v128.load(at, 16);
        c10 = v128.load(at + rowBytes);
        c11 = v128.load(at + rowBytes, 16);
        c20 = v128.load(at + 2 * rowBytes);
        c21 = v128.load(at + 2 * rowBytes, 16);
        c30 = v128.load(at + 3 * rowBytes);
        c31 = v128.load(at + 3 * rowBytes, 16);
      }
      let left = a0;
      let right = b + (<usize>n << 2);
      for (let k: i32 = 0; k < K; k++) {
        const b0 = v128.load(right);
        const b1 = v128.load(right, 16);
        let s = v128.load32_splat(left);
        c00 = f32x4.add(c00, f32x4.mul(s, b0));
        c01 = f32x4.add(c01, f32x4.mul(s, b1));
        s = v128.load32_splat(left + aRow);
        c10 = f32x4.add(c10, f32x4.mul(s, b0));
        c11 = f32x4.add(c11, f32x4.mul(s, b1));
        s = v128.load32_splat(left + 2 * aRow);
        c20 = f32x4.add(c20, f32x4.mul(s, b0));
        c21 = f32x4.add(c21, f32x4.mul(s, b1));
        s = v128.load32_splat(left + 3 * aRow);
        c30 = f32x4.add(c30, f32x4.mul(s, b0));
        c31 = f32x4.add(c31, f32x4.mul(s, b1));
        left += aColumn;
        right += rowBytes;
      }
      v128.store(at, c00);
      v128.store(at, c01, 16);
      v128.store(at + rowBytes, c10);
      v128.store(at + rowBytes, c11, 16);
      v128.store(at + 2 * rowBytes, c20);
      v128.store(at + 2 * rowBytes, c21, 16);
      v128.store(at + 3 * rowBytes, c30);
      v128.store(at + 3 * rowBytes, c31, 16);
    }
  }
}

/** Adds the bias to each row and cuts below zero. */
export function addBiasRelu(rows: i32, columns: i32, x: usize, bias: usize): void {
  const zero = f32x4.splat(0);
  const bytes: usize = <usize>columns << 2;
  for (let r: i32 = 0; r < rows; r++) {
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(x + j, f32x4.max(zero, f32x4.add(v128.load(x + j), v128.load(bias + j))));
    }
    x += bytes;
  }
}

/** Back through the cut: gradient is zero where the activation was; column sums are added to the bias' gradient. */
export function cutGradient(rows: i32, columns: i32, gradient: usize, activation: usize, biasGradient: usize): void {
  const zero = f32x4.splat(0);
  const bytes: usize = <usize>columns << 2;
  for (let r: i32 = 0; r < rows; r++) {
    for (let j: usize = 0; j < bytes; j += 16) {
      const kept = v128.and(v128.load(gradient + j), f32x4.gt(v128.load(activation + j), zero));
      v128.store(gradient + j, kept);
      v128.store(biasGradient + j, f32x4.add(v128.load(biasGradient + j), kept));
    }
    gradient += bytes;
    activation += bytes;
  }
}

/** target[C x R] = source[R x C] turned. */
export function transpose(rows: i32, columns: i32, source: usize, target: usize): void {
  for (let c: i32 = 0; c < columns; c++) {
    for (let r: i32 = 0; r < rows; r++) {
      f32.store(target + (<usize>(c * rows + r) << 2), f32.load(source + (<usize>(r * columns + c) << 2)));
    }
  }
}
