// Products of small tiles of 64-bit numbers in 128-bit SIMD. Sums run in one fixed order: same bits everywhere.

/**
 * C[M x N] (+|-)= A[M x K] B[K x N], four by four at a time. Strides are in numbers: A is addressed by two, so its
 * transpose costs nothing. M and N are multiples of 4. `sign` is 1 to add, -1 to take away.
 */
export function product(
  M: i32, N: i32, K: i32,
  a: usize, aRow: i32, aColumn: i32,
  b: usize, bRow: i32,
  c: usize, cRow: i32,
  sign: f64,
): void {
  const aRowBytes: usize = <usize>aRow << 3;
  const aColumnBytes: usize = <usize>aColumn << 3;
  const bRowBytes: usize = <usize>bRow << 3;
  const cRowBytes: usize = <usize>cRow << 3;
  const signs = f64x2.splat(sign);
  for (let m: i32 = 0; m < M; m += 4) {
    const a0 = a + <usize>m * aRowBytes;
    for (let n: i32 = 0; n < N; n += 4) {
      let c00 = f64x2.splat(0), c01 = c00, c10 = c00, c11 = c00;
      let c20 = c00, c21 = c00, c30 = c00, c31 = c00;
      let left = a0;
      let right = b + (<usize>n << 3);
      for (let k: i32 = 0; k < K; k++) {
        const b0 = v128.load(right);
        const b1 = v128.load(right, 16);
        let s = v128.load64_splat(left);
        c00 = f64x2.add(c00, f64x2.mul(s, b0));
        c01 = f64x2.add(c01, f64x2.mul(s, b1));
        s = v128.load64_splat(left + aRowBytes);
        c10 = f64x2.add(c10, f64x2.mul(s, b0));
        c11 = f64x2.add(c11, f64x2.mul(s, b1));
        s = v128.load64_splat(left + 2 * aRowBytes);
        c20 = f64x2.add(c20, f64x2.mul(s, b0));
        c21 = f64x2.add(c21, f64x2.mul(s, b1));
        s = v128.load64_splat(left + 3 * aRowBytes);
        c30 = f64x2.add(c30, f64x2.mul(s, b0));
        c31 = f64x2.add(c31, f64x2.mul(s, b1));
        left += aColumnBytes;
        right += bRowBytes;
      }
      let at = c + <usize>m * cRowBytes + (<usize>n << 3);
      merge(at, c00, c01, signs);
      merge(at += cRowBytes, c10, c11, signs);
      merge(at += cRowBytes, c20, c21, signs);
      merge(at += cRowBytes, c30, c31, signs);
    }
  }
}

// @ts-ignore: decorator
@inline
function merge(at: usize, left: v128, right: v128, signs: v128): void {
  v128.store(at, f64x2.add(v128.load(at), f64x2.mul(signs, left)));
  v128.store(at, f64x2.add(v128.load(at, 16), f64x2.mul(signs, right)), 16);
}

/** target[C x R] = source[R x C] turned; strides in numbers. */
export function turn(rows: i32, columns: i32, source: usize, sourceRow: i32, target: usize, targetRow: i32): void {
  for (let r: i32 = 0; r < rows; r++) {
    const from = source + (<usize>r * <usize>sourceRow << 3);
    for (let c: i32 = 0; c < columns; c++) {
      f64.store(target + (<usize>c * <usize>targetRow + <usize>r << 3), f64.load(from + (<usize>c << 3)));
    }
  }
}
